/** What the hub counts while a release is on trial: the calls that it decided beside those of the active policy. */
import type { JSX } from 'react';
import type { ArmTally, Arms as Counted, ReleaseState } from '../../../src/contract/index.ts';
import { percent } from '../model/format.ts';
import { Heads } from '../parts/heads.tsx';

interface ArmsProps {
  readonly arms: Counted;
  readonly state: ReleaseState;
}

export const Arms = ({ arms: { canary, stable, differed }, state }: ArmsProps): JSX.Element => {
  if (state === 'shadow')
    return (
      <p>
        <span className="num">{differed}</span> decisions would have come out otherwise so far.
      </p>
    );
  return (
    <table className="grid-table arms">
      <Heads of={['arm']} numbers={['calls', 'denied', 'held', 'errors']} />
      <tbody>
        <Row name="release" of={canary} />
        <Row name="active" of={stable} />
      </tbody>
    </table>
  );
};

const Row = ({ name, of: { calls, denied, approvals, errors } }: { readonly name: string; readonly of: ArmTally }) => (
  <tr>
    <td>{name}</td>
    <td className="num right">{calls}</td>
    <td className="num right">{percent(denied, calls)}</td>
    <td className="num right">{percent(approvals, calls)}</td>
    <td className={`num right${errors > 0 ? ' bad' : ''}`}>{errors}</td>
  </tr>
);
