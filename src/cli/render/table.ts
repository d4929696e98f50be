/** Rows and columns as text: aligned, cut to the terminal only where there is one, and never with a stranger's control characters. */
import { clean, fit, widthOf } from './clean.ts';
import { type Paint, plain, type Style } from './paint.ts';

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number;
  readonly align?: 'right';
  /** Only with `-o wide`. */
  readonly wide?: true;
  readonly style?: (row: Row) => Style | undefined;
}

export interface TableOptions {
  /** Columns of the terminal; null when there is none, and then nothing is cut. */
  readonly width: number | null;
  readonly wide?: boolean;
  readonly headers?: boolean;
  readonly paint?: Paint;
}

const GAP = '  ';
/** A column is not cut below this: less tells nothing. */
const LEAST = 6;

/** Without a line break at the end. Empty without rows and headers. */
export const table = <Row>(rows: readonly Row[], columns: readonly Column<Row>[], options: TableOptions): string => {
  const shown = columns.filter((column) => options.wide === true || column.wide !== true);
  const cells = rows.map((row) => shown.map((column) => clean(String(column.value(row)))));
  const titles = options.headers === false ? [] : [shown.map((column) => column.title)];
  const widths = fitted(
    shown.map((_, at) => Math.max(0, ...[...titles, ...cells].map((line) => widthOf(line[at]!)))),
    options.width,
  );
  const paint = options.paint ?? plain;
  const lines = [
    ...titles.map((line) => lineOf(line, shown, widths, (text) => text)),
    ...cells.map((line, at) => lineOf(line, shown, widths, (text, column) => paint(column.style?.(rows[at]!), text))),
  ];
  return lines.join('\n');
};

/** Takes from the widest until the line fits. */
const fitted = (widths: readonly number[], total: number | null): readonly number[] => {
  if (total === null) return widths;
  const result = [...widths];
  const used = (): number => result.reduce((sum, width) => sum + width, 0) + GAP.length * (result.length - 1);
  while (used() > total) {
    const widest = result.indexOf(Math.max(...result));
    if (result[widest]! <= LEAST) break;
    result[widest]!--;
  }
  return result;
};

const lineOf = <Row>(
  cells: readonly string[],
  columns: readonly Column<Row>[],
  widths: readonly number[],
  painted: (text: string, column: Column<Row>) => string,
): string => {
  const parts = cells.map((cell, at) => {
    const column = columns[at]!;
    const text = fit(cell, widths[at]!);
    const space = ' '.repeat(Math.max(0, widths[at]! - widthOf(text)));
    // Painted without its space, so that underlines and backgrounds of themes stay with the word.
    if (column.align === 'right') return space + painted(text, column);
    return at === cells.length - 1 ? painted(text, column) : painted(text, column) + space;
  });
  return parts.join(GAP).trimEnd();
};
