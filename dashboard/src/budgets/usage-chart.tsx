/** The chosen measure step by step: of everything, and of the selected row in front of it. */
import { type JSX, useMemo } from 'react';
import type { UsageView } from '../../../src/contract/index.ts';
import { stamp } from '../model/format.ts';
import { type Bar, barsOf, MEASURES, type Measure } from '../model/usage.ts';
import { cut, plain } from '../model/visible.ts';
import { useSize } from '../parts/size.ts';
import { Text } from '../parts/text.tsx';

interface ChartProps {
  /** Undefined: not here yet. */
  readonly all: UsageView | undefined;
  /** Of the selected row; undefined: none, or not here yet. */
  readonly one: UsageView | undefined;
  readonly name: string;
  readonly sort: Measure;
  /** Why the node did not answer; empty: it did. */
  readonly problem: string;
}

const HEIGHT = 64;
const LEFT = 58;
/** Few steps are no reason for walls. */
const WIDEST = 26;
const NOTHING: readonly Bar[] = [];

export const UsageChart = ({ all, one, name, sort, problem }: ChartProps): JSX.Element => {
  const [ref, width] = useSize<HTMLDivElement>();
  const bars = useMemo(() => (all === undefined ? NOTHING : barsOf(all, sort)), [all, sort]);
  const front = useMemo(() => (one === undefined ? NOTHING : barsOf(one, sort)), [one, sort]);
  const most = Math.max(...[...bars, ...front].map(({ amount }) => amount), 0);
  const { name: measure, text } = MEASURES[sort];
  const step = (width - LEFT) / Math.max(1, bars.length);
  const fromMs = bars[0]?.startMs ?? 0;
  const drawn = (of: readonly Bar[], className: string, share: number): JSX.Element[] =>
    of
      .filter(({ amount }) => amount > 0)
      .map(({ startMs, amount }) => {
        const wide = Math.max(1, Math.min(WIDEST, step - 1.5) * share);
        const x = LEFT + ((startMs - fromMs) / (all?.stepMs ?? 1) + 0.5) * step - wide / 2;
        const high = Math.max(1, (amount / most) * (HEIGHT - 6));
        return <rect key={startMs} className={className} x={x} width={wide} y={HEIGHT - high} height={high} />;
      });
  return (
    <div className="usage-chart">
      <p className="faint">
        {measure} over time <i className="swatch" /> everything
        {front.length > 0 && (
          <>
            {' '}
            <i className="swatch one" /> <Text of={name} most={80} />
          </>
        )}
        {problem !== '' && (
          <span className="warn" role="status">
            {' '}
            · not all of it is here: <Text of={problem} most={200} />
          </span>
        )}
      </p>
      <div
        className="histogram"
        ref={ref}
        role="img"
        aria-label={`${measure} over time, at most ${text(most)} in a ${all?.step ?? 'step'}${name === '' ? '' : `; in front ${plain(cut(name, 80))}`}`}
      >
        {width > 0 && bars.length > 0 && (
          <svg width={width} height={HEIGHT + 16} aria-hidden="true">
            <text x={LEFT - 6} y="12" textAnchor="end">
              {most === 0 ? '' : text(most)}
            </text>
            <text x={LEFT - 6} y={HEIGHT} textAnchor="end">
              0
            </text>
            <path className="base" d={`M${LEFT} ${HEIGHT + 0.5}H${width}`} />
            {drawn(bars, 'ok', 1)}
            {drawn(front, 'one', 0.6)}
            {marksOf(bars).map(({ startMs, at }) => (
              <text key={startMs} x={LEFT + at * step} y={HEIGHT + 13}>
                {stamp(startMs).slice(all?.step === 'minute' ? 11 : 5, 16)}
              </text>
            ))}
          </svg>
        )}
      </div>
    </div>
  );
};

/** Where a time is written: at most four, evenly. */
const marksOf = (bars: readonly Bar[]): readonly { readonly startMs: number; readonly at: number }[] => {
  const every = Math.ceil(bars.length / 4);
  return bars.flatMap(({ startMs }, at) => (at % every === 0 ? [{ startMs, at }] : []));
};
