/** The list of requests: only the rows that are seen are in the page, however long it is. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type JSX, useEffect, useRef } from 'react';
import { useKeys } from '../frame/keys.ts';
import { clock, count, duration, instant, money } from '../model/format.ts';
import type { RequestRow } from '../model/requests.ts';
import { cut, plain } from '../model/visible.ts';
import { Badge } from '../parts/badge.tsx';
import { Empty } from '../parts/states.tsx';
import { Text } from '../parts/text.tsx';

interface TableProps {
  readonly rows: readonly RequestRow[];
  readonly isFiltered: boolean;
  /** Trace of the selected row; empty: none. */
  readonly selected: string;
  readonly onSelect: (trace: string) => void;
  readonly onOpen: (row: RequestRow) => void;
}

const ROW_PX = 24;
const HEADS = [
  'time',
  'request',
  'operation',
  'caller',
  'via domains',
  'status',
  'agents',
  'spans',
  'tokens',
  'cost',
  'duration',
];
/** From here on the columns hold numbers. */
const NUMBERS_FROM = 6;

export const RequestTable = ({ rows, isFiltered, selected, onSelect, onOpen }: TableProps): JSX.Element => {
  const body = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    ...{ count: rows.length, getScrollElement: () => body.current, estimateSize: () => ROW_PX, overscan: 8 },
    getItemKey: (at) => rows[at]?.trace ?? at,
  });
  const at = rows.findIndex(({ trace }) => trace === selected);
  const move = (by: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, at < 0 ? 0 : at + by));
    const row = rows[next];
    if (row === undefined) return;
    onSelect(row.trace);
    virtual.scrollToIndex(next);
  };
  useKeys({
    ...{ j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1) },
    Enter: () => rows[at] !== undefined && onOpen(rows[at]),
    Escape: () => onSelect(''),
  });
  const longestMs = useLongest(rows);
  if (rows.length === 0)
    return isFiltered ? (
      <Empty title="Nothing matches">Take a condition away, or look further back.</Empty>
    ) : (
      <Empty title="No calls in this time" command="airspace request agent/<name>/<operation> --data '{}'">
        Nothing came in. Look further back, or make a call:
      </Empty>
    );
  return (
    <div className="table-body" ref={body} role="table" aria-label="Requests" aria-rowcount={rows.length} tabIndex={0}>
      <div className="request head" role="row">
        {HEADS.map((head, column) => (
          <span key={head} role="columnheader" className={column < NUMBERS_FROM ? '' : 'right'}>
            {head}
          </span>
        ))}
      </div>
      <div className="rows" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ key, index, start }) => {
          const row = rows[index]!;
          return (
            <Row
              key={key}
              row={row}
              top={start}
              longestMs={longestMs}
              isSelected={row.trace === selected}
              onSelect={() => onSelect(row.trace === selected ? '' : row.trace)}
              onOpen={() => onOpen(row)}
            />
          );
        })}
      </div>
    </div>
  );
};

/** Bars share one length, and it does not jump with each new call. */
const useLongest = (rows: readonly RequestRow[]): number => {
  const longest = useRef(1);
  const now = rows
    .slice(0, 200)
    .reduce((most, { durationMs, status }) => (status === 'held' ? most : Math.max(most, durationMs)), 1);
  useEffect(() => {
    longest.current = now > longest.current || now < longest.current / 2 ? now : longest.current;
  });
  return Math.max(longest.current, now);
};

interface RowProps {
  readonly row: RequestRow;
  readonly top: number;
  readonly longestMs: number;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
  readonly onOpen: () => void;
}

const Row = ({ row, top, longestMs, isSelected, onSelect, onOpen }: RowProps): JSX.Element => {
  const {
    startedAtMs,
    callId,
    target,
    operation,
    caller,
    domains,
    status,
    agents,
    spans,
    tokens,
    costMicros,
    durationMs,
  } = row;
  return (
    <div
      role="row"
      className={`request${isSelected ? ' selected' : ''}`}
      aria-selected={isSelected}
      style={{ transform: `translateY(${top}px)` }}
      onClick={onSelect}
      onDoubleClick={onOpen}
      title={row.message === '' ? undefined : plain(cut(row.message))}
    >
      <span role="cell" className="num mute" title={instant(startedAtMs)}>
        {clock(startedAtMs)}
      </span>
      <span role="cell" className="num">
        {callId.slice(0, 8)}
      </span>
      <span role="cell" className="operation">
        <Text of={`${target}.${operation}`} most={80} />
      </span>
      <span role="cell" className="mute">
        <Text of={caller.replace(/^[a-z]+\//, '')} most={60} />
      </span>
      <span role="cell" className="mute">
        <Text of={domains.join(' → ')} most={80} />
      </span>
      <span role="cell">
        <Badge of={status} />
      </span>
      <span role="cell" className="num right">
        {agents}
      </span>
      <span role="cell" className="num right">
        {spans}
      </span>
      <span role="cell" className="num right">
        {tokens === 0 ? '–' : count(tokens)}
      </span>
      <span role="cell" className="num right">
        {costMicros === null ? '–' : money(costMicros)}
      </span>
      <span role="cell" className="num right took">
        <i style={{ width: `${Math.min(100, (100 * durationMs) / longestMs)}%` }} />
        {duration(durationMs)}
      </span>
    </div>
  );
};
