/** Looks at all rules every few seconds, and keeps an incident for each that fires. */
import {
  type AgentSpan,
  type AlertState,
  type AlertView,
  type CallEvent,
  type Clock,
  type EventSink,
  Fault,
  type Incident,
  type Resource,
  type TargetKind,
  targetKey,
} from '../contract/index.ts';
import { repeat } from '../kernel/index.ts';
import type { Book } from './book.ts';
import { type BudgetReading, judge, type OpenBreaker, type Verdict } from './judge.ts';
import {
  type AlertRule,
  counts,
  isBad,
  isIncomplete,
  ruleOf,
  watchesCalls,
  watchesOutcomes,
  windowMsOf,
} from './rule.ts';
import { CALM_MS, NEVER, next, type Standing } from './standing.ts';
import { Window } from './window.ts';

export interface AlertsParts {
  readonly clock: Clock;
  /** 32 hex digits. */
  readonly newId: () => string;
  /** Loaded. */
  readonly book: Book;
  /** This hub, for its incidents. */
  readonly node: string;
  /** All rules in force, of all tenants. */
  readonly rules: () => Promise<readonly Extract<Resource, { kind: 'Alert' }>[]>;
  readonly budgets: (tenant: string) => Promise<readonly BudgetReading[]>;
  readonly breakers: (tenant: string) => readonly OpenBreaker[];
  /** Hears of each incident that opened or ended, once that is durable. Must not throw. */
  readonly changed: (incident: Incident) => void;
  /** A look that could not be finished; the next one tries again. Must not throw. */
  readonly failed: (cause: unknown) => void;
}

const LOOK_MS = 5_000;

interface Watched {
  readonly rule: AlertRule;
  readonly window: Window | undefined;
  /** Monotonic instant until which its window may have forgotten, in a restart, what an incident was about. */
  readonly fillingUntilMs: number;
  standing: Standing;
  /** Monotonic instant until which it opens no incident: somebody has just closed one. */
  restsUntilMs: number;
  text: string;
  incident: Incident | undefined;
}

export class Alerts implements EventSink {
  readonly #parts: AlertsParts;
  #watched = new Map<string, Watched>();
  /** Those that watch calls or outcomes: by target, and by tenant for all of its targets. */
  #byTarget = new Map<string, readonly Watched[]>();
  #looking: Promise<void> = Promise.resolve();

  constructor(parts: AlertsParts) {
    this.#parts = parts;
  }

