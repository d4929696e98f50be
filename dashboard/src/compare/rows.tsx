/** The calls of two trees beside each other: one row for what both did, and below the list all that is known of the selected one. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type JSX, useMemo, useRef } from 'react';
import type { ComparedCall, ComparedRow, Comparison, Difference } from '../../../src/contract/index.ts';
import { useKeys } from '../frame/keys.ts';
import { apart, duration } from '../model/format.ts';
import { Badge } from '../parts/badge.tsx';
import { Empty } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';
import { Pair } from './pair.tsx';

interface BesideProps {
  readonly comparison: Comparison;
  readonly isOnlyDifferent: boolean;
  /** Place in the list of all rows, as text; empty: none. */
  readonly selected: string;
  readonly onSelect: (row: string) => void;
}

const ROW_PX = 24;
const INDENT_PX = 12;
const MOST_INDENTED = 12;
const HEADS = ['call', 'a', 'took', 'b', 'took', 'b − a', 'differs in'];

export const Beside = ({ comparison: { rows }, isOnlyDifferent, selected, onSelect }: BesideProps): JSX.Element => {
  const body = useRef<HTMLDivElement>(null);
  const shown = useMemo(
    () => rows.flatMap((row, at) => (!isOnlyDifferent || row.differs.length > 0 ? [{ row, at: String(at) }] : [])),
    [rows, isOnlyDifferent],
  );
  const longestMs = useMemo(() => rows.reduce((most, { a, b }) => Math.max(most, activeMs(a), activeMs(b)), 1), [rows]);
  const virtual = useVirtualizer({
    ...{ count: shown.length, getScrollElement: () => body.current, estimateSize: () => ROW_PX, overscan: 10 },
  });
  const place = shown.findIndex(({ at }) => at === selected);
  const move = (by: number): void => {
    const next = Math.max(0, Math.min(shown.length - 1, place < 0 ? 0 : place + by));
    if (shown[next] === undefined) return;
    onSelect(shown[next].at);
    virtual.scrollToIndex(next);
  };
  useKeys({ j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1) });
  const one = rows[Number(selected === '' ? -1 : selected)];
  if (shown.length === 0)
    return <Empty title="They are alike">In outcome, decisions, versions, ways, tries, time, tokens and cost.</Empty>;
  return (
    <>
      <div className="table-body" ref={body} role="table" aria-label="Calls" aria-rowcount={shown.length} tabIndex={0}>
        <div className="beside-row head" role="row">
          {HEADS.map((head, column) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two of them are called the same
            <span key={column} role="columnheader" className={NUMBERS.has(column) ? 'right' : ''}>
              {head}
            </span>
          ))}
        </div>
        <div className="rows" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const { row, at } = shown[index]!;
            return (
              <Row
                key={at}
                row={row}
                top={start}
                longestMs={longestMs}
                isSelected={at === selected}
                onSelect={() => onSelect(at === selected ? '' : at)}
              />
            );
          })}
        </div>
      </div>
      {one !== undefined && <Pair row={one} />}
    </>
  );
};

const NUMBERS: ReadonlySet<number> = new Set([2, 4, 5]);

/** People took their time: that says nothing about the call. */
const activeMs = (call: ComparedCall | null): number => (call === null ? 0 : call.durationMs - call.waitedMs);

interface RowProps {
  readonly row: ComparedRow;
  readonly top: number;
  readonly longestMs: number;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
}

const Row = ({ row: { depth, a, b, differs }, top, longestMs, isSelected, onSelect }: RowProps): JSX.Element => {
  const target = a?.target ?? b?.target ?? '';
  const kind = target.slice(0, target.indexOf('/'));
  const side = a === null ? ' only-b' : b === null ? ' only-a' : '';
  return (
    <div
      role="row"
      className={`beside-row${isSelected ? ' selected' : ''}${side}${differs.length === 0 ? ' alike' : ''}`}
      aria-selected={isSelected}
      style={{ transform: `translateY(${top}px)` }}
      onClick={onSelect}
    >
      <span role="cell" className="operation" style={{ paddingLeft: Math.min(depth, MOST_INDENTED) * INDENT_PX }}>
        <i className={`kind k-${['agent', 'model', 'tool'].includes(kind) ? kind : 'inner'}`} />{' '}
        <Text of={target.slice(kind.length + 1)} most={80} />
        {a !== null && b !== null && a.target !== b.target && (
          <span className="warn">
            {' '}
            → <Text of={b.target.slice(kind.length + 1)} most={60} />
          </span>
        )}
      </span>
      <Side call={a} name="a" longestMs={longestMs} />
      <Side call={b} name="b" longestMs={longestMs} />
      <span role="cell" className="num right">
        {a === null || b === null ? '' : apart(activeMs(b) - activeMs(a), duration)}
      </span>
      <span role="cell" className="differs">
        {differs.map((what) => (
          <span key={what} className={`badge ${MOODS.get(what) ?? ''}`}>
            <Text of={what === 'only one' ? `only in ${a === null ? 'b' : 'a'}` : what} most={20} />
          </span>
        ))}
      </span>
    </div>
  );
};

const MOODS: ReadonlyMap<Difference, string> = new Map([
  ['outcome', 'warn'],
  ['decision', 'warn'],
  ['only one', 'info'],
  ['target', 'info'],
]);

interface SideProps {
  readonly call: ComparedCall | null;
  readonly name: 'a' | 'b';
  readonly longestMs: number;
}

const Side = ({ call, name, longestMs }: SideProps): JSX.Element => (
  <>
    <span role="cell">{call === null ? <span className="faint">not called</span> : <Badge of={call.status} />}</span>
    <span role="cell" className={`num right took ${name}`}>
      {call !== null && (
        <>
          <i style={{ width: `${Math.min(100, (100 * activeMs(call)) / longestMs)}%` }} />
          {duration(activeMs(call))}
        </>
      )}
    </span>
  </>
);
