/** The other request: those that asked for the same come first, because they are what one compares. */
import type { JSX } from 'react';
import { clock, count, duration, instant, money } from '../model/format.ts';
import type { RequestRow } from '../model/requests.ts';
import { Badge } from '../parts/badge.tsx';
import { Heads } from '../parts/heads.tsx';
import { Empty } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';

interface ChooseProps {
  readonly rows: readonly RequestRow[];
  /** Empty: it is to be chosen. */
  readonly a: string;
  readonly b: string;
  readonly onChoose: (trace: string) => void;
  readonly onForget: () => void;
}

/** Enough to find one; the list of requests has them all, with filters. */
const MOST = 200;

export const Choose = ({ rows, a, b, onChoose, onForget }: ChooseProps): JSX.Element => {
  const known = a || b;
  const first = rows.find(({ trace, callId }) => known !== '' && (trace.startsWith(known) || callId.startsWith(known)));
  const others = rows.filter(({ trace }) => trace !== first?.trace);
  const alike = (row: RequestRow): number =>
    first !== undefined && row.target === first.target && row.operation === first.operation ? 0 : 1;
  const sorted = first === undefined ? others : others.toSorted((x, y) => alike(x) - alike(y));
  return (
    <>
      <p className="choosing">
        {known === '' ? (
          'Choose the first request:'
        ) : (
          <>
            <code>{known.slice(0, 8)}</code>
            {first !== undefined && (
              <>
                {' '}
                <Text of={`${first.target}.${first.operation}`} most={60} /> <Badge of={first.status} />
              </>
            )}{' '}
            beside which one? Those that asked for the same come first.{' '}
            <button type="button" className="plain" onClick={onForget}>
              Another first one
            </button>
          </>
        )}
      </p>
      {sorted.length === 0 ? (
        <Empty title="There is nothing to choose from" command="airspace request agent/<name>/<operation> --data '{}'">
          No other request came in this time. Look further back, or make one:
        </Empty>
      ) : (
        <div className="scroll">
          <table className="grid-table">
            <Heads
              of={['time', 'request', 'operation', 'caller', 'status']}
              numbers={['calls of', 'tokens', 'cost', 'took']}
            />
            <tbody>
              {sorted.slice(0, MOST).map((row) => (
                <tr key={row.trace} className={first !== undefined && alike(row) === 1 ? 'unlike' : ''}>
                  <td className="num mute" title={instant(row.startedAtMs)}>
                    {clock(row.startedAtMs)}
                  </td>
                  <td className="num">
                    <button type="button" onClick={() => onChoose(row.trace)}>
                      <Text of={row.callId.slice(0, 8)} />
                    </button>
                  </td>
                  <td>
                    <Text of={`${row.target}.${row.operation}`} most={80} />
                  </td>
                  <td className="mute">
                    <Text of={row.caller} most={60} />
                  </td>
                  <td>
                    <Badge of={row.status} />
                  </td>
                  <td className="right num">{row.called.length}</td>
                  <td className="right num">{row.tokens === 0 ? '–' : count(row.tokens)}</td>
                  <td className="right num">{row.costMicros === null ? '–' : money(row.costMicros)}</td>
                  <td className="right num">{duration(row.durationMs)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
};
