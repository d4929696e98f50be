/** When the active text, or another window, moved under a draft: what happened, and the ways on. Nothing is overwritten before one is chosen. */
import type { JSX } from 'react';
import { usePut } from '../frame/params.ts';
import { clock } from '../model/format.ts';
import { Text } from '../parts/text.tsx';
import type { Bench } from './bench.ts';
import { isInConflict } from './draft.ts';

export const Conflict = ({ bench }: { readonly bench: Bench }): JSX.Element | null => {
  const { drafting, active, entry } = bench;
  const { draft, other, rebase, discard, choose } = drafting;
  const put = usePut();
  if (other !== null)
    return (
      <div className="notice" role="alert">
        <p>
          Another window of this browser changed this draft at {clock(other.savedAtMs)}. Until you choose, nothing more
          is kept.
        </p>
        <button type="button" className="plain" onClick={() => choose(false)}>
          Take theirs
        </button>
        <button type="button" className="plain" onClick={() => choose(true)}>
          Keep mine
        </button>
      </div>
    );
  if (draft === null || !isInConflict(draft, active)) return null;
  return (
    <div className="notice" role="alert">
      <p>
        v{active.version} came since this draft began at v{draft.base.version}, by <Text of={entry.by} most={60} />
        {entry.reason !== '' && (
          <>
            : <Text of={entry.reason} most={160} />
          </>
        )}
        . Staged as it is, the draft would undo that. It is kept.
      </p>
      <button
        type="button"
        className="plain"
        onClick={() => put({ view: 'diff', from: `v${draft.base.version}`, to: 'active' })}
      >
        See what came
      </button>
      <button type="button" className="plain" onClick={rebase}>
        My text is right over v{active.version}
      </button>
      <button type="button" className="plain" onClick={discard}>
        Throw the draft away
      </button>
    </div>
  );
};