  /** Goes on with what the last run left open, and looks until what it answers is called. */
  async start(): Promise<() => void> {
    const { clock, book } = this.#parts;
    const left = book.unfinished().filter(({ endedAtMs }) => endedAtMs === null);
    await this.#read(new Map(left.map((incident) => [keyOf(incident.tenant, incident.alert), incident])));
    for (const incident of left)
      if (this.#watched.get(keyOf(incident.tenant, incident.alert))?.incident?.id !== incident.id)
        await this.#end(incident, 'the alert was removed');
    return repeat(clock, LOOK_MS, () => this.look());
  }

  emit(event: CallEvent): void {
    if (this.#byTarget.size === 0 || !counts(event)) return;
    const { tenant, target } = event;
    this.#count(this.#byTarget.get(targetKey(tenant, target.kind, target.name)), event);
    this.#count(this.#byTarget.get(tenant), event);
  }

  /** How work ended, once it is kept. A run of a plan speaks for its plan, which is called as agents are. */
  said(outcome: AgentSpan): void {
    const { tenant, principal } = outcome;
    for (const place of [targetKey(tenant, 'agent', principal.kind === 'user' ? '' : principal.id), tenant])
      for (const { rule, window } of this.#byTarget.get(place) ?? []) {
        const bad = isIncomplete(rule.spec, outcome);
        if (bad !== undefined && !this.#isOld(outcome.receivedAtMs, rule)) window?.add(bad, this.#parts.clock.nowMs());
      }
  }

  /** The rules may be others now. Never throws. */
  reread(): Promise<void> {
    return this.#inTurn(() => this.#read(new Map()));
  }

  /** Never throws. */
  look(): Promise<void> {
    return this.#inTurn(async () => {
      const tenants = Map.groupBy(this.#watched.values(), ({ rule }) => rule.tenant);
      for (const [tenant, watched] of tenants) {
        const readsBudgets = watched.some(({ rule }) => rule.spec.signal === 'budget');
        const budgets = readsBudgets ? await this.#parts.budgets(tenant) : [];
        const breakers = this.#parts.breakers(tenant);
        for (const one of watched) await this.#lookAt(one, budgets, breakers);
      }
    });
  }

  /** Resolves with what it is then. Throws `conflict` for one that is over, that somebody else has, or that another hub opened. */
  acknowledge(incident: Incident, by: string, note: string): Promise<Incident> {
    const atMs = Math.floor(this.#parts.clock.wallMs());
    return this.#parts.book.act(incident, (now) => {
      if (now.acknowledged !== undefined)
        throw new Fault('conflict', `incident \`${now.id}\` is acknowledged already, by \`${now.acknowledged.by}\``);
      return { ...now, acknowledged: { by, atMs, note } };
    });
  }

  /** Ends it by hand. Where it is still so, the next one opens a minute later. Throws like `acknowledge`. */
  async close(incident: Incident, by: string, reason: string): Promise<Incident> {
    let over = incident;
    await this.#turn(async () => {
      const endedAtMs = Math.floor(this.#parts.clock.wallMs());
      over = await this.#parts.book.act(incident, (now) => ({ ...now, endedAtMs, ended: `by ${by}: ${reason}` }));
      const watched = this.#watched.get(keyOf(over.tenant, over.alert));
      if (watched?.incident?.id === over.id) this.#rest(watched);
      this.#parts.changed(over);
    });
    return over;
  }

