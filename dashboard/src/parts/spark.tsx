/** A small line without axes: whether something goes up or down. */
import type { JSX } from 'react';

export const sparkPath = (values: readonly number[], width: number, height: number): string => {
  const least = Math.min(...values);
  const span = Math.max(...values) - least || 1;
  return values
    .map((value, at) => {
      const x = (at / Math.max(1, values.length - 1)) * width;
      return `${at === 0 ? 'M' : 'L'}${x.toFixed(1)} ${(height - ((value - least) / span) * height).toFixed(1)}`;
    })
    .join('');
};

interface SparkProps {
  readonly values: readonly number[];
  readonly width?: number;
  readonly height?: number;
}

export const Spark = ({ values, width = 64, height = 22 }: SparkProps): JSX.Element => {
  const line = sparkPath(values, width, height);
  return (
    <svg className="spark" width={width} height={height + 2} viewBox={`0 -1 ${width} ${height + 2}`} aria-hidden="true">
      <path className="area" d={`${line}L${width} ${height}L0 ${height}Z`} />
      <path className="line" d={line} />
    </svg>
  );
};
