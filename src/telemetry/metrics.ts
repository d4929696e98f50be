/** What a node counts and measures, as text for Prometheus and as plain data for `top` and `status`. */
import type { AgentSpan, CallEvent, Clock, EventSink } from '../contract/index.ts';
import { CountedCalls, placeOf, type TeamsOf } from './counted.ts';
import { CountedOutcomes } from './counted-outcomes.ts';
import { type Exposition, ExpositionText } from './exposition.ts';
import { FAMILIES, type FamilyName } from './families.ts';
import { keyOf, type LabelSet, labelSet, labelValue } from './labels.ts';
import type { Sheet } from './sheet.ts';
import { type TargetStats, Targets } from './targets.ts';

/** Default of `MetricsOptions.series`: some megabytes in memory and in an answer, and more names than a person looks at. */
export const SERIES_LIMIT = 1_000;

/** A scraper gives up after ten seconds; an answer without what is slow is better than none. */
const SOURCE_MS = 2_000;

export interface MetricsOptions {
  /** Bounds how long a source may take. Absent: nothing does. */
  readonly clock?: Clock;
  /** Series of one family with names of their own; what comes after is counted under `other`. Default `SERIES_LIMIT`. */
  readonly series?: number;
  /** Default: nobody is in a team. */
  readonly teamsOf?: TeamsOf;
}

/** One value that is read when somebody asks. */
export interface Gauge {
  readonly name: FamilyName;
  /** What tells it from others of its name. Absent: nothing. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly read: () => number;
}

/** Says one value of a family. Labels that the family does not have are left out. */
export type Say = (name: FamilyName, labels: Readonly<Record<string, string>>, value: number) => void;

/** Many values that are read when somebody asks. */
export interface Source {
  /** For whoever looks why something is absent. */
  readonly name: string;
  /** What it throws is counted, and what it said until then stays. */
  readonly read: (say: Say) => void | Promise<void>;
}

export class Metrics implements EventSink {
  readonly #options: MetricsOptions;
  readonly #most: number;
  readonly #calls: CountedCalls;
  readonly #outcomes: CountedOutcomes;
  readonly #targets: Targets;
  readonly #sources: Source[] = [];
  readonly #reading = new Set<Source>();
  readonly #failed = new Map<string, number>();
  #collecting: Promise<Collected> | undefined;

  constructor(options: MetricsOptions = {}) {
    this.#options = options;
    this.#most = options.series ?? SERIES_LIMIT;
    this.#calls = new CountedCalls(this.#most, options.teamsOf ?? (() => ''));
    this.#outcomes = new CountedOutcomes(this.#most);
    this.#targets = new Targets(this.#most);
  }

  emit(event: CallEvent): void {
    this.#calls.add(event);
    const { kind, name } = placeOf(event);
    this.#targets.record(event.tenant, kind, name, event.status, event.durationMs);
  }

  /** How a piece of work ended. `role` is the part of this node. */
  outcome(said: AgentSpan, role: string): void {
    this.#outcomes.add(said, role);
    const { tenant, principal, outcome } = said;
    // A plan is called as agents are.
    if (outcome !== undefined && principal.kind !== 'user')
      this.#targets.ended(tenant, 'agent', principal.id, outcome.result);
  }

  gauge({ name, labels = {}, read }: Gauge): void {
    this.source({ name, read: (say) => say(name, labels, read()) });
  }

  source(source: Source): void {
    this.#sources.push(source);
  }

  /** Per target, busiest first. */
  targets(tenant: string | null): readonly TargetStats[] {
    return this.#targets.stats(tenant);
  }

  async text(exposition: Exposition = 'prometheus'): Promise<string> {
    const text = new ExpositionText(exposition);
    await this.write(text);
    return text.end();
  }

  /** Who asks while another answer is made gets the same readings: sources are asked once at a time, however many scrape. */
  async write(sheet: Sheet): Promise<void> {
    this.#collecting ??= this.#collect().finally(() => {
      this.#collecting = undefined;
    });
    const collected = await this.#collecting;
    this.#calls.write(sheet);
    this.#outcomes.write(sheet);
    collected.write(sheet);
  }

  async #collect(): Promise<Collected> {
    const collected = new Collected(this.#most);
    await Promise.all(this.#sources.map((source) => this.#readOne(source, collected)));
    collected.close((say) => this.#ofItself(say));
    return collected;
  }

  async #readOne(source: Source, collected: Collected): Promise<void> {
    try {
      // It hangs since an earlier answer: asking again would only make more that hang.
      if (this.#reading.has(source)) throw new Error('it is still being read');
      const reading = source.read((...said) => collected.say(...said));
      if (reading instanceof Promise) await this.#inTime(this.#once(source, reading));
    } catch {
      this.#failed.set(source.name, (this.#failed.get(source.name) ?? 0) + 1);
    }
  }

  async #once(source: Source, reading: Promise<void>): Promise<void> {
    this.#reading.add(source);
    try {
      await reading;
    } finally {
      this.#reading.delete(source);
    }
  }

  #inTime(reading: Promise<void>): Promise<void> {
    const { clock } = this.#options;
    if (clock === undefined) return reading;
    return new Promise((resolve, reject) => {
      const timer = clock.after(SOURCE_MS, () => reject(new Error('it took too long')));
      reading.then(resolve, reject).finally(() => timer.cancel());
    });
  }

  #ofItself(say: Say): void {
    for (const [family, others] of [...this.#calls.others(), ...this.#outcomes.others()])
      say('airspace_metrics_other_total', { family }, others);
    for (const [source, failed] of this.#failed) say('airspace_metrics_failed_total', { source }, failed);
  }
}

/** What sources said for one answer: each series once, and no more of a family than fit. */
class Collected {
  readonly #most: number;
  readonly #families = new Map<FamilyName, Map<string, { readonly labels: LabelSet; readonly value: number }>>();
  readonly #leftOut = new Map<FamilyName, number>();
  #isClosed = false;

  constructor(most: number) {
    this.#most = most;
  }

  say(name: FamilyName, labels: Readonly<Record<string, string>>, value: number): void {
    // A source that took too long may still talk.
    if (this.#isClosed) return;
    const family = this.#families.get(name) ?? new Map();
    this.#families.set(name, family);
    const names = FAMILIES[name].labels;
    const values = names.map((label) => labelValue(labels[label] ?? ''));
    const key = keyOf(values);
    if (family.size >= this.#most && !family.has(key)) this.#leftOut.set(name, (this.#leftOut.get(name) ?? 0) + 1);
    else family.set(key, { labels: labelSet(names, values), value });
  }

  close(last: (say: Say) => void): void {
    for (const [family, count] of this.#leftOut) this.say('airspace_metrics_left_out', { family }, count);
    last((...said) => this.say(...said));
    this.#isClosed = true;
  }

  write(sheet: Sheet): void {
    for (const [name, series] of this.#families) {
      sheet.family(name);
      for (const { labels, value } of series.values()) sheet.sample(name, labels, value);
    }
  }
}
