/**
 * Takes what agents, people and runs of plans say of how their work ended. It is kept beside what agents say of themselves: the same
 * store, the same bounds, and as with their spans, whoever's key it came with is who said it.
 */
import { createHash } from 'node:crypto';
import {
  type AgentSpan,
  type AgentSpanStore,
  type CallEvent,
  type Clock,
  Fault,
  type KeptOutcome,
  type Principal,
  type SaidOutcome,
  sessionTrace,
  type TaskOutcome,
} from '../contract/index.ts';
import { MOST_OUTCOMES_PER_TRACE, MOST_PER_TRACE } from './intake.ts';
import { PerMinute } from './per-minute.ts';

/** Of one sayer at one node: ten a second, which is more than work ends. */
export const MOST_OUTCOMES_PER_MINUTE = 600;

type Sayer = AgentSpan['principal'] & Pick<Principal, 'tenant'>;

export interface OutcomesOptions {
  readonly clock: Pick<Clock, 'wallMs'>;
  /** What nodes said about a call of a tenant; none when it is unknown. */
  readonly events: (tenant: string, call: string) => Promise<readonly CallEvent[]>;
  readonly store: Pick<AgentSpanStore, 'append' | 'trace'>;
  /** Gets what was kept, once. */
  readonly kept: (outcome: AgentSpan) => void;
}

/** Where it is kept, and below what it hangs. */
type Place = Pick<AgentSpan, 'trace' | 'parentSpan'> & Pick<TaskOutcome, 'session'>;

export class Outcomes {
  readonly #options: OutcomesOptions;
  readonly #minute: PerMinute;

  constructor(options: OutcomesOptions) {
    this.#options = options;
    this.#minute = new PerMinute(options.clock, MOST_OUTCOMES_PER_MINUTE);
  }

  /**
   * Throws `not_found` for a call that the sayer has no part in, `conflict` when something else was said of the same task before,
   * `rate_limited`, and `storage`.
   */
  async say({ tenant, kind, id }: Principal, said: SaidOutcome): Promise<KeptOutcome> {
    const sayer = { tenant, kind, id };
    if (this.#minute.room(JSON.stringify([tenant, kind, id]), 1) === 0) throw tooMany(this.#minute.leftMs());
    const place = await this.#placeOf(sayer, said);
    return this.#keep(sayer, place, said, [said.outcome.task]);
  }

  /** What a run of a plan came to, said by the plan. `end`: which of its ends it is, for a run that is tried again. */
  async ofRun(
    run: { readonly tenant: string; readonly id: string; readonly plan: string; readonly trace: string },
    said: Pick<SaidOutcome, 'outcome' | 'note'>,
    end: number,
  ): Promise<void> {
    const sayer = { tenant: run.tenant, kind: 'plan', id: run.plan };
    await this.#keep(sayer, { trace: run.trace }, said, [said.outcome.task, run.id, end]);
  }

  /** `key`: what makes it the same outcome of the same sayer in one trace. */
  async #keep(
    { tenant, kind, id }: Sayer,
    { session, ...place }: Place,
    { outcome, note }: Pick<SaidOutcome, 'outcome' | 'note'>,
    key: readonly unknown[],
  ): Promise<KeptOutcome> {
    const { clock, store, kept } = this.#options;
    const nowMs = clock.wallMs();
    const said: AgentSpan = {
      ...place,
      span: `outcome/${digestOf([kind, id, ...key])}`,
      ...{ tenant, principal: { kind, id }, receivedAtMs: nowMs, startedAtMs: nowMs, durationMs: 0 },
      ...{ name: outcome.task, kind: 'internal', status: 'unset', message: note, service: '', attributes: {}, left: 0 },
      outcome: { ...outcome, ...(session === undefined ? {} : { session }) },
    };
    const [became] = await store.append([said], MOST_PER_TRACE + MOST_OUTCOMES_PER_TRACE);
    if (became === 'crowded') throw crowded(said);
    if (became === 'full') throw new Fault('overloaded', 'as much waits here for the hub as can; say it again later');
    if (became === 'kept') kept(said);
    else await this.#throwUnlessSame(said);
    return {
      ...(session === undefined ? { trace: place.trace } : { session }),
      ...outcome,
      isRepeated: became !== 'kept',
    };
  }

  async #placeOf({ tenant, kind, id }: Sayer, { subject }: SaidOutcome): Promise<Place> {
    if ('trace' in subject) return subject;
    if ('session' in subject) return { trace: sessionTrace(subject.session), session: subject.session };
    const seen = (await this.#options.events(tenant, subject.call)).filter(({ callId }) => callId === subject.call);
    const own = seen.find(
      ({ principal, target }) =>
        (principal?.kind === kind && principal.id === id) || (kind === 'agent' && isTo(target, id)),
    );
    if (own === undefined) throw notYours(subject.call);
    return { trace: own.trace, parentSpan: own.span };
  }

  async #throwUnlessSame({ tenant, trace, span, outcome, name }: AgentSpan): Promise<void> {
    const before = (await this.#options.store.trace(tenant, trace)).find((one) => one.span === span)?.outcome;
    if (before === undefined || (before.result === outcome?.result && before.score === outcome.score)) return;
    const score = before.score === undefined ? '' : ` with the score ${before.score}`;
    throw new Fault(
      'conflict',
      `you said of task \`${name}\` here that it was ${before.result}${score}, and an outcome is said once; give what comes after it a task of its own`,
    );
  }
}

const digestOf = (parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);

const isTo = ({ kind, name }: CallEvent['target'], id: string): boolean => kind === 'agent' && name === id;

const notYours = (call: string): Fault =>
  new Fault(
    'not_found',
    `there is no call \`${call}\` here that you made or answered; it may not have come in yet: say \`trace\` instead, which needs no call`,
  );

const crowded = ({ trace, outcome }: AgentSpan): Fault =>
  new Fault(
    'conflict',
    outcome?.session === undefined
      ? `trace \`${trace}\` has as many outcomes as are kept; say one for the whole work and not for each part`
      : `session \`${outcome.session}\` has as many outcomes as are kept; say them of traces`,
  );

const tooMany = (retryAfterMs: number): Fault =>
  new Fault(
    'rate_limited',
    `you said ${MOST_OUTCOMES_PER_MINUTE} outcomes in this minute; say one for each piece of work`,
    {
      retryAfterMs,
    },
  );
