/** What a node counts is written to a sheet, family by family: as text that is scraped, or as a message that is pushed. The numbers are the same. */
import type { Buckets } from './buckets.ts';
import type { FamilyName } from './families.ts';
import type { LabelSet } from './labels.ts';

export interface Sheet {
  /** Before the samples of a family, and once for each. */
  family(name: FamilyName): void;
  sample(name: FamilyName, labels: LabelSet, value: number): void;
  histogram(name: FamilyName, labels: LabelSet, buckets: Buckets): void;
}
