/** Holding a breaker open or closed, and giving it back: for operators, with a reason and an end. */
import { type FormEvent, type JSX, useState } from 'react';
import type { BreakerMode, BreakerView } from '../../../src/contract/index.ts';
import { useHold } from '../api/incidents.ts';
import { useAccount } from '../frame/account.ts';
import { instant } from '../model/format.ts';
import { quoted } from '../model/shell.ts';
import { Copy } from '../parts/copy.tsx';
import { Text } from '../parts/text.tsx';

export const Hold = ({ breaker }: { readonly breaker: BreakerView }): JSX.Element => {
  const { node, endpoint, held } = breaker;
  const { holds } = useAccount();
  const [mode, setMode] = useState<BreakerMode>();
  const [warnings, setWarnings] = useState<readonly string[]>([]);
  const mayHold = holds.includes('operator');
  const done = (said: readonly string[]): void => {
    setWarnings(said);
    setMode(undefined);
  };
  const words = `--node ${quoted(node)} --reason '…'`;
  return (
    <>
      <div className="acts">
        {MODES.map(([one, word]) => (
          <button
            key={one}
            type="button"
            className="plain"
            disabled={!mayHold}
            aria-pressed={mode === one}
            aria-describedby={mayHold ? undefined : 'hold-obstacle'}
            onClick={() => setMode(mode === one ? undefined : one)}
          >
            {word}
          </button>
        ))}
        <Copy
          text={
            held === undefined
              ? `airspace breaker open ${quoted(endpoint)} ${words} --for 10m`
              : `airspace breaker reset ${quoted(endpoint)} --node ${quoted(node)}`
          }
          label="CLI"
        />
        <span className="faint" id="hold-obstacle">
          {mayHold
            ? 'by itself it rests 5 seconds, longer each time, and closes after three calls that went well'
            : 'holding it takes role operator'}
        </span>
      </div>
      {mode !== undefined && <Saying key={mode} breaker={breaker} mode={mode} onDone={done} />}
      {warnings.map((warning) => (
        <p key={warning} className="warn" role="status">
          <Text of={warning} most={500} />
        </p>
      ))}
      <dl>
        <dt>node</dt>
        <dd className="num">
          <Text of={node} most={200} />
        </dd>
        <dt>held</dt>
        <dd>
          {held === undefined ? (
            <span className="faint">by nobody</span>
          ) : (
            <>
              {held.mode} by <Text of={held.by} most={80} /> until <span className="num">{instant(held.untilMs)}</span>:{' '}
              <Text of={held.reason} most={500} />
            </>
          )}
        </dd>
      </dl>
    </>
  );
};

const MODES = [
  ['open', 'Hold it open'],
  ['closed', 'Hold it closed'],
  ['reset', 'Give it back'],
] as const satisfies readonly (readonly [BreakerMode, string])[];

const SAYS = {
  open: 'no call goes there until then, and it gives itself back after that',
  closed: 'every call goes there until then, and it gives itself back after that',
  reset: 'it closes with a clean sheet, and follows its calls again',
} as const satisfies Record<BreakerMode, string>;

const TIMES = [
  [60_000, '1 minute'],
  [600_000, '10 minutes'],
  [3_600_000, '1 hour'],
  [86_400_000, '24 hours'],
] as const;

interface SayingProps {
  readonly breaker: BreakerView;
  readonly mode: BreakerMode;
  /** With what the node says of it. */
  readonly onDone: (warnings: readonly string[]) => void;
}

const Saying = ({ breaker: { node, endpoint }, mode, onDone }: SayingProps): JSX.Element => {
  const { csrf } = useAccount();
  const [reason, setReason] = useState('');
  const [forMs, setFor] = useState<number>(600_000);
  const { mutate, error, isPending } = useHold(csrf, onDone);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!isPending) mutate({ endpoint, node, mode, reason, forMs });
  };
  return (
    <form className="hold" onSubmit={submit}>
      <label>
        Why (everybody who looks reads it)
        <input required maxLength={500} value={reason} onChange={({ target }) => setReason(target.value)} />
      </label>
      {mode !== 'reset' && (
        <label>
          For how long
          <select value={forMs} onChange={({ target }) => setFor(Number(target.value))}>
            {TIMES.map(([ms, word]) => (
              <option key={ms} value={ms}>
                {word}
              </option>
            ))}
          </select>
        </label>
      )}
      {error !== null && (
        <p className="bad" role="alert">
          <Text of={error.message} most={500} />
        </p>
      )}
      <div className="acts">
        <button type="submit" className="plain no" disabled={isPending || reason.trim() === ''}>
          {MODES.find(([one]) => one === mode)?.[1]}
        </button>
        <button type="button" className="plain" onClick={() => onDone([])}>
          Not yet
        </button>
        <span className="faint">{SAYS[mode]}</span>
      </div>
    </form>
  );
};
