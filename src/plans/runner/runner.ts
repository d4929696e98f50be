/**
 * Keeps runs of plans going: takes those that are due under a lease, one turn at a time for each, sends their calls through the
 * node's pipeline, and gives a run back when there is nothing to do for it here. What it knows it has read; when it dies, whoever
 * takes a run over reads the same.
 */
import type { Call, PlanEntry, PlanRun, RunWish, StepKey, Timer } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import { invoke, rootScope, silentSpan } from '../../kernel/index.ts';
import { IllegalHistory } from '../fold.ts';
import type { Send } from '../given.ts';
import { Definitions } from '../known-definitions.ts';
import { JSON_TYPE } from '../result.ts';
import { throwIfIdle } from '../wishes.ts';
import { cameBack } from './came-back.ts';
import { Looks, unknownRun } from './looks.ts';
import { type Ground, type Intended, Owned } from './owned.ts';
import { auditOf, type CameBack, DEFAULTS, type RunnerOptions, type RunnerParts, runKey } from './parts.ts';
import { headOf } from './starting-run.ts';
import { stepCall } from './step-call.ts';
import { Watchers } from './watchers.ts';
import { planWay } from './way.ts';

interface Hand {
  readonly owned: Owned;
  turning: boolean;
  /** Something has happened meanwhile. */
  again: boolean;
  isLost: boolean;
  /** Its history makes no sense, and nobody is to go on with it. */
  isBroken: boolean;
}

interface Live {
  readonly key: string;
  readonly isPlan: boolean;
}

const CLAIM_LIMIT = 100;

export class PlanRunner {
  readonly #parts: RunnerParts;
  readonly #options: RunnerOptions;
  readonly #hands = new Map<string, Hand>();
  readonly #live = new Map<string, Live>();
  /** Runs that wait for room. */
  readonly #short = new Set<string>();
  readonly #watchers: Watchers;
  readonly #definitions = new Definitions();
  #busy = 0;
  #claiming: Promise<void> | undefined;
  #claimAgain = false;
  #timer: Timer | undefined;
  #soonestMs = Number.POSITIVE_INFINITY;
  #renewedAtMs = 0;
  #stopping = false;
  #idle: (() => void) | undefined;

  /** Of all runs, wherever they are worked on. */
  readonly looks: Looks;
  /** What answers for plans on this node. */
  readonly way: ReturnType<typeof planWay>;

