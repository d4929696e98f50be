/**
 * Takes spans that agents say of themselves. INVARIANT: they stand beside what nodes saw and never in its place; whoever sent them is who
 * they are said by, whatever is in them.
 */
import {
  type AgentSpan,
  type AgentSpanStore,
  type CallEvent,
  type Clock,
  Fault,
  type Principal,
  type SaidSpan,
} from '../contract/index.ts';
import { PerMinute } from './per-minute.ts';

/** Why spans were not kept. */
export const LEFT_REASONS = ['invalid', 'rate', 'clashed', 'crowded', 'full'] as const;
/**
 * `invalid`: no span. `rate`: more than the agent may say in a minute. `clashed`: its id is that of a span of a node, or of what another
 * agent said. `crowded`: its trace has as many as are kept. `full`: no more can wait here for the hub of this node.
 */
export type LeftReason = (typeof LEFT_REASONS)[number];

/** A trace is read whole by whoever looks at it. */
export const MOST_PER_TRACE = 5_000;
/** Beyond those, so that nobody who fills a trace with spans keeps its outcome out. */
export const MOST_OUTCOMES_PER_TRACE = 200;
/** Of one agent at one node: a large trace fits, and a minute of it can be kept and shown. */
export const MOST_PER_MINUTE = 6_000;

/** Of one node below: its agents were held to their own, and a sidecar that lies fills no more than a busy domain. */
export const MOST_HANDED_PER_MINUTE = 60_000;

export interface IntakeOptions {
  readonly clock: Pick<Clock, 'wallMs'>;
  /** What nodes said about a trace of a tenant; none when it is unknown. */
  readonly events: (tenant: string, trace: string) => Promise<readonly CallEvent[]>;
  readonly store: Pick<AgentSpanStore, 'append'>;
  /** Gets what was kept, once: of agents that said it here, and of nodes that handed it over. */
  readonly forward?: (spans: readonly AgentSpan[], isHanded: boolean) => void;
}

export interface Taken {
  readonly rejected: number;
  /** For the agent; empty: nothing was left out. */
  readonly message: string;
}

export interface IntakeCounts {
  readonly kept: number;
  readonly left: Readonly<Record<LeftReason, number>>;
}

export class Intake {
  readonly #options: IntakeOptions;
  readonly #left: Record<LeftReason, number> = none();
  readonly #minute: PerMinute;
  readonly #handed: PerMinute;
  #kept = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#minute = new PerMinute(options.clock, MOST_PER_MINUTE);
    this.#handed = new PerMinute(options.clock, MOST_HANDED_PER_MINUTE);
  }

  get counts(): IntakeCounts {
    return { kept: this.#kept, left: { ...this.#left } };
  }

  /** `invalid`: spans that were none, by what is wrong with them. Throws `storage`. */
  async take(
    { tenant, kind, id }: Principal,
    said: readonly SaidSpan[],
    invalid: ReadonlyMap<string, number> = new Map(),
  ): Promise<Taken> {
    const left: Record<LeftReason, number> = none();
    for (const count of invalid.values()) left.invalid += count;
    const room = this.#minute.room(JSON.stringify([tenant, kind, id]), said.length);
    left.rate = said.length - room;
    const receivedAtMs = this.#options.clock.wallMs();
    const spans = said
      .slice(0, room)
      .map((span): AgentSpan => ({ ...span, tenant, principal: { kind, id }, receivedAtMs }));
    await this.#keep(spans, left, false);
    for (const reason of LEFT_REASONS) this.#left[reason] += left[reason];
    return {
      rejected: LEFT_REASONS.reduce((sum, reason) => sum + left[reason], 0),
      message: messageOf(left, invalid),
    };
  }

  /**
   * What a node below heard, of agents that stand behind it: the same again changes nothing. Answers how many were new. Throws `storage`,
   * and `overloaded` when the node has handed over as much as it may in this minute; it comes again then.
   */
  async handed(node: string, said: readonly AgentSpan[]): Promise<number> {
    if (this.#handed.room(node, said.length) < said.length)
      throw new Fault('overloaded', 'this node hands over too much of what agents said; the rest has to wait', {
        retryAfterMs: this.#handed.leftMs(),
      });
    const nowMs = this.#options.clock.wallMs();
    const left = none();
    const isOutcome = ({ outcome }: AgentSpan): boolean => outcome !== undefined;
    const spans = said.map((span) => ({ ...span, receivedAtMs: Math.min(span.receivedAtMs, nowMs) }));
    const kept =
      (await this.#keep(
        spans.filter((span) => !isOutcome(span)),
        left,
        true,
      )) + (await this.#keep(spans.filter(isOutcome), left, true, MOST_PER_TRACE + MOST_OUTCOMES_PER_TRACE));
    for (const reason of LEFT_REASONS) this.#left[reason] += left[reason];
    return kept;
  }

  /** Answers how many; adds those that were not to `left`. */
  async #keep(
    spans: readonly AgentSpan[],
    left: Record<LeftReason, number>,
    isHanded: boolean,
    most = MOST_PER_TRACE,
  ): Promise<number> {
    const fresh: AgentSpan[] = [];
    for (const own of Map.groupBy(spans, ({ tenant, trace }) => JSON.stringify([tenant, trace])).values()) {
      const { tenant, trace } = own[0]!;
      const seen = spansOfNodes(await this.#options.events(tenant, trace));
      const beside = own.filter(({ span }) => !seen.has(span));
      left.clashed += own.length - beside.length;
      fresh.push(...beside);
    }
    const outcomes = fresh.length === 0 ? [] : await this.#options.store.append(fresh, most);
    const kept = fresh.filter((_, at) => outcomes[at] === 'kept');
    for (const outcome of outcomes) if (outcome !== 'kept' && outcome !== 'repeated') left[outcome]++;
    this.#kept += kept.length;
    if (kept.length > 0) this.#options.forward?.(kept, isHanded);
    return kept.length;
  }
}

const none = (): Record<LeftReason, number> => ({ invalid: 0, rate: 0, clashed: 0, crowded: 0, full: 0 });

const spansOfNodes = (events: readonly CallEvent[]): ReadonlySet<string> =>
  new Set(events.flatMap(({ span, steps }) => [span, ...steps.map((step) => step.span)]));

const messageOf = (left: Readonly<Record<LeftReason, number>>, invalid: ReadonlyMap<string, number>): string =>
  [
    ...[...invalid].map(([why, count]) => `${count}: ${why}`),
    ...(left.rate === 0 ? [] : [`${left.rate}: more than ${MOST_PER_MINUTE} spans in this minute; export fewer`]),
    ...(left.clashed === 0 ? [] : [`${left.clashed}: their span ids belong to spans of others in the same trace`]),
    ...(left.crowded === 0 ? [] : [`${left.crowded}: their trace has ${MOST_PER_TRACE} spans of agents already`]),
    ...(left.full === 0 ? [] : [`${left.full}: as many wait here for the hub as can; export them later`]),
  ].join('; ');
