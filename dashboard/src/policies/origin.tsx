/** What wins where configuration comes from files: said as it is. */
import type { JSX } from 'react';
import type { Bench } from './bench.ts';

interface OriginProps {
  readonly bench: Bench;
  /** Only what is out of the ordinary. */
  readonly isShort?: boolean;
}

export const Origin = ({ bench: { entry }, isShort = false }: OriginProps): JSX.Element | null => {
  if (entry.by !== 'serve --config')
    return isShort ? null : (
      <p className="faint">
        <code>airspace apply</code> and a release write the same configuration: whichever comes last is in force, and
        what was staged against another policy is then stale.
      </p>
    );
  return (
    <p className="warn">
      <code>serve --config</code> brought it with revision {entry.revision}. Its files are applied again at the next
      start, and what they say is then in force whatever is activated here: change the files too.
    </p>
  );
};
