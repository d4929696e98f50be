/** A run that this node works on: what is read of its history, and one turn after the other of what comes next. */
import type { PlanRun, RunBlob, RunEvent, RunFact, RunState, StepResult } from '../../contract/index.ts';
import { targetText } from '../callee.ts';
import { celOf } from '../expression/index.ts';
import { apply } from '../fold.ts';
import type { Given, Send } from '../given.ts';
import { next, type Turn } from '../next.ts';
import { proposalOf, reread } from '../planner.ts';
import type { Definition } from '../shape.ts';
import { State, stateOf } from '../state.ts';
import { factsOf } from './came-back.ts';
import { auditOf, type CameBack, type RunnerParts } from './parts.ts';
import { Readings } from './readings.ts';

/** What a run needs of the node that works on it. */
export interface Ground {
  readonly parts: RunnerParts;
  readonly isLive: (call: string) => boolean;
  /** So many calls may begin, and are counted from then on until `give`. */
  readonly take: (most: number) => number;
  readonly room: () => number;
  readonly give: (many: number) => void;
}

/** Its intent is durable. */
export interface Intended {
  readonly send: Send;
  readonly call: string;
}

export type Turned =
  /** Nobody but time or the world can bring it forward: it may be given back. */
  | { readonly kind: 'still'; readonly isOver: boolean; readonly dueMs: number | null; readonly isShort: boolean }
  | { readonly kind: 'sends'; readonly calls: readonly Intended[]; readonly isShort: boolean }
  | { readonly kind: 'lost' };

const PAGE = 1_000;
/** A run whose calls write all the time lets others have their turn. */
const MOST_TRIES = 20;

export class Owned {
  readonly run: PlanRun;
  /** How its calls came back, until the history says so. */
  readonly came = new Map<string, CameBack>();
  readonly #ground: Ground;
  readonly #state: State;
  readonly #readings: Readings;
  readonly #input: Given['input'];
  #shown: { readonly state: RunState; readonly dueMs: number | null };
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(run: PlanRun, definition: Definition, ground: Ground) {
    this.run = run;
    this.#ground = ground;
    this.#state = new State(definition);
    this.#readings = new Readings(ground.parts.store);
    this.#input = celOf(JSON.parse(run.input));
    this.#shown = { state: run.state, dueMs: run.dueMs };
  }

  get state(): State {
    return this.#state;
  }

