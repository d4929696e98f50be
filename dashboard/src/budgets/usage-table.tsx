/** Who used what, the largest first: press a head for another order, a name for its line above, and the last column for where it leads. */
import { type JSX, useEffect, useRef } from 'react';
import { Link } from 'wouter';
import type { UsageTotals } from '../../../src/contract/index.ts';
import { useHref } from '../frame/params.ts';
import { count, duration, money, percent } from '../model/format.ts';
import { type Asked, causesOf, type Measure, pageOf, requestsOf, type UsageRow, waitedShare } from '../model/usage.ts';
import { Text } from '../parts/text.tsx';

interface TableProps {
  readonly rows: readonly UsageRow[];
  readonly total: UsageTotals;
  readonly asked: Asked;
  /** Name of the selected row; empty: none. */
  readonly selected: string;
  readonly onSelect: (name: string) => void;
  readonly onSort: (sort: Measure) => void;
}

/** With a measure: pressed, rows come in its order. */
const HEADS: readonly { readonly name: string; readonly sort?: Measure }[] = [
  { name: 'cost', sort: 'cost' },
  { name: 'share' },
  { name: 'tokens', sort: 'tokens' },
  { name: 'in' },
  { name: 'out' },
  { name: 'calls', sort: 'calls' },
  { name: 'errors', sort: 'errors' },
  { name: 'denied', sort: 'denied' },
  { name: 'held', sort: 'held' },
  { name: 'mean', sort: 'mean' },
  { name: 'p50' },
  { name: 'p99', sort: 'p99' },
  { name: 'waited', sort: 'waited' },
];

const WHO = { caller: 'caller', target: 'target', operation: 'operation' } as const;

export const UsageTable = ({ rows, total, asked, selected, onSelect, onSort }: TableProps): JSX.Element => {
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (selected !== '') body.current?.querySelector('tr.selected')?.scrollIntoView({ block: 'nearest' });
  }, [selected]);
  return (
    <div className="scroll" ref={body}>
      <table className="grid-table">
        <caption className="hidden">
          Usage by {WHO[asked.by]}, most {asked.sort} first
        </caption>
        <thead>
          <tr>
            <th scope="col">{WHO[asked.by]}</th>
            {HEADS.map(({ name, sort }) => (
              <th
                key={name}
                scope="col"
                className="right"
                aria-sort={sort === undefined ? undefined : sort === asked.sort ? 'descending' : 'none'}
              >
                {sort === undefined ? (
                  name
                ) : (
                  <button type="button" onClick={() => onSort(sort)}>
                    {name}
                    {sort === asked.sort && <i aria-hidden="true"> ↓</i>}
                  </button>
                )}
              </th>
            ))}
            <th scope="col">leads to</th>
          </tr>
        </thead>
        <tbody>
          {rows.length === 0 && (
            <tr>
              <td className="faint" colSpan={HEADS.length + 2}>
                none of this kind, and others have the total below
              </td>
            </tr>
          )}
          {rows.map((row) => (
            <tr key={row.name} className={row.name === selected ? 'selected' : ''}>
              <td>
                <button
                  type="button"
                  aria-current={row.name === selected}
                  onClick={() => onSelect(row.name === selected ? '' : row.name)}
                >
                  <i className={`kind k-${row.kind}`} />
                  <Text of={row.who} most={60} />
                  {row.operation !== null && (
                    <>
                      <span className="faint">/</span>
                      <Text of={row.operation || '–'} most={60} />
                    </>
                  )}
                </button>
                {row.note !== '' && <span className="note"> {row.note}</span>}
              </td>
              <Figures of={row.item} costOfAll={total.costMicros} />
              <td>
                <Leads row={row} />
              </td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">total{asked.kind === '' ? '' : ', of every kind'}</th>
            <Figures of={total} costOfAll={total.costMicros} />
            <td />
          </tr>
        </tfoot>
      </table>
    </div>
  );
};

interface FiguresProps {
  readonly of: UsageTotals;
  readonly costOfAll: number;
}

const Figures = ({ of, costOfAll }: FiguresProps): JSX.Element => {
  const { costMicros, inputTokens, outputTokens, calls, errors, denied, held, meanMs, p50Ms, p99Ms, waitedMs } = of;
  const share = waitedShare(of);
  return (
    <>
      <td className="right num">{costMicros === 0 ? '–' : money(costMicros)}</td>
      <td className="right num mute">{percent(costMicros, costOfAll)}</td>
      <td className="right num">{count(inputTokens + outputTokens)}</td>
      <td className="right num mute">{count(inputTokens)}</td>
      <td className="right num mute">{count(outputTokens)}</td>
      <td className="right num">{count(calls)}</td>
      <td className={`right num${errors > 0 ? ' bad' : ''}`} title={causesOf(of) || undefined}>
        {errors > 0 && `${count(errors)} · `}
        {percent(errors, calls)}
      </td>
      <td className={`right num${denied > 0 ? ' warn' : ''}`}>{count(denied)}</td>
      <td className={`right num${held > 0 ? ' warn' : ''}`}>{count(held)}</td>
      <td className="right num">{time(meanMs)}</td>
      <td className="right num">{time(p50Ms)}</td>
      <td className="right num">{time(p99Ms)}</td>
      <td className="right waited">
        <span className="num">{calls === 0 ? '–' : duration(waitedMs)}</span>
        <span className="meter">
          <i style={{ width: `${100 * share}%` }} />
        </span>
        <span className="num mute">{percent(share, calls === 0 ? 0 : 1)}</span>
      </td>
    </>
  );
};

const time = (ms: number | null): string => (ms === null ? '–' : duration(ms));

const Leads = ({ row }: { readonly row: UsageRow }): JSX.Element => {
  const href = useHref();
  const [page, requests] = [pageOf(row), requestsOf(row)];
  return (
    <span className="leads">
      {page !== undefined && (
        <Link className="link" href={href(page)}>
          page
        </Link>
      )}
      {requests !== undefined && (
        <Link className="link" href={href(requests)}>
          requests
        </Link>
      )}
    </span>
  );
};
