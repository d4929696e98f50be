/** What one outcome adds to the families that are about how work ended. Bounded, and nothing here waits. */
import type { AgentSpan } from '../contract/index.ts';
import { Buckets, SCORES } from './buckets.ts';
import { FAMILIES, type FamilyName } from './families.ts';
import { SeriesMap } from './series.ts';
import type { Sheet } from './sheet.ts';
import { counters, histograms } from './writing.ts';

class Count {
  total = 0;
}

export class CountedOutcomes {
  readonly #results: SeriesMap<Count>;
  readonly #scores: SeriesMap<Buckets>;

  /** `most`: series of one family with names of their own. */
  constructor(most: number) {
    this.#results = new SeriesMap(FAMILIES.airspace_outcomes_total.labels, most, () => new Count());
    this.#scores = new SeriesMap(FAMILIES.airspace_outcome_score.labels, most, () => new Buckets(SCORES));
  }

  /** `role` is the part of this node. */
  add({ tenant, principal: { kind, id }, trace, receivedAtMs, outcome }: AgentSpan, role: string): void {
    if (outcome === undefined) return;
    // People are many, and none of them is a label.
    const agent = kind === 'user' ? kind : `${kind}/${id}`;
    this.#results.at([tenant, role, agent, outcome.task, outcome.result]).total += 1;
    if (outcome.score !== undefined)
      this.#scores.at([tenant, role, agent, outcome.task]).record(outcome.score, trace, receivedAtMs);
  }

  /** Observations that found no room, by a family that they are of. */
  *others(): Iterable<readonly [FamilyName, number]> {
    yield ['airspace_outcomes_total', this.#results.others];
    yield ['airspace_outcome_score', this.#scores.others];
  }

  write(sheet: Sheet): void {
    counters(sheet, 'airspace_outcomes_total', this.#results, ({ total }) => total);
    histograms(sheet, 'airspace_outcome_score', this.#scores);
  }
}
