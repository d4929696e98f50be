/** How many requests when, and how they went. */
import { type JSX, useMemo } from 'react';
import { type Bucket, bucketsOf, type RequestRow } from '../model/requests.ts';
import { useSize } from '../parts/size.ts';

interface HistogramProps {
  readonly rows: readonly RequestRow[];
  readonly nowMs: number;
  readonly rangeMs: number;
}

const BAR_PX = 7;
const HEIGHT = 44;
const LEFT = 30;

export const Histogram = ({ rows, nowMs, rangeMs }: HistogramProps): JSX.Element => {
  const [ref, width] = useSize<HTMLDivElement>();
  const buckets = Math.max(12, Math.min(180, Math.floor((width - LEFT) / BAR_PX)));
  // Whole buckets, so that bars do not shiver while time goes on.
  const widthMs = rangeMs / buckets;
  const toMs = Math.ceil(nowMs / widthMs) * widthMs;
  const bars = useMemo(
    () => bucketsOf(rows, { fromMs: toMs - rangeMs, toMs, buckets }),
    [rows, toMs, rangeMs, buckets],
  );
  const most = Math.max(1, ...bars.map(({ ok, held, bad }) => ok + held + bad));
  const step = (width - LEFT) / buckets;
  return (
    <div
      className="histogram"
      ref={ref}
      role="img"
      aria-label={`${rows.length} requests over time, at most ${most} at once`}
    >
      {width > 0 && (
        <svg width={width} height={HEIGHT + 16} aria-hidden="true">
          <text x={LEFT - 6} y="9" textAnchor="end">
            {most}
          </text>
          <text x={LEFT - 6} y={HEIGHT} textAnchor="end">
            0
          </text>
          <path className="base" d={`M${LEFT} ${HEIGHT + 0.5}H${width}`} />
          {bars.map((bar, at) => (
            <Bar
              key={bar.fromMs}
              bar={bar}
              x={LEFT + at * step}
              width={Math.max(1, step - 1.5)}
              perCall={(HEIGHT - 4) / most}
            />
          ))}
          {[0, 0.25, 0.5, 0.75].map((share) => (
            <text key={share} x={LEFT + share * (width - LEFT)} y={HEIGHT + 13}>
              −{ago(rangeMs * (1 - share))}
            </text>
          ))}
          <text x={width - 2} y={HEIGHT + 13} textAnchor="end">
            now
          </text>
        </svg>
      )}
    </div>
  );
};

/** `45s`, `3m 45s`, `18h`. */
const ago = (ms: number): string => {
  const seconds = Math.round(ms / 1_000);
  if (seconds >= 7_200) return `${Math.round(seconds / 3_600)}h`;
  const rest = seconds % 60;
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${rest === 0 ? '' : ` ${rest}s`}`;
};

interface BarProps {
  readonly bar: Bucket;
  readonly x: number;
  readonly width: number;
  readonly perCall: number;
}

const Bar = ({ bar: { ok, held, bad }, x, width, perCall }: BarProps): JSX.Element => {
  const [badPx, heldPx, okPx] = [bad * perCall, held * perCall, ok * perCall];
  return (
    <>
      {bad > 0 && <rect className="bad" x={x} width={width} y={HEIGHT - badPx} height={badPx} />}
      {held > 0 && <rect className="held" x={x} width={width} y={HEIGHT - badPx - heldPx} height={heldPx} />}
      {ok > 0 && <rect className="ok" x={x} width={width} y={HEIGHT - badPx - heldPx - okPx} height={okPx} />}
    </>
  );
};