  /** Of all tenants. */
  standings(): readonly { readonly tenant: string; readonly severity: string; readonly state: AlertState }[] {
    return [...this.#watched.values()].map(({ rule: { tenant, spec }, standing: { state } }) => ({
      ...{ tenant, severity: spec.severity, state },
    }));
  }

  /** By name. */
  views(tenant: string): readonly AlertView[] {
    return [...this.#watched.values()]
      .filter(({ rule }) => rule.tenant === tenant)
      .map(({ rule: { name, spec }, standing: { state, sinceMs }, text, incident }) => ({
        ...{ name, signal: spec.signal, severity: spec.severity, state, sinceMs, text },
        incident: incident?.id ?? '',
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #count(watched: readonly Watched[] | undefined, event: CallEvent): void {
    const endedAtMs = event.startedAtMs + event.durationMs;
    for (const { rule, window } of watched ?? []) {
      const bad = isBad(rule.spec, event);
      if (bad !== undefined && !this.#isOld(endedAtMs, rule)) window?.add(bad, this.#parts.clock.nowMs());
    }
  }

  /** A node that was cut off hands over what is long past. */
  #isOld(atMs: number, { spec }: AlertRule): boolean {
    return this.#parts.clock.wallMs() - atMs > windowMsOf(spec);
  }

  #rest(watched: Watched): void {
    const { clock } = this.#parts;
    watched.incident = undefined;
    watched.standing = { state: 'pending', sinceMs: clock.wallMs(), wellSinceMs: null };
    watched.restsUntilMs = clock.nowMs() + CALM_MS;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    return this.#turn(work).catch((cause: unknown) => this.#parts.failed(cause));
  }

  /** One after the other: a look must not go on with rules that are gone. */
  #turn(work: () => Promise<void>): Promise<void> {
    const done = this.#looking.then(work);
    this.#looking = done.catch(() => {});
    return done;
  }

  /** A rule that is the same goes on as it was; one that changed begins anew. `left`: what the last run of the node left open. */
  async #read(left: ReadonlyMap<string, Incident>): Promise<void> {
    const before = this.#watched;
    const rules = (await this.#parts.rules()).map(ruleOf);
    this.#watched = new Map(
      rules.map((rule) => {
        const key = keyOf(rule.tenant, rule.name);
        const known = before.get(key);
        const same = known !== undefined && JSON.stringify(known.rule.spec) === JSON.stringify(rule.spec);
        return [key, same ? known : this.#watch(rule, left.get(key))];
      }),
    );
    this.#byTarget = Map.groupBy(
      [...this.#watched.values()].filter(({ window }) => window !== undefined),
      ({ rule }) => placeOf(rule),
    );
    for (const [key, { incident }] of before)
      if (incident !== undefined && this.#watched.get(key)?.incident?.id !== incident.id)
        await this.#end(incident, this.#watched.has(key) ? 'the alert was changed' : 'the alert was removed');
  }

  #watch(rule: AlertRule, incident: Incident | undefined): Watched {
    const nowMs = this.#parts.clock.nowMs();
    const isCounted = watchesCalls(rule.spec) || watchesOutcomes(rule.spec);
    const window = isCounted ? new Window(windowMsOf(rule.spec), nowMs) : undefined;
    const fillingUntilMs = incident === undefined || window === undefined ? nowMs : nowMs + windowMsOf(rule.spec);
    const standing: Standing =
      incident === undefined ? NEVER : { state: 'firing', sinceMs: incident.openedAtMs, wellSinceMs: null };
    return { rule, window, fillingUntilMs, standing, restsUntilMs: nowMs, text: incident?.text ?? '', incident };
  }

  async #lookAt(one: Watched, budgets: readonly BudgetReading[], breakers: readonly OpenBreaker[]): Promise<void> {
    const { rule, window, fillingUntilMs } = one;
    const nowMs = this.#parts.clock.nowMs();
    const verdict = judge(rule.spec, {
      whole: window?.whole(nowMs) ?? NONE,
      short: window?.short(nowMs) ?? NONE,
      budgets,
      breakers,
      isFilling: nowMs < fillingUntilMs,
    });
    const forMs = nowMs < one.restsUntilMs ? Number.POSITIVE_INFINITY : rule.spec.forMs;
    const standing = next(one.standing, verdict, forMs, this.#parts.clock.wallMs());
    // Durable before it is so: an incident that only this process knew of would never be told of after a crash.
    if (standing.state === 'firing' && one.incident === undefined) one.incident = await this.#open(rule, verdict);
    if (standing.state === 'ok' && one.incident !== undefined) {
      await this.#end(one.incident, verdict.text);
      one.incident = undefined;
    }
    one.standing = standing;
    one.text = verdict.text;
  }

  async #open({ tenant, name, spec }: AlertRule, { text }: Verdict): Promise<Incident> {
    const { book, clock, newId, node, changed } = this.#parts;
    const incident: Incident = {
      ...{ id: newId(), tenant, alert: name, node, severity: spec.severity, signal: spec.signal, text },
      ...{ openedAtMs: Math.floor(clock.wallMs()), endedAtMs: null, ended: '' },
      ...{ webhook: spec.webhook ?? '', told: 'nothing' },
    };
    await book.put(incident);
    changed(incident);
    return incident;
  }

  async #end({ id }: Incident, ended: string): Promise<void> {
    const { book, clock, changed } = this.#parts;
    const over = await book.change(id, (now) => ({ ...now, endedAtMs: Math.floor(clock.wallMs()), ended }));
    if (over !== undefined) changed(over);
  }
}

const NONE = { calls: 0, bad: 0 };

const keyOf = (tenant: string, name: string): string => `${tenant}/${name}`;

const placeOf = ({ tenant, spec: { target } }: AlertRule): string => {
  if (target === undefined) return tenant;
  const [kind = '', name = ''] = target.split('/');
  return targetKey(tenant, kind as TargetKind, name);
};
