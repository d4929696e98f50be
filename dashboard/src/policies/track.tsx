/** How far a release has come: every stage is on it, and the one that it is in is marked. */
import type { JSX } from 'react';
import type { ReleaseState } from '../../../src/contract/index.ts';

const STAGES: readonly (ReleaseState | 'none')[] = ['staged', 'shadow', 'canary', 'active'];

interface TrackProps {
  readonly state: ReleaseState | 'none';
  readonly percent: number;
}

export const Track = ({ state, percent }: TrackProps): JSX.Element => {
  const at = STAGES.indexOf(state);
  return (
    <ol className={`track${state === 'halted' || state === 'retired' ? ' over' : ''}`} aria-label="Stages">
      {STAGES.map((stage, index) => (
        <li
          key={stage}
          className={index < at ? 'past' : index === at ? 'here' : ''}
          aria-current={index === at ? 'step' : undefined}
        >
          {stage}
          {stage === 'canary' && index === at && ` ${percent} %`}
        </li>
      ))}
    </ol>
  );
};
