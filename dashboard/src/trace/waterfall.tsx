/** Spans as bars on one time axis: only the rows that are seen are in the page, waits for people are folded, the critical path is underlined. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { type JSX, type KeyboardEvent, useMemo, useRef, useState } from 'react';
import { criticalPath } from '../model/critical.ts';
import { duration } from '../model/format.ts';
import { scaleOf } from '../model/scale.ts';
import { type Span, seenIn } from '../model/spans.ts';
import { useSize } from '../parts/size.ts';
import { SpanRow } from './row.tsx';

interface WaterfallProps {
  readonly spans: readonly Span[];
  readonly selected: string;
  /** Steps that say nothing are shown, too. */
  readonly isEvery: boolean;
  readonly onEvery: (isEvery: boolean) => void;
  readonly onSelect: (id: string) => void;
  readonly onHover?: ((span: Span | null) => void) | undefined;
}

const ROW_PX = 18;
/** Pixels that text behind the last bar may need. */
const RESERVED = 150;

export const Waterfall = ({ spans, selected, isEvery, onEvery, onSelect, onHover }: WaterfallProps): JSX.Element => {
  const [ref, width] = useSize<HTMLDivElement>();
  const body = useRef<HTMLDivElement>(null);
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [isFolding, setFolding] = useState(true);
  const [isCritical, setCritical] = useState(true);
  const parents = useMemo(() => new Set(spans.map(({ parent }) => parent)), [spans]);
  const rows = useMemo(() => openRows(spans, closed), [spans, closed]);
  const critical = useMemo(() => criticalPath(seenIn(spans)), [spans]);
  const names = width > 1_100 ? 380 : Math.max(170, Math.min(300, width * 0.36));
  const numbers = width > 620 ? 96 : 0;
  const axis = Math.max(80, width - names - numbers - RESERVED);
  const scale = useMemo(() => scaleOf(spans, axis, isFolding), [spans, axis, isFolding]);
  const virtual = useVirtualizer({
    ...{ count: rows.length, getScrollElement: () => body.current, estimateSize: () => ROW_PX, overscan: 12 },
  });
  const fold = (id: string, isShut: boolean): void =>
    setClosed((before) => (isShut ? new Set([...before, id]) : new Set([...before].filter((one) => one !== id))));
  const go = (at: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, at));
    if (rows[next] === undefined) return;
    onSelect(rows[next].id);
    virtual.scrollToIndex(next);
  };
  const press = (event: KeyboardEvent): void => {
    const at = rows.findIndex(({ id }) => id === selected);
    const span = rows[at];
    const act = {
      ...{ j: () => go(at + 1), ArrowDown: () => go(at + 1), k: () => go(at - 1), ArrowUp: () => go(at - 1) },
      ...{ Home: () => go(0), End: () => go(rows.length - 1) },
      ArrowLeft: () => {
        if (span !== undefined && parents.has(span.id) && !closed.has(span.id)) fold(span.id, true);
        else if (span?.parent != null) onSelect(span.parent);
      },
      ArrowRight: () => span !== undefined && fold(span.id, false),
    }[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  const columns = `${names}px ${numbers}px 1fr`;
  return (
    <div className="waterfall" ref={ref}>
      <div className="waterfall-head" style={{ gridTemplateColumns: columns }}>
        <span className="options">
          span
          <Option name="fold waits" isOn={isFolding} onTurn={setFolding} />
          <Option name="critical path" isOn={isCritical} onTurn={setCritical} />
          <Option name="steps" isOn={isEvery} onTurn={onEvery} />
        </span>
        <span className="right">{numbers > 0 && 'tokens · usd'}</span>
        <span className="axis">
          {scale.ticks.map(({ x, afterMs }) => (
            <i key={afterMs} style={{ left: x }}>
              {afterMs === 0 ? '0' : duration(afterMs).replace(/\.0+(?=[a-z])/, '')}
            </i>
          ))}
        </span>
      </div>
      <div
        className="waterfall-body"
        ref={body}
        role="treegrid"
        aria-label="Spans of the trace"
        aria-rowcount={rows.length}
        aria-activedescendant={selected === '' ? undefined : `span-${selected}`}
        tabIndex={0}
        onKeyDown={press}
        onMouseLeave={() => onHover?.(null)}
      >
        <div className="rows" style={{ height: virtual.getTotalSize() }} role="rowgroup">
          <div className="grid-lines" style={{ left: names + numbers, width: axis }} aria-hidden="true">
            {scale.ticks.map(({ x, afterMs }) => (
              <i key={afterMs} style={{ left: x }} />
            ))}
            {scale.folds.map((one) => (
              <b key={one.x} style={{ left: one.x, width: one.width }} />
            ))}
          </div>
          {virtual.getVirtualItems().map(({ index, start }) => {
            const span = rows[index]!;
            return (
              <SpanRow
                key={span.id}
                span={span}
                top={start}
                columns={columns}
                scale={scale}
                room={axis + RESERVED}
                isSelected={span.id === selected}
                fold={parents.has(span.id) ? (closed.has(span.id) ? 'shut' : 'open') : 'none'}
                critical={isCritical ? (critical.get(span.id) ?? []) : null}
                onFold={() => fold(span.id, !closed.has(span.id))}
                onSelect={() => onSelect(span.id)}
                onHover={() => onHover?.(span)}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
};

/** Spans come parent first, so whatever is below something closed follows it. */
const openRows = (spans: readonly Span[], closed: ReadonlySet<string>): readonly Span[] => {
  const hidden = new Set<string>();
  return spans.filter(({ id, parent }) => {
    if (parent === null || !(closed.has(parent) || hidden.has(parent))) return true;
    hidden.add(id);
    return false;
  });
};

interface OptionProps {
  readonly name: string;
  readonly isOn: boolean;
  readonly onTurn: (isOn: boolean) => void;
}

const Option = ({ name, isOn, onTurn }: OptionProps): JSX.Element => (
  <button type="button" className={isOn ? 'on' : ''} aria-pressed={isOn} onClick={() => onTurn(!isOn)}>
    {name}
  </button>
);
