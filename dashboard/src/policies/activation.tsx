/** Step 4: from a draft to a release, then in stages to every node, and back. All of it is the release train; nothing is decided here. */
import type { JSX } from 'react';
import type { Bench } from './bench.ts';
import { Moving } from './moving.tsx';
import { Origin } from './origin.tsx';
import { Staging } from './staging.tsx';
import { StepBox } from './step.tsx';

export const Activation = ({ bench }: { readonly bench: Bench }): JSX.Element => {
  const { subject, entry } = bench;
  if (subject.kind === 'release') return <Moving key={subject.release.id} bench={bench} release={subject.release} />;
  if (subject.kind === 'draft') return <Staging bench={bench} />;
  return (
    <StepBox number={4} name="Activate in stages">
      <p className="faint">Nothing waits. What is active came with revision {entry.revision}.</p>
      <Origin bench={bench} />
    </StepBox>
  );
};
