/** Series as families of a sheet. One without a series is not written at all. */
import type { Buckets } from './buckets.ts';
import type { FamilyName } from './families.ts';
import type { Series, SeriesMap } from './series.ts';
import type { Sheet } from './sheet.ts';

export const counters = <T>(sheet: Sheet, name: FamilyName, series: SeriesMap<T>, read: (value: T) => number): void => {
  each(sheet, name, series, ({ labels, value }) => sheet.sample(name, labels, read(value)));
};

export const histograms = (sheet: Sheet, name: FamilyName, series: SeriesMap<Buckets>): void => {
  each(sheet, name, series, ({ labels, value }) => sheet.histogram(name, labels, value));
};

const each = <T>(sheet: Sheet, name: FamilyName, series: SeriesMap<T>, write: (one: Series<T>) => void): void => {
  let isFirst = true;
  for (const one of series.all()) {
    if (isFirst) sheet.family(name);
    isFirst = false;
    write(one);
  }
};
