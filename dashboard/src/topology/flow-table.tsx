/** The map as a table: for fleets that no picture can hold, and for those who do not see pictures. */
import type { JSX } from 'react';
import { duration, money, percent, rate } from '../model/format.ts';
import type { Form } from '../model/forms.ts';
import type { Traffic } from '../model/traffic.ts';
import { Heads } from '../parts/heads.tsx';
import { Empty } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';

interface TableProps {
  readonly traffic: Traffic;
  readonly form: Form;
}

export const FlowTable = ({ traffic: { edges }, form }: TableProps): JSX.Element => {
  if (edges.length === 0)
    return (
      <Empty title="Nobody calls anybody this way" command="airspace request agent/<name>/<operation> --data '{}'">
        There was no call in the last minute:
      </Empty>
    );
  return (
    <div className="scroll">
      <table className="grid-table">
        <caption className="hidden">Who calls whom, {form}</caption>
        <Heads of={['caller', 'target']} numbers={['calls/s', 'p50', 'p95', 'failed', 'denied', 'cost']} />
        <tbody>
          {edges
            .toSorted((a, b) => b.perSecond - a.perSecond)
            .map(({ from, to, perSecond, p50Ms, p95Ms, failed, denied, calls, costMicros }) => (
              <tr key={`${from} ${to}`}>
                <td>
                  <Text of={from} most={60} />
                </td>
                <td>
                  <Text of={to} most={60} />
                </td>
                <td className="right num">{rate(perSecond)}</td>
                <td className="right num">{p50Ms === null ? '–' : duration(p50Ms)}</td>
                <td className="right num">{p95Ms === null ? '–' : duration(p95Ms)}</td>
                <td className={`right num${failed > 0 ? ' bad' : ''}`}>{percent(failed, calls)}</td>
                <td className={`right num${denied > 0 ? ' warn' : ''}`}>{percent(denied, calls)}</td>
                <td className="right num">{costMicros === 0 ? '–' : money(costMicros)}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </div>
  );
};
