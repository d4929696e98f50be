/** What a change of the configuration was, field by field, and what a release of policy is beside the policy that is active. */
import type { JSX } from 'react';
import type { RevisionChange } from '../../../src/contract/index.ts';
import { useReleaseDiff, useRevision } from '../api/audit.ts';
import { type Line, linesOf, textOfValue, valueAt } from '../model/lines.ts';
import { Failed, Loading } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';

export const RevisionDiff = ({ revision }: { readonly revision: number }): JSX.Element => {
  const { data, error, refetch } = useRevision(revision);
  if (data === undefined)
    return error === null ? <Loading rows={4} /> : <Failed thrown={error} onRetry={() => void refetch()} />;
  if (data.items.length === 0)
    return <p className="faint">nothing of it is yours to see, or it put back what was there</p>;
  return (
    <>
      {data.items.map((change) => (
        <Changed key={change.key} change={change} />
      ))}
    </>
  );
};

const Changed = ({ change }: { readonly change: RevisionChange }): JSX.Element => {
  const { key, change: what, fromVersion, toVersion, before, after, paths } = change;
  const fields = what === 'update' ? paths : ['spec'];
  return (
    <section className="changed">
      <h4>
        <span className={`badge ${what === 'delete' ? 'warn' : what === 'create' ? 'ok' : 'info'}`}>{what}</span>{' '}
        <Text of={key.slice(key.indexOf('/') + 1)} most={120} />{' '}
        <span className="num faint">
          {fromVersion === null ? 'none' : `v${fromVersion}`} → {toVersion === null ? 'none' : `v${toVersion}`}
        </span>
      </h4>
      {fields.map((path) => (
        <div key={path}>
          {what === 'update' && (
            <div className="num mute">
              <Text of={path} most={200} />
            </div>
          )}
          <Lines of={linesOf(textOfValue(valueAt(before, path)), textOfValue(valueAt(after, path)))} />
        </div>
      ))}
    </section>
  );
};

const MARKS = { '-': 'gone', '+': 'new', ' ': '', '…': 'faint' } as const;
/** Enough to read; the rest is in the configuration. */
const MOST_SHOWN = 400;

const Lines = ({ of }: { readonly of: readonly Line[] }): JSX.Element => {
  // Of what was not there, one side is one empty line.
  const lines = of.filter(({ mark, text }) => text !== '' || mark === ' ' || mark === '…');
  return (
    <pre className="lines">
      {lines.slice(0, MOST_SHOWN).map(({ mark, text }, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line has nothing but its place
        <div key={at} className={MARKS[mark]}>
          {mark} <Text of={text} most={2_000} keep={'\t'} />
        </div>
      ))}
      {lines.length > MOST_SHOWN && <div className="faint">… {lines.length - MOST_SHOWN} more lines</div>}
    </pre>
  );
};

/** A release has no picture of then: it is compared with what is active now, and that is said. */
export const ReleaseDiff = ({ release }: { readonly release: string }): JSX.Element => {
  const { data, error } = useReleaseDiff(release);
  if (data === undefined) return error === null ? <Loading rows={2} /> : <Failed thrown={error} />;
  if (data.diff.length === 0) return <p className="faint">its rules are the ones that are active now</p>;
  return (
    <>
      <p className="faint">beside the policy that is active now:</p>
      <pre className="lines">
        {data.diff.map(({ change, kind, rule, reason }) => (
          <div key={`${change}${kind}${rule}`} className={change === 'add' ? 'new' : change === 'remove' ? 'gone' : ''}>
            {change === 'add' ? '+' : change === 'remove' ? '-' : '~'} {kind} <Text of={rule} most={120} />{' '}
            <Text of={reason} most={200} />
          </div>
        ))}
      </pre>
    </>
  );
};