  constructor(parts: RunnerParts) {
    this.#parts = parts;
    this.#options = { ...DEFAULTS, ...parts.options };
    this.#watchers = new Watchers(parts.store);
    this.looks = new Looks({
      ...{ store: parts.store, world: parts.world, watchers: this.#watchers },
      ...{ definitions: this.#definitions, ground: this.#ground() },
    });
    this.way = planWay({
      planOf: parts.planOf,
      approved: parts.approved,
      begin: (call, entry) => this.begin(call, entry),
      finished: (tenant, id, signal) => this.looks.finished(tenant, id, signal),
      blob: (tenant, run, digest) => parts.store.blob(tenant, run, digest),
    });
  }

  /** Takes up what is due; looks again and again from then on. */
  start(): void {
    this.#renewedAtMs = this.#parts.world.clock.nowMs();
    void this.#claim();
    this.#tickLater();
  }

  /** No run begins anything any more; what was sent is waited for a while, and all runs are given back. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const { clock } = this.#parts.world;
    if (this.#live.size > 0)
      await new Promise<void>((resolve) => {
        const timer = clock.after(this.#options.drainMs, resolve);
        this.#idle = () => {
          timer.cancel();
          resolve();
        };
      });
    this.#timer?.cancel();
    await this.#claiming;
    for (const [key, { owned }] of [...this.#hands]) await this.#release(key, owned);
    this.#watchers.stop(new Fault('unavailable', 'this node stops; ask again, at another one if there is one'));
  }

  /** What is under way here. */
  get figures(): { readonly runs: number; readonly calls: number } {
    return { runs: this.#hands.size, calls: this.#live.size };
  }

  /** Durable when it resolves. The same call again is the same run. Throws `bad_request` and `loop_detected`. */
  async begin(call: Call, entry: PlanEntry): Promise<PlanRun> {
    const atMs = Math.floor(this.#parts.world.clock.wallMs());
    const head = headOf(call, entry, atMs);
    const { kind, id } = head.principal;
    const line = auditOf(head, atMs, 'plan.started', `${kind}/${id}`, { digest: head.digest });
    const run = await this.#parts.store.start(head, [line], atMs);
    void this.#claim();
    return run;
  }

  /** Throws `not_found`, and `conflict` or `bad_request` for what could change nothing. Answers the seq of the wish. */
  async wish(tenant: string, id: string, wish: RunWish, by: string): Promise<number> {
    const { store, world } = this.#parts;
    const run = await store.get(tenant, id);
    if (run === undefined) throw unknownRun(id);
    throwIfIdle(await this.looks.stateOf(run), id, wish);
    const atMs = Math.floor(world.clock.wallMs());
    const { wish: word, ...rest } = wish;
    const about = 'from' in rest ? { from: rest.from } : 'name' in rest ? { signal: rest.name } : {};
    const seq = await store.wish(tenant, id, wish, by, [auditOf(run, atMs, `plan.${word}`, by, about)], atMs);
    this.wake(tenant, id);
    return seq;
  }

  /** Something has been written to its history, by a call or by people. */
  wake(tenant: string, id: string): void {
    const key = runKey({ tenant, id });
    this.#watchers.wake(key);
    const hand = this.#hands.get(key);
    if (hand === undefined) void this.#claim();
    else void this.#kick(key, hand);
  }

  /** A call of it has ended. One that this node sent for it comes back by itself. */
  heard(tenant: string, id: string, call: string): void {
    if (!this.#live.has(call)) this.wake(tenant, id);
  }

  #ground(): Ground {
    return {
      parts: this.#parts,
      isLive: (call) => this.#live.has(call),
      room: () => Math.max(0, this.#options.calls - this.#busy),
      take: (most) => {
        const taken = Math.min(most, Math.max(0, this.#options.calls - this.#busy));
        this.#busy += taken;
        return taken;
      },
      give: (many) => {
        this.#busy -= many;
      },
    };
  }

  /** One at a time; asked meanwhile, it looks once more. */
  async #claim(): Promise<void> {
    if (this.#stopping) return;
    this.#claimAgain = true;
    this.#claiming ??= this.#claimAll().finally(() => {
      this.#claiming = undefined;
      // Whoever asked after its last look and before this moment has not been heard.
      if (this.#claimAgain && this.#busy < this.#options.calls) void this.#claim();
    });
    await this.#claiming;
  }

  async #claimAll(): Promise<void> {
    const { store, world, holder, note } = this.#parts;
    while (this.#claimAgain && !this.#stopping) {
      this.#claimAgain = false;
      const limit = Math.min(CLAIM_LIMIT, this.#options.calls - this.#busy);
      if (limit <= 0) {
        // As soon as there is room.
        this.#claimAgain = true;
        return;
      }
      try {
        const by = { holder, nowMs: Math.floor(world.clock.wallMs()), leaseMs: this.#options.leaseMs, limit };
        const runs = await store.claim(by);
        for (const run of runs) this.#take(run);
        if (runs.length === limit) this.#claimAgain = true;
      } catch (thrown) {
        note('runs of plans could not be claimed', { cause: Fault.from(thrown).message });
        return;
      }
    }
  }

  #take(run: PlanRun): void {
    const key = runKey(run);
    const before = this.#hands.get(key);
    if (before !== undefined) before.isLost = true;
    try {
      const owned = new Owned(run, this.#definitions.of(run), this.#ground());
      for (const [call, came] of before?.owned.came ?? []) owned.came.set(call, came);
      const hand: Hand = { owned, turning: false, again: false, isLost: false, isBroken: false };
      this.#hands.set(key, hand);
      void this.#kick(key, hand);
    } catch (thrown) {
      this.#hands.delete(key);
      this.#parts.note('a run of a plan cannot be read', { run: run.id, plan: run.plan, cause: String(thrown) });
    }
  }

  async #kick(key: string, hand: Hand): Promise<void> {
    hand.again = true;
    if (hand.turning || hand.isBroken) return;
    hand.turning = true;
    try {
      while (hand.again && !hand.isLost && this.#hands.get(key) === hand) {
        hand.again = false;
        await this.#turn(key, hand);
      }
    } catch (thrown) {
      hand.isBroken = thrown instanceof IllegalHistory;
      // Otherwise it is looked at again soon: what is written is read then.
      this.#parts.note('a run of a plan could not be brought forward', {
        run: hand.owned.run.id,
        cause: messageOf(thrown),
      });
    } finally {
      hand.turning = false;
    }
  }

  async #turn(key: string, hand: Hand): Promise<void> {
    const turned = await hand.owned.turn(!this.#stopping);
    this.#watchers.wake(key);
    if (turned.kind === 'lost') {
      this.#drop(key, hand);
      return;
    }
    if (turned.isShort) this.#short.add(key);
    if (turned.kind === 'sends') {
      await Promise.all(turned.calls.map((one) => this.#send(key, hand, one)));
      return;
    }
    const hasLive = hand.owned.openCalls().some((call) => this.#live.has(call));
    if (hand.again || hasLive || turned.isShort || hand.owned.came.size > 0) return;
    this.#drop(key, hand);
    if (!turned.isOver) await this.#giveBack(hand.owned);
    if (turned.dueMs !== null) this.#dueAt(turned.dueMs);
  }

  #drop(key: string, hand: Hand): void {
    hand.isLost = true;
    this.#short.delete(key);
    if (this.#hands.get(key) === hand) this.#hands.delete(key);
  }

  async #release(key: string, owned: Owned): Promise<void> {
    const hand = this.#hands.get(key);
    if (hand !== undefined) this.#drop(key, hand);
    await this.#giveBack(owned).catch(() => {});
  }

  async #giveBack({ run: { tenant, id, epoch } }: Owned): Promise<void> {
    await this.#parts.store.release({ tenant, id, epoch });
  }

  /** Its intent is durable. Resolves when it is on its way. */
  async #send(key: string, hand: Hand, { send, call }: Intended): Promise<void> {
    const { world, handler } = this.#parts;
    const { run } = hand.owned;
    const live: Live = { key, isPlan: send.isPlan };
    this.#live.set(call, live);
    const { scope } = rootScope(world, silentSpan(world.ids.spanId()));
    const { bytes, contentType } = await this.#payload(run, send);
    const work =
      bytes === undefined
        ? Promise.reject(new Fault('storage', 'the bytes that this step passes on cannot be read'))
        : invoke(
            handler(),
            stepCall(run, { send, call, contentType, bytes }, world.clock.nowMs(), world.clock.wallMs()),
            scope,
          );
    void cameBack(work).then((came) => {
      this.#live.delete(call);
      if (!send.isPlan) this.#busy -= 1;
      const now = this.#hands.get(key);
      const heard = now === undefined ? this.#claim() : this.#hear(key, now, call, came);
      if (came.kind === 'replied' && came.held !== '')
        void heard.then(() => this.#withdrawIfIdle(run, send.key, came.held));
      this.#roomFor();
      if (this.#live.size === 0) this.#idle?.();
    });
  }

  #hear(key: string, hand: Hand, call: string, came: CameBack): Promise<void> {
    hand.owned.came.set(call, came);
    return this.#kick(key, hand);
  }

  /** People were asked after the run had given the step up: it waits for nobody. */
  async #withdrawIfIdle({ tenant, id }: PlanRun, step: StepKey, call: string): Promise<void> {
    try {
      if (!(await this.looks.isOpen(tenant, id, step))) await this.#parts.withdraw(tenant, call);
    } catch (thrown) {
      this.#parts.note('a question that no run waits for could not be taken back', {
        run: id,
        call,
        cause: messageOf(thrown),
      });
    }
  }

  /** What is passed on as a whole is read when it is sent. Undefined: it cannot be. */
  async #payload(
    { tenant, id }: PlanRun,
    { payload }: Send,
  ): Promise<{ readonly contentType: string; readonly bytes: Uint8Array | undefined }> {
    if (payload.kind === 'bytes') return { contentType: JSON_TYPE, bytes: payload.bytes };
    const { contentType, digest, json } = payload.result;
    if (json !== undefined) return { contentType, bytes: new TextEncoder().encode(json) };
    const blob = await this.#parts.store.blob(tenant, id, digest).catch(() => undefined);
    return { contentType, bytes: blob?.body };
  }

  /** One of those that wait for room has its turn. */
  #roomFor(): void {
    for (const key of this.#short) {
      this.#short.delete(key);
      const hand = this.#hands.get(key);
      if (hand === undefined) continue;
      void this.#kick(key, hand);
      return;
    }
    if (this.#claimAgain) void this.#claim();
  }

  #dueAt(dueMs: number): void {
    const inMs = dueMs - this.#parts.world.clock.wallMs();
    const atMs = this.#parts.world.clock.nowMs() + Math.max(0, inMs);
    if (atMs >= this.#soonestMs) return;
    this.#soonestMs = atMs;
    this.#tickLater();
  }

  #tickLater(): void {
    this.#timer?.cancel();
    const { clock } = this.#parts.world;
    const inMs = Math.max(1, Math.min(this.#options.pollMs, this.#soonestMs - clock.nowMs()));
    this.#timer = clock.after(inMs, () => {
      this.#soonestMs = Number.POSITIVE_INFINITY;
      void this.#tick()
        .catch((thrown: unknown) =>
          this.#parts.note('runs of plans could not be looked after', { cause: messageOf(thrown) }),
        )
        .finally(() => {
          if (!this.#stopping || this.#live.size > 0) this.#tickLater();
        });
    });
  }

  async #tick(): Promise<void> {
    const nowMs = this.#parts.world.clock.nowMs();
    if (nowMs >= this.#renewedAtMs + this.#options.leaseMs / 3) await this.#renew(nowMs);
    await this.#claim();
    await this.#watchers.poll((key) => this.#hands.has(key));
  }

  /** Those that are not ours any more are dropped; the others may have been written to by others. */
  async #renew(nowMs: number): Promise<void> {
    const { store, holder, world } = this.#parts;
    const hands = [...this.#hands.values()];
    if (hands.length > 0) {
      const untilMs = Math.floor(world.clock.wallMs()) + this.#options.leaseMs;
      const runs = hands.map(({ owned: { run } }) => ({ tenant: run.tenant, id: run.id, epoch: run.epoch }));
      const kept = new Set(await store.renew({ holder, untilMs, runs }));
      for (const hand of hands) {
        const key = runKey(hand.owned.run);
        if (!kept.has(hand.owned.run.id)) this.#drop(key, hand);
        else void this.#kick(key, hand);
      }
    }
    this.#renewedAtMs = nowMs;
  }
}

const messageOf = (thrown: unknown): string => (thrown instanceof Error ? thrown.message : String(thrown));