  /** Calls of it that the history thinks are under way. */
  openCalls(): readonly string[] {
    return [...this.#state.open].map((key) => this.#state.of(key).call).filter((call) => call !== '');
  }

  /** Throws `storage` when nothing is known; the history is read on then, and it is decided again. */
  async turn(mayBegin: boolean): Promise<Turned> {
    this.#readings.trim();
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      await this.readOn();
      const found = await this.#lookedUp();
      const answer = await this.#once(found, mayBegin);
      if (answer !== undefined) return answer;
    }
    return { kind: 'still', isOver: false, dueMs: this.#nowMs(), isShort: true };
  }

  #nowMs(): number {
    return Math.floor(this.#ground.parts.world.clock.wallMs());
  }

  async readOn(): Promise<void> {
    const { tenant, id } = this.run;
    for (;;) {
      const events = await this.#ground.parts.store.events(tenant, id, this.#state.whole.seq, PAGE);
      for (const event of events) apply(this.#state, event, reread);
      if (events.length < PAGE) return;
    }
  }

  /** Undefined: read on, and decide again. */
  async #once(found: readonly RunFact[], mayBegin: boolean): Promise<Turned | undefined> {
    const { parts, take, give } = this.#ground;
    const { tenant, id, epoch } = this.run;
    const state = this.#state;
    const atMs = this.#nowMs();
    const afterSeq = state.whole.seq;
    state.begin();
    const written = new Written(state, atMs);
    written.add(found);
    this.#heard(written);
    let turn = next(state, this.#given(atMs, mayBegin));
    while (turn.facts.length > 0) {
      written.add(turn.facts, turn.blobs);
      turn = next(state, this.#given(atMs, mayBegin));
    }
    if (turn.loads.length > 0 && turn.sends.length === 0 && written.facts.length === 0) return this.#load(turn.loads);
    const heavy = turn.sends.filter(({ isPlan }) => !isPlan).length;
    const taken = take(heavy);
    const calls = intended(turn, taken, heavy).map((send) => ({ send, call: parts.world.ids.callId() }));
    written.add(calls.map(intentOf));
    const isShort = turn.isShort || taken < heavy;
    const shown = { state: stateOf(state), dueMs: calls.length > 0 ? atMs : turn.dueMs };
    const still = { kind: 'still', isOver: state.whole.finished !== null, dueMs: shown.dueMs, isShort } as const;
    if (written.facts.length === 0 && shown.state === this.#shown.state && shown.dueMs === this.#shown.dueMs) {
      state.commit();
      this.#forget(written);
      return still;
    }
    try {
      const { facts, blobs } = written;
      const audit = facts.flatMap((fact) => auditLine(this.run, fact, atMs));
      const answer = await parts.store.append({
        tenant,
        run: id,
        epoch,
        afterSeq,
        facts,
        ...shown,
        blobs,
        audit,
        atMs,
      });
      if (answer.kind === 'appended') {
        state.commit();
        this.#shown = shown;
        this.#forget(written);
        this.#sayEnd(facts, answer.seq);
        await this.#withdraw(written);
        return calls.length === 0 ? still : { kind: 'sends', calls, isShort };
      }
      state.rollback();
      give(taken);
      return answer.kind === 'lost' ? { kind: 'lost' } : undefined;
    } catch (thrown) {
      state.rollback();
      give(taken);
      throw thrown;
    }
  }

  #forget({ heard }: Written): void {
    for (const call of heard) this.came.delete(call);
  }

  /** Who dies before has said nothing: what is told here is telemetry, and the history has it. */
  #sayEnd(facts: readonly RunFact[], seq: number): void {
    const end = facts.find((fact) => fact.kind === 'finished');
    if (end !== undefined) this.#ground.parts.ended?.({ run: this.run, state: end.state, message: end.message, seq });
  }

  /** Who dies before has left a question that nobody waits for: a start looks for those, and so does a vote. */
  async #withdraw({ withdrawn }: Written): Promise<void> {
    const { withdraw, note } = this.#ground.parts;
    for (const call of withdrawn)
      await withdraw(this.run.tenant, call).catch((thrown: unknown) =>
        note('a question of a run could not be taken back', { run: this.run.id, call, cause: String(thrown) }),
      );
  }

