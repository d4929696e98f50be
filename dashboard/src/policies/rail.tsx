/** The way of a change, always in this order: tests, lint, replay, activation. */
import type { UseQueryResult } from '@tanstack/react-query';
import type { JSX } from 'react';
import type { Diagnosis } from '../../../src/contract/index.ts';
import { usePut } from '../frame/params.ts';
import { Text } from '../parts/text.tsx';
import { Activation } from './activation.tsx';
import type { Bench } from './bench.ts';
import { shortId } from './commands.ts';
import { isChanged, type Part } from './draft.ts';
import { Lint } from './lint.tsx';
import { isOpen, moodOf, stateText } from './releases.ts';
import { Replaying } from './replay.tsx';
import { Tests } from './tests.tsx';

interface RailProps {
  readonly bench: Bench;
  readonly diagnosis: UseQueryResult<Diagnosis>;
  readonly onGoTo: (part: Part, line: number, character: number) => void;
}

export const Rail = ({ bench, diagnosis, onGoTo }: RailProps): JSX.Element => (
  <aside className="panel steps" aria-label="The way of this change">
    <About bench={bench} />
    <div className="scroll" tabIndex={-1}>
      <Tests bench={bench} onGoTo={onGoTo} />
      <Lint bench={bench} diagnosis={diagnosis} onGoTo={onGoTo} />
      <Replaying bench={bench} />
      <Activation bench={bench} />
    </div>
  </aside>
);

/** What all of it is about, and the other things that it could be about. */
const About = ({ bench: { subject, releases, drafting, active } }: { readonly bench: Bench }): JSX.Element => {
  const put = usePut();
  const open = releases.filter(isOpen);
  const isDraft = isChanged(drafting.draft, active);
  const value = subject.kind === 'release' ? subject.release.id : subject.kind;
  const isListed = subject.kind === 'release' && !open.includes(subject.release);
  return (
    <header>
      <h2>{subject.kind === 'none' ? 'Change' : subject.kind === 'draft' ? 'Draft' : 'Release'}</h2>
      {subject.kind === 'release' && (
        <span className={`badge ${moodOf(subject.release)}`}>
          <Text of={stateText(subject.release)} />
        </span>
      )}
      <span className="grow" />
      {(open.length > 0 || isListed || isDraft) && (
        <select
          aria-label="Which change"
          value={value}
          onChange={({ target }) => put({ release: target.value.replace('sha256:', '') })}
        >
          {subject.kind === 'none' && <option value="none">none</option>}
          {(isDraft || subject.kind === 'draft') && <option value="draft">the draft</option>}
          {isListed && <option value={subject.release.id}>{shortId(subject.release.id)}</option>}
          {open.map((release) => (
            <option key={release.id} value={release.id}>
              {shortId(release.id)} {stateText(release)}
            </option>
          ))}
        </select>
      )}
    </header>
  );
};
