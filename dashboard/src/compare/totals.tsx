/** The two requests as wholes, and how far apart they are. */
import type { JSX } from 'react';
import { Link } from 'wouter';
import type { ComparedTree, Comparison } from '../../../src/contract/index.ts';
import { useHref } from '../frame/params.ts';
import { apart, count, duration, money, stamp } from '../model/format.ts';
import { Heads } from '../parts/heads.tsx';
import { Icon } from '../parts/icon.tsx';
import { Text } from '../parts/text.tsx';

interface TotalsProps {
  readonly comparison: Comparison;
  readonly onForget: (side: 'a' | 'b') => void;
}

export const Totals = ({ comparison: { a, b, rows }, onForget }: TotalsProps): JSX.Element => {
  const differing = rows.filter(({ differs }) => differs.length > 0);
  const only = (side: 'a' | 'b'): number =>
    rows.filter((row) => row[side] !== null && row[side === 'a' ? 'b' : 'a'] === null).length;
  return (
    <div className="compare-totals">
      <table className="grid-table">
        <Heads
          of={['side', 'request', 'began']}
          numbers={['calls', 'only here', 'active', 'waited', 'tokens', 'cost']}
        />
        <tbody>
          <Side name="a" tree={a} only={only('a')} onForget={() => onForget('a')} />
          <Side name="b" tree={b} only={only('b')} onForget={() => onForget('b')} />
          <tr className="delta">
            <td className="faint">b − a</td>
            <td colSpan={2} className="mute">
              {differing.length === 0
                ? 'as far as is compared they are alike'
                : `${differing.length} of ${rows.length} calls differ`}
            </td>
            <td className="right num">{apart(b.calls - a.calls, count)}</td>
            <td />
            <td className="right num">{apart(activeMs(b) - activeMs(a), duration)}</td>
            <td className="right num">{apart(b.waitedMs - a.waitedMs, duration)}</td>
            <td className="right num">{apart(b.tokens - a.tokens, count)}</td>
            <td className="right num">
              {a.costMicros === null && b.costMicros === null
                ? '–'
                : apart((b.costMicros ?? 0) - (a.costMicros ?? 0), money)}
            </td>
          </tr>
        </tbody>
      </table>
    </div>
  );
};

const activeMs = ({ durationMs, waitedMs }: ComparedTree): number => Math.max(0, durationMs - waitedMs);

interface SideProps {
  readonly name: 'a' | 'b';
  readonly tree: ComparedTree;
  readonly only: number;
  readonly onForget: () => void;
}

const Side = ({ name, tree, only, onForget }: SideProps): JSX.Element => {
  const href = useHref();
  const { trace, startedAtMs, calls, waitedMs, tokens, costMicros, isWhole } = tree;
  return (
    <tr>
      <td>
        <b className={`side ${name}`}>{name}</b>
      </td>
      <td className="num">
        <Link className="link" href={href(`/requests/${encodeURIComponent(trace)}`)}>
          <Text of={trace.slice(0, 8)} />
        </Link>{' '}
        <button type="button" className="only" aria-label={`another request for ${name}`} onClick={onForget}>
          <Icon name="close" size={9} />
        </button>
        {!isWhole && <span className="badge">in part</span>}
      </td>
      <td className="num mute">{stamp(startedAtMs)}</td>
      <td className="right num">{calls}</td>
      <td className="right num">{only}</td>
      <td className="right num">{duration(activeMs(tree))}</td>
      <td className="right num">{waitedMs === 0 ? '–' : duration(waitedMs)}</td>
      <td className="right num">{tokens === 0 ? '–' : count(tokens)}</td>
      <td className="right num">{costMicros === null ? '–' : money(costMicros)}</td>
    </tr>
  );
};
