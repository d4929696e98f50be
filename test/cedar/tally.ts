/** What a share of the work found: how many answers of each kind were compared, and where one differed. */
import { isDeepStrictEqual } from 'node:util';
import type { Answer } from './subject.ts';

export interface Tally {
  readonly compared: Readonly<Record<string, number>>;
  /** Answers that agree, by kind; the same keys. */
  readonly agreed: Readonly<Record<string, number>>;
  /** Everything else worth a number, such as cases set apart. */
  readonly counted: Readonly<Record<string, number>>;
  /** The first differences, in words. */
  readonly differences: readonly string[];
}

/** Enough to work with; a wrong operator would print thousands. */
const SHOWN = 3;

export class Tallying implements Tally {
  readonly compared: Record<string, number> = {};
  readonly agreed: Record<string, number> = {};
  readonly counted: Record<string, number> = {};
  readonly differences: string[] = [];

  count(name: string, by = 1): void {
    this.counted[name] = (this.counted[name] ?? 0) + by;
  }

  /** One promise of a case. `difference` is called only when it is broken. */
  hold(kind: string, kept: boolean, difference: () => string): boolean {
    this.compared[kind] = (this.compared[kind] ?? 0) + 1;
    this.agreed[kind] = (this.agreed[kind] ?? 0) + (kept ? 1 : 0);
    if (!kept && this.differences.length < SHOWN) this.differences.push(`${kind}: ${difference()}`);
    return kept;
  }

  /** Decisions, reasons and errors, each on its own line. */
  compare(ours: Answer, cedars: Answer, where: () => string): boolean {
    const same = (field: keyof Answer): boolean => isDeepStrictEqual(ours[field], cedars[field]);
    const shown = (field: keyof Answer) => () =>
      `${where()}: ours ${JSON.stringify(ours[field])}, cedar ${JSON.stringify(cedars[field])}`;
    const decisions = this.hold('decisions', same('decision'), shown('decision'));
    const reasons = this.hold('reasons', same('reason'), shown('reason'));
    const errors = this.hold('errors', same('errors'), shown('errors'));
    return decisions && reasons && errors;
  }
}

export const merged = (tallies: readonly Tally[]): Tally => ({
  compared: sums(tallies.map(({ compared }) => compared)),
  agreed: sums(tallies.map(({ agreed }) => agreed)),
  counted: sums(tallies.map(({ counted }) => counted)),
  differences: tallies.flatMap(({ differences }) => differences).slice(0, SHOWN),
});

const sums = (counts: readonly Readonly<Record<string, number>>[]): Record<string, number> => {
  const total: Record<string, number> = {};
  for (const [name, count] of counts.flatMap((each) => Object.entries(each))) total[name] = (total[name] ?? 0) + count;
  return total;
};

export const failuresOf = ({ compared, agreed }: Tally): number =>
  Object.entries(compared).reduce((sum, [kind, count]) => sum + count - (agreed[kind] ?? 0), 0);
