/** One span: its place in the tree, what it used, and its bar with a few words beside it. */
import type { JSX } from 'react';
import type { Piece } from '../model/critical.ts';
import { count, duration, money } from '../model/format.ts';
import type { Scale } from '../model/scale.ts';
import type { Span } from '../model/spans.ts';
import { Text } from '../parts/text.tsx';

interface RowProps {
  readonly span: Span;
  readonly top: number;
  readonly columns: string;
  readonly scale: Scale;
  /** Pixels that bar and words have together. */
  readonly room: number;
  readonly isSelected: boolean;
  readonly fold: 'open' | 'shut' | 'none';
  /** Null: nobody wants to see it. Empty: this is not on it. */
  readonly critical: readonly Piece[] | null;
  readonly onFold: () => void;
  readonly onSelect: () => void;
  readonly onHover: () => void;
}

const INDENT_PX = 11;
/** Deeper than this the tree would push its own names out. */
const MOST_INDENTED = 14;

export const SpanRow = (props: RowProps): JSX.Element => {
  const { span, top, columns, isSelected, fold, critical, onFold, onSelect, onHover } = props;
  const { id, depth, kind, verb, name, error, isNo, tokens, costMicros } = span;
  const mood = `${isSelected ? ' selected' : ''}${error === '' ? '' : isNo ? ' refused' : ' failed'}${critical?.length === 0 ? ' aside' : ''}`;
  return (
    <div
      id={`span-${id}`}
      role="row"
      aria-level={depth + 1}
      aria-selected={isSelected}
      aria-expanded={fold === 'none' ? undefined : fold === 'open'}
      className={`span k-${kind}${mood}`}
      style={{ transform: `translateY(${top}px)`, gridTemplateColumns: columns }}
      onClick={onSelect}
      onMouseEnter={onHover}
    >
      <span role="gridcell" className="name" style={{ paddingLeft: 8 + Math.min(depth, MOST_INDENTED) * INDENT_PX }}>
        {fold === 'none' ? (
          <span className="twist none" />
        ) : (
          <button
            type="button"
            tabIndex={-1}
            className={`twist ${fold}`}
            aria-label={fold === 'open' ? 'fold' : 'unfold'}
            onClick={(event) => {
              event.stopPropagation();
              onFold();
            }}
          />
        )}
        <i className="kind" />
        <span className="words">
          <span className="verb">{verb}</span> <Text of={name} most={120} />
        </span>
      </span>
      <span role="gridcell" className="used num">
        {tokens > 0 && <span>{count(tokens)}</span>}
        {costMicros !== null && <span className="faint">{money(costMicros)}</span>}
      </span>
      <Bars {...props} />
    </div>
  );
};

const Bars = ({ span, scale, room, critical }: RowProps): JSX.Element => {
  const { fromMs, toMs, verb, error, note } = span;
  const left = scale.x(fromMs);
  const right = Math.max(left + 2, scale.x(toMs));
  const isWait = verb === 'approval';
  // There is room behind the last bar for a few words; what does not fit is in the detail.
  const place = { left: right + 5, maxWidth: Math.max(0, room - right - 8) };
  return (
    <span role="gridcell" className="bars">
      <i className="bar" style={{ left, width: right - left }} />
      {critical?.map(([from, to]) => (
        <i
          key={from}
          className="critical"
          style={{ left: scale.x(from), width: Math.max(1, scale.x(to) - scale.x(from)) }}
        />
      ))}
      <span className="beside" style={place}>
        {duration(toMs - fromMs)}{' '}
        {error === '' ? (
          <span className={isWait ? 'human' : 'faint'}>
            <Text of={note} most={100} />
          </span>
        ) : (
          <b>
            <Text of={error} most={100} />
          </b>
        )}
      </span>
    </span>
  );
};
