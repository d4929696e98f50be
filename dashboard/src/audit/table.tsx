/** The lines of the audit: only those that are seen are in the page, and only what is seen is asked for. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type JSX, useEffect, useRef } from 'react';
import type { AuditRecord, AuditVerification } from '../../../src/contract/index.ts';
import { useKeys } from '../frame/keys.ts';
import { instant, stamp } from '../model/format.ts';
import { changeOf, proofOf, reasonOf } from '../model/trail.ts';
import { cut, plain } from '../model/visible.ts';
import { Text } from '../parts/text.tsx';
import type { Trail } from './source.ts';

interface TableProps {
  readonly trail: Trail;
  /** Number of the selected record; 0: none. */
  readonly selected: number;
  readonly onSelect: (seq: number) => void;
  readonly onSeen: (first: number, last: number) => void;
  readonly last: AuditVerification['last'];
}

const ROW_PX = 24;
const HEADS = ['record', 'time', 'who', 'action', 'what', 'from → to', 'reason', 'request', 'chain'];

export const TrailTable = ({ trail, selected, onSelect, onSeen, last }: TableProps): JSX.Element => {
  const body = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    ...{ count: trail.count, getScrollElement: () => body.current, estimateSize: () => ROW_PX, overscan: 12 },
  });
  const items = virtual.getVirtualItems();
  const [first, end] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  useEffect(() => onSeen(first, end), [first, end, onSeen]);
  const at = trail.rowOf(selected);
  // Whoever comes with an address sees what it is about.
  const isShown = useRef(false);
  useEffect(() => {
    if (at >= 0 && !isShown.current) virtual.scrollToIndex(at, { align: 'center' });
    isShown.current = true;
  }, [at, virtual]);
  const move = (to: number): void => {
    const next = Math.max(0, Math.min(trail.count - 1, to));
    const record = trail.at(next);
    virtual.scrollToIndex(next);
    if (record !== undefined) onSelect(record.seq);
  };
  useKeys({
    ...{
      j: () => move(at + 1),
      ArrowDown: () => move(at + 1),
      k: () => move(at - 1),
      ArrowUp: () => move(at - 1),
    },
    ...{ Home: () => move(0), End: () => move(trail.count - 1), Escape: () => onSelect(0) },
  });
  return (
    <div className="table-body" ref={body} role="table" aria-label="Audit" aria-rowcount={trail.count} tabIndex={0}>
      <div className="entry head" role="row">
        {HEADS.map((head) => (
          <span key={head} role="columnheader">
            {head}
          </span>
        ))}
      </div>
      <div className="rows" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {items.map(({ index, start }) => (
          <Row
            key={index}
            record={trail.at(index)}
            index={index}
            top={start}
            last={last}
            isSelected={selected !== 0 && trail.at(index)?.seq === selected}
            onSelect={(seq) => onSelect(seq === selected ? 0 : seq)}
          />
        ))}
      </div>
    </div>
  );
};

const PROOFS = { ok: ['ok', '✓ ok'], bad: ['bad', '✗ broken'], unseen: ['faint', 'not checked'] } as const;

interface RowProps {
  /** Undefined: on its way. */
  readonly record: AuditRecord | undefined;
  readonly index: number;
  readonly top: number;
  readonly last: AuditVerification['last'];
  readonly isSelected: boolean;
  readonly onSelect: (seq: number) => void;
}

const Row = ({ record, index, top, last, isSelected, onSelect }: RowProps): JSX.Element => {
  const place = { transform: `translateY(${top}px)` };
  if (record === undefined)
    return (
      <div className="entry" role="row" aria-rowindex={index + 2} style={place}>
        <span role="cell" className="faint">
          …
        </span>
      </div>
    );
  const { seq, atMs, actor, kind, object, callId } = record;
  const { from, to } = changeOf(record);
  const reason = reasonOf(record);
  const [mood, word] = PROOFS[proofOf(seq, last)];
  return (
    <div
      className={`entry${isSelected ? ' selected' : ''}`}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      style={place}
      onClick={() => onSelect(seq)}
    >
      <span role="cell" className="num faint">
        {seq}
      </span>
      <span role="cell" className="num mute" title={instant(atMs)}>
        {stamp(atMs)}
      </span>
      <span role="cell">
        <Text of={actor} most={60} />
      </span>
      <span role="cell" className={kind === 'call.refused' ? 'warn' : ''}>
        <Text of={kind} most={40} />
      </span>
      <span role="cell" className="operation">
        <Text of={object} most={80} />
      </span>
      <span role="cell" className="num mute">
        {from !== '' && <Text of={`${from} → `} most={40} />}
        <Text of={to} most={60} />
      </span>
      <span role="cell" className="mute" title={plain(cut(reason))}>
        <Text of={reason} most={120} />
      </span>
      <span role="cell" className="num">
        <Text of={callId.slice(0, 8)} />
      </span>
      <span role="cell" className={mood}>
        {word}
      </span>
    </div>
  );
};
