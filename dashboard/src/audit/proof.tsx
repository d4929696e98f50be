/** Whether the chain is as it was written: what the node found, when, and who asked; and the button that lets it look again. */
import type { JSX } from 'react';
import { type ChainName, useVerification, useVerify } from '../api/audit.ts';
import { useAccount } from '../frame/account.ts';
import { ago } from '../model/ago.ts';
import { count, duration, instant } from '../model/format.ts';
import { quoted } from '../model/shell.ts';
import { Copy } from '../parts/copy.tsx';
import { Text } from '../parts/text.tsx';

interface ProofProps {
  readonly chain: ChainName;
  readonly nowMs: number;
}

export const Proof = ({ chain, nowMs }: ProofProps): JSX.Element => {
  const { data, error } = useVerification(chain);
  const { csrf } = useAccount();
  const verify = useVerify(chain, csrf);
  const running = data?.running ?? null;
  const refused = verify.error ?? error;
  return (
    <div className="proof" role="status">
      {refused !== null ? (
        <span className="bad">
          <Text of={refused.message} most={200} />
        </span>
      ) : running !== null ? (
        <span className="mute num">
          reading {count(running.records)} of {count(running.of)} records
        </span>
      ) : (
        <Found last={data?.last ?? null} nowMs={nowMs} />
      )}
      <button type="button" className="plain" disabled={running !== null} onClick={() => verify.mutate()}>
        Verify chain
      </button>
      <Copy text={commandOf(chain)} label="CLI" />
    </div>
  );
};

const commandOf = ({ node, chain }: ChainName): string =>
  [
    'airspace audit verify',
    node === undefined ? '' : ` --node ${quoted(node)}`,
    chain === undefined ? '' : ` --chain ${quoted(chain)}`,
  ].join('');

type Last = NonNullable<ReturnType<typeof useVerification>['data']>['last'];

const Found = ({ last, nowMs }: { readonly last: Last; readonly nowMs: number }): JSX.Element => {
  if (last === null) return <span className="faint">not checked since this node started</span>;
  const { finding, problem, records, by, atMs, tookMs } = last;
  const when = `${ago(atMs, nowMs)} by ${by}`;
  const title = `${instant(atMs)}, in ${duration(tookMs)}`;
  if (problem !== '')
    return (
      <span className="bad" title={title}>
        it could not be read: <Text of={problem} most={160} />
      </span>
    );
  if (finding !== null)
    return (
      <span className="bad" title={title}>
        <b>
          ✗ <Text of={finding.what} most={40} />
        </b>{' '}
        at record {finding.seq}: <Text of={finding.text} most={160} /> · <Text of={when} />
      </span>
    );
  return (
    <span
      className="mute"
      title={`${title}; whether its end was cut off, or all of it written anew, only checkpoints elsewhere show`}
    >
      <b className="ok">✓ chain ok</b> to record {records} · checked <Text of={when} most={80} />
    </span>
  );
};
