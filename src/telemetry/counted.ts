/** What one finished call adds to the families that are about calls. Bounded, and nothing here waits. */
import type { Attributes, CallEvent, StepEvent } from '../contract/index.ts';
import { Buckets, DURATIONS } from './buckets.ts';
import { FAMILIES, type FamilyName } from './families.ts';
import { withLabel } from './labels.ts';
import { SeriesMap } from './series.ts';
import type { Sheet } from './sheet.ts';
import { counters, histograms } from './writing.ts';

/** The teams of an agent: names in order, joined by `+`; empty for none. */
export type TeamsOf = (tenant: string, agent: string) => string;

type CountedTarget = Readonly<Record<'kind' | 'name' | 'operation', string>>;

/** Calls that were refused before anybody knew whether their target exists are counted here: their names are the caller's own. */
const NOWHERE: CountedTarget = { kind: 'unknown', name: 'unknown', operation: 'unknown' };

export const placeOf = ({ principal, code, target }: CallEvent): CountedTarget =>
  principal !== null && code !== 'not_found' && code !== 'loop_detected' ? target : NOWHERE;

class Count {
  total = 0;
}

class Bytes {
  request = 0;
  reply = 0;
}

class Use {
  input = 0;
  output = 0;
  micros = 0;
}

export class CountedCalls {
  readonly #teamsOf: TeamsOf;
  readonly #calls: SeriesMap<Buckets>;
  readonly #faults: SeriesMap<Count>;
  readonly #bytes: SeriesMap<Bytes>;
  readonly #use: SeriesMap<Use>;
  readonly #decisions: SeriesMap<Count>;
  readonly #deciding: SeriesMap<Buckets>;
  readonly #holds: SeriesMap<Count>;

  /** `most`: series of one family with names of their own. */
  constructor(most: number, teamsOf: TeamsOf) {
    this.#teamsOf = teamsOf;
    this.#calls = new SeriesMap(FAMILIES.airspace_calls_total.labels, most, () => new Buckets(DURATIONS));
    this.#faults = new SeriesMap(FAMILIES.airspace_call_faults_total.labels, most, () => new Count());
    this.#bytes = new SeriesMap(FAMILIES.airspace_request_bytes_total.labels, most, () => new Bytes());
    this.#use = new SeriesMap(FAMILIES.airspace_cost_usd_total.labels, most, () => new Use());
    this.#decisions = new SeriesMap(FAMILIES.airspace_decisions_total.labels, most, () => new Count());
    this.#deciding = new SeriesMap(
      FAMILIES.airspace_decision_duration_seconds.labels,
      most,
      () => new Buckets(DURATIONS),
    );
    this.#holds = new SeriesMap(FAMILIES.airspace_holds_total.labels, most, () => new Count());
  }

  add(event: CallEvent): void {
    const { tenant, role, status, code, principal, requestBytes, replyBytes } = event;
    const { kind, name, operation } = placeOf(event);
    const endedAtMs = event.startedAtMs + event.durationMs;
    this.#calls
      .at([tenant, role, principal?.domain ?? '', kind, name, operation, status])
      .record(event.durationMs / 1_000, event.trace, endedAtMs);
    if (code !== '') this.#faults.at([tenant, role, kind, name, code]).total += 1;
    if (requestBytes > 0 || replyBytes > 0) {
      const bytes = this.#bytes.at([tenant, role, kind, name]);
      bytes.request += requestBytes;
      bytes.reply += replyBytes;
    }
    this.#addUse(event, kind, name);
    for (const step of event.steps) this.#addStep(event, step, endedAtMs);
  }

  /** Observations that found no room, by a family that they are of. */
  *others(): Iterable<readonly [FamilyName, number]> {
    yield ['airspace_calls_total', this.#calls.others];
    yield ['airspace_call_faults_total', this.#faults.others];
    yield ['airspace_request_bytes_total', this.#bytes.others];
    yield ['airspace_cost_usd_total', this.#use.others];
    yield ['airspace_decisions_total', this.#decisions.others];
  }

  write(sheet: Sheet): void {
    counters(sheet, 'airspace_calls_total', this.#calls, ({ count }) => count);
    histograms(sheet, 'airspace_call_duration_seconds', this.#calls);
    counters(sheet, 'airspace_call_faults_total', this.#faults, ({ total }) => total);
    counters(sheet, 'airspace_request_bytes_total', this.#bytes, ({ request }) => request);
    counters(sheet, 'airspace_reply_bytes_total', this.#bytes, ({ reply }) => reply);
    this.#writeTokens(sheet);
    counters(sheet, 'airspace_cost_usd_total', this.#use, ({ micros }) => micros / 1_000_000);
    counters(sheet, 'airspace_decisions_total', this.#decisions, ({ total }) => total);
    histograms(sheet, 'airspace_decision_duration_seconds', this.#deciding);
    counters(sheet, 'airspace_holds_total', this.#holds, ({ total }) => total);
  }

  #addUse({ tenant, role, principal, attributes }: CallEvent, kind: string, name: string): void {
    const micros = countIn(attributes, 'cost.micros');
    const input = countIn(attributes, 'usage.input_tokens');
    const output = countIn(attributes, 'usage.output_tokens');
    if (micros === 0 && input === 0 && output === 0) return;
    const isAgent = principal?.kind === 'agent';
    // People are many, and none of them is a label.
    const caller = isAgent ? `agent/${principal.id}` : (principal?.kind ?? '');
    const use = this.#use.at([tenant, role, kind, name, caller, isAgent ? this.#teamsOf(tenant, principal.id) : '']);
    use.micros += micros;
    use.input += input;
    use.output += output;
  }

  #addStep({ tenant, role, trace }: CallEvent, { name, attributes, durationMs }: StepEvent, endedAtMs: number): void {
    if (name === 'hold') this.#holds.at([tenant, role, textIn(attributes, 'outcome')]).total += 1;
    if (name !== 'decide') return;
    const effect = textIn(attributes, 'effect');
    this.#decisions.at([tenant, role, effect, levelOf(effect, attributes)]).total += 1;
    this.#deciding.at([role, effect]).record(durationMs / 1_000, trace, endedAtMs);
  }

  #writeTokens(sheet: Sheet): void {
    const used = [...this.#use.all()].filter(({ value }) => value.input > 0 || value.output > 0);
    if (used.length === 0) return;
    sheet.family('airspace_tokens_total');
    for (const { labels, value } of used) {
      sheet.sample('airspace_tokens_total', withLabel(labels, 'direction', 'input'), value.input);
      sheet.sample('airspace_tokens_total', withLabel(labels, 'direction', 'output'), value.output);
    }
  }
}

/** Rules are told as `level/id`. A denial without one comes from the first level that permits nothing. */
const levelOf = (effect: string, { rules, missing }: Attributes): string => {
  if (effect === 'allow') return 'all';
  const [rule] = Array.isArray(rules) ? (rules as readonly string[]) : [];
  if (rule !== undefined) return rule.slice(0, Math.max(0, rule.indexOf('/')));
  return (Array.isArray(missing) ? (missing as readonly string[])[0] : undefined) ?? 'none';
};

const textIn = (attributes: Attributes, name: string): string => {
  const value = attributes[name];
  return typeof value === 'string' ? value : '';
};

/** A number that is none counts nothing. */
const countIn = (attributes: Attributes, name: string): number => {
  const value = attributes[name];
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
};