  async #load(results: readonly StepResult[]): Promise<undefined> {
    this.#state.rollback();
    await this.#readings.load(this.run.tenant, this.run.id, results);
    return undefined;
  }

  #heard(written: Written): void {
    for (const [call, came] of this.came) {
      written.heard.push(call);
      for (const key of [...this.#state.open]) {
        const { facts, blob } = factsOf(this.#state.of(key), call, came);
        written.add(facts, blob === undefined ? [] : [blob]);
      }
    }
  }

  /** What waits for people is asked after now and then; what a node left behind that is gone may wait for people too. */
  async #lookedUp(): Promise<readonly RunFact[]> {
    const { parts, isLive } = this.#ground;
    const nowMs = this.#nowMs();
    const isFirst = nowMs >= this.#lookedAtMs + 30_000;
    if (isFirst) this.#lookedAtMs = nowMs;
    const found: RunFact[] = [];
    for (const key of this.#state.open) {
      const { status, call, inDoubt, lost } = this.#state.of(key);
      if (inDoubt && isFirst) found.push(...(await this.#learnt(key, lost)));
      else if (status === 'intent' && !isLive(call) && !this.came.has(call)) {
        const record = await parts.calls.get(this.run.tenant, call);
        if (record?.state === 'accepted') found.push({ kind: 'asked', step: key, call, approval: call });
      } else if (status === 'asked' && isFirst) {
        const record = await parts.calls.get(this.run.tenant, call);
        if (record?.concludedAtMs == null) continue;
        const { code = '', message = '', outcome } = record.reply ?? {};
        if (outcome !== 'fault') continue;
        found.push({
          ...{ kind: 'ended', step: key, call, outcome: 'denied', code, message, executed: 'no', retryable: false },
          ...{ result: null, costMicros: 0 },
        });
      }
    }
    return found;
  }

  /** The history hears of the newest call of a step; what became of those before stands in their records. */
  async #learnt(step: string, lost: readonly string[]): Promise<readonly RunFact[]> {
    const found: RunFact[] = [];
    for (const call of lost) {
      const record = await this.#ground.parts.calls.get(this.run.tenant, call);
      if (record !== undefined && (record.concludedAtMs === null || record.state === 'unknown')) continue;
      const verdict = record?.state === 'done' && record.reply?.executed !== 'no' ? 'executed' : 'not_executed';
      found.push({ kind: 'resolved', step, call, verdict, result: null });
    }
    return found;
  }

  #given(nowMs: number, mayBegin: boolean): Given {
    const { parts, isLive, room } = this.#ground;
    const lookup: Given['lookup'] = (callee) => parts.lookup(this.run, callee);
    return {
      ...{ head: this.run, input: this.#input, nowMs, lookup },
      // What came back is not to be sent again before it is known what it came to.
      isLive: (call) => isLive(call) || this.came.has(call),
      room: mayBegin ? room() : 0,
      read: (result) => this.#readings.read(result),
      propose: (json) => proposalOf(this.#state.definition, json, lookup),
    };
  }
}

/** Facts as they are thought, each read at once, so that the next one knows of it. */
class Written {
  readonly facts: RunFact[] = [];
  readonly blobs: RunBlob[] = [];
  readonly heard: string[] = [];
  /** Calls that waited for people, and for which nobody waits any more. */
  readonly withdrawn: string[] = [];
  readonly #state: State;
  readonly #atMs: number;

  constructor(state: State, atMs: number) {
    this.#state = state;
    this.#atMs = atMs;
  }

  add(facts: readonly RunFact[], blobs: readonly RunBlob[] = []): void {
    for (const fact of facts) {
      const event = { ...fact, seq: this.#state.whole.seq + 1, atMs: this.#atMs } as RunEvent;
      if (isGivenUp(this.#state, fact)) this.withdrawn.push(fact.call);
      apply(this.#state, event, reread);
      this.facts.push(fact);
    }
    this.blobs.push(...blobs);
  }
}

const isGivenUp = (state: State, fact: RunFact): fact is Extract<RunFact, { kind: 'ended' }> =>
  fact.kind === 'ended' && fact.outcome === 'cancelled' && state.of(fact.step).status === 'asked';

/** Where others were faster and took the room, what waits for it is left for the next turn. */
const intended = ({ sends }: Turn, taken: number, heavy: number): readonly Send[] => {
  let left = heavy - taken;
  return [...sends]
    .reverse()
    .filter(({ isPlan }) => isPlan || left-- <= 0)
    .reverse();
};

const intentOf = ({ send, call }: Intended): RunFact => {
  const { key, attempt, target, digest, taint, idempotent, estimateMicros, timeoutMs } = send;
  return {
    ...{ kind: 'intent', step: key, attempt, call, target: targetText(target), digest },
    ...{ taint, idempotent, estimateMicros, timeoutMs },
  };
};

const auditLine = (run: PlanRun, fact: RunFact, atMs: number) => {
  if (fact.kind === 'finished')
    return [auditOf(run, atMs, 'plan.ended', 'airspace', { state: fact.state, reason: fact.message.slice(0, 500) })];
  if (fact.kind === 'failing')
    return [
      auditOf(run, atMs, 'plan.failing', 'airspace', { reason: fact.because.slice(0, 500), step: fact.step ?? '' }),
    ];
  return [];
};
