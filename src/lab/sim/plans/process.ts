/** A node from its start to its death: its runner, its way to the store, and what stands between a call and its agent. */
import {
  type AccountTerms,
  type Call,
  type CallRecord,
  type Clock,
  Fault,
  type Reply,
  type StepEnd,
} from '../../../contract/index.ts';
import type { Handler, World } from '../../../kernel/index.ts';
import { type Called, type Callee, PlanRunner } from '../../../plans/index.ts';
import { OPERATIONS } from './agents.ts';
import type { Question, Town } from './town.ts';

/** A timer at the shortest: nothing happens at once in this world. */
const HOP_MS = 1;

export class Process {
  readonly name: string;
  readonly runner: PlanRunner;
  readonly #town: Town;
  readonly #world: World;
  #isAlive = true;
  #stalledUntilMs = 0;

  constructor(name: string, skewMs: number, town: Town) {
    this.name = name;
    this.#town = town;
    const { world } = town;
    const clock: Clock = {
      nowMs: world.clock.nowMs,
      wallMs: () => world.clock.wallMs() + skewMs,
      after: (delayMs, run) => world.clock.after(delayMs, () => this.#isAlive && run()),
    };
    this.#world = { clock, ids: world.ids, random: world.random };
    const handler: Handler = (call) => this.#handle(call);
    this.runner = new PlanRunner({
      world: this.#world,
      store: this.#reached(town.machinery.plans(this.#watched())),
      holder: name,
      handler: () => handler,
      planOf: (_tenant, plan) => town.entries.get(plan),
      lookup: (_head, callee) => this.#lookup(callee),
      calls: this.#reached(town.stores.calls),
      approved: async () => undefined,
      withdraw: (_tenant, call) => this.#withdraw(call),
      note: () => {},
      options: { leaseMs: 3_000, pollMs: 700 },
    });
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** Nothing that it does from now on has any effect, and nothing reaches it. */
  crash(): void {
    this.#isAlive = false;
  }

  /** So long no word of it reaches the store; it does not know, and goes on where it stood. */
  stall(ms: number): void {
    this.#stalledUntilMs = this.#town.world.clock.nowMs() + ms;
  }

  /** What a process that died had begun has an unknown outcome, and this one says so. */
  async recover(): Promise<void> {
    const { begun, stores } = this.#town;
    for (const [id, { process, call }] of [...begun])
      if (process !== this.name && process.split('#')[0] === this.name.split('#')[0]) {
        const open = await stores.calls.get('t', id);
        if (open?.concludedAtMs !== null) continue;
        await this.#ended(call, 'unknown', { ...UNKNOWN, code: 'upstream_broken', message: 'the node stopped' });
      }
    this.runner.start();
  }

  /** People have said yes: the call goes out as it was asked. */
  async approved(question: Question): Promise<void> {
    await this.#send(question.call, question.target, question.record.id).catch(() => {});
  }

  async denied({ call }: Question): Promise<void> {
    const no = {
      outcome: 'denied',
      executed: 'no',
      retryable: false,
      code: 'denied',
      message: 'people said no',
      reply: null,
    } as const;
    await this.#ended(call, 'done', no).catch(() => {});
  }

  /** The store as it is: who writes without owning is seen here. */
  #watched(): Town['stores']['plans'] {
    const { plans } = this.#town.stores;
    return new Proxy(plans, {
      get: (of, name) => {
        const value: unknown = Reflect.get(of, name);
        if (typeof value !== 'function') return value;
        if (name !== 'append') return value.bind(of);
        return async (append: Parameters<typeof plans.append>[0]) => {
          const before = await plans.get(append.tenant, append.run);
          const answer = await plans.append(append);
          if (answer.kind === 'appended' && before?.holder !== this.name)
            this.#town.fail('P2', `\`${this.name}\` wrote to run ${append.run}, which \`${before?.holder}\` holds`);
          return answer;
        };
      },
    });
  }

  /** Every word to the store takes a while, gets lost, or is not heard of again; a dead process says none. */
  #reached<T extends object>(store: T): T {
    return new Proxy(store, {
      get: (of, name) => {
        const value: unknown = Reflect.get(of, name);
        if (typeof value !== 'function') return value;
        return (...args: readonly unknown[]) => this.#word(() => Reflect.apply(value, of, args) as Promise<unknown>);
      },
    });
  }

  async #word<R>(write: () => Promise<R>): Promise<R> {
    const { random, world, calm } = this.#town;
    const chance = calm ? 1 : random();
    if (chance < 0.3) await this.#pause(HOP_MS + (chance < 0.02 ? 2_000 * random() : 10 * random()));
    const stalledMs = this.#stalledUntilMs - world.clock.nowMs();
    if (stalledMs > 0) await this.#pause(stalledMs + 50 * random());
    if (!this.#isAlive) return new Promise(() => {});
    if (chance > 0.985 && !calm) throw new Fault('storage', 'the store takes nothing now', { executed: 'no' });
    const answer = await write();
    if (chance > 0.97 && chance <= 0.985 && !calm) {
      await this.#pause(5);
      throw new Fault('storage', 'nobody knows whether it was written', { executed: 'unknown' });
    }
    // Dead between a write and its answer.
    if (!this.#isAlive) return new Promise(() => {});
    return answer;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#town.world.clock.after(ms, resolve));
  }

  #lookup(callee: Callee): Called | string {
    if (callee.kind === 'capability') return 'nobody can do that';
    const { target } = callee;
    const isOwn = target.operation.startsWith('confirm.');
    const found = isOwn ? CONFIRMS : OPERATIONS[`${target.kind}/${target.name}/${target.operation}`];
    if (found === undefined) return 'there is nobody of that name';
    const operation = this.#town.machinery.operation({ ...found, name: target.operation });
    return { target, operation, marks: [], timeoutMs: null, isPlan: false };
  }

  /** Policy, people, and the way. */
  async #handle(came: Call): Promise<Reply> {
    const { random, calm, questions, machinery, stores } = this.#town;
    const call = machinery.call(came);
    const { kind, name, operation } = call.target;
    const target = `${kind}/${name}/${operation}`;
    const chance = calm ? 1 : random();
    if (chance < 0.02) throw new Fault('denied', 'policy says no');
    if (chance < 0.04) throw new Fault('overloaded', 'too many calls here');
    const asks = operation.startsWith('confirm.') || OPERATIONS[target]?.asks === true;
    if (!asks) return this.#send(call, target, null);
    const { run, step } = call.step!;
    // The same question may have been asked by several, each of whom thought that it was the only one.
    for (const known of [...questions.values()].reverse()) {
      if (known.call.step?.run !== run || known.call.step.step !== step) continue;
      if (known.state === 'withdrawn') continue;
      if (known.state === 'denied') throw new Fault('denied', 'people said no');
      if ((await stores.calls.get('t', known.record.id))?.state === 'accepted') return held(known.record.id);
    }
    const record = recordOf(call, 'accepted', this.#world.clock.wallMs());
    await this.#word(async () => {
      questions.set(record.id, { call, record, target, state: 'pending' });
      return stores.calls.accept(record);
    });
    return held(record.id);
  }

  /** Between the two transactions of the journal. */
  async #send(call: Call, target: string, accepted: string | null): Promise<Reply> {
    const { machinery, begun } = this.#town;
    let sent: Promise<Reply> | undefined;
    await machinery.begin(
      async () => {
        await this.#begin(call, accepted);
        begun.set(call.id, { process: this.name, call });
      },
      () => {
        sent = this.#isAlive ? this.#reply(call, target) : new Promise(() => {});
      },
    );
    return sent!;
  }

  async #begin(call: Call, accepted: string | null): Promise<void> {
    const { stores, world } = this.#town;
    const atMs = world.clock.wallMs();
    const step = { ...call.step!, tenant: 't', call: call.id };
    const begin = {
      record: accepted === null ? recordOf(call, 'dispatched', atMs) : null,
      dispatch: accepted === null ? null : { id: accepted, policyVersion: '' },
      ...{ grant: null, reservation: reservationOf(call), step, audit: [], atMs },
    };
    try {
      const answer = await this.#word(() => stores.calls.begin(begin));
      if (answer.kind !== 'begun') throw new Fault('conflict', `it is ${answer.kind}`, { executed: 'no' });
    } catch (thrown) {
      const fault = Fault.from(thrown);
      if (fault.code === 'storage' && fault.executed === 'unknown') void this.#takeBack(call, accepted !== null);
      throw new Fault(fault.code, fault.message, { executed: 'no' });
    }
  }

  /** Nothing was sent, whatever the store made of it. */
  async #takeBack(call: Call, wasKept: boolean): Promise<void> {
    const state = wasKept ? 'done' : 'forgotten';
    const no = {
      outcome: 'failed',
      executed: 'no',
      retryable: true,
      code: 'storage',
      message: 'not written',
      reply: null,
    } as const;
    await this.#ended(call, state, no).catch(() => {});
  }

  /** As the desk does: what is decided already stays as it is. */
  async #withdraw(id: string): Promise<void> {
    const question = this.#town.questions.get(id);
    if (question?.state !== 'pending') return;
    question.state = 'withdrawn';
    const no = { outcome: 'cancelled', executed: 'no', retryable: false, reply: null } as const;
    await this.#ended(question.call, 'done', { ...no, code: 'cancelled', message: 'it was taken back' });
  }

  async #reply(call: Call, target: string): Promise<Reply> {
    const { agents, world, calm } = this.#town;
    try {
      if (target.includes('/confirm.')) return await this.#well(call, { approved: true });
      const { promise: late, reject } = Promise.withResolvers<never>();
      world.clock.after(calm ? 60_000 : (call.timeoutMs ?? 30_000), () =>
        reject(new Fault('timeout', 'no answer in time')),
      );
      const { outcome, body } = await Promise.race([agents.send(call, target), late]);
      if (outcome === 'ok') return await this.#well(call, body);
      const no = {
        outcome: 'failed',
        executed: 'yes',
        retryable: false,
        code: '',
        message: 'it said no',
        reply: null,
      } as const;
      await this.#ended(call, 'done', no);
      return replyOf(body, 'failed');
    } catch (thrown) {
      const { code, message, executed, retryable } = Fault.from(thrown);
      const outcome = executed === 'unknown' ? 'unknown' : 'failed';
      await this.#ended(call, executed === 'unknown' ? 'unknown' : executed === 'yes' ? 'done' : 'forgotten', {
        ...{ outcome, executed, retryable, code, message, reply: null },
      });
      throw thrown;
    }
  }

  async #well(call: Call, body: unknown): Promise<Reply> {
    const reply = replyOf(body, 'ok');
    const bytes = reply.body.kind === 'bytes' ? reply.body.bytes : new Uint8Array(0);
    await this.#ended(call, 'done', {
      ...{ outcome: 'ok', executed: 'yes', retryable: false, code: '', message: '' },
      reply: { contentType: 'application/json', body: bytes },
    });
    return reply;
  }

  /** Until it is written, or the process is dead. */
  async #ended(
    call: Call,
    state: 'done' | 'unknown' | 'forgotten',
    of: Omit<StepEnd, 'run' | 'step' | 'call' | 'costMicros'>,
  ): Promise<void> {
    const { stores, world, machinery, begun } = this.#town;
    const step: StepEnd = { ...call.step!, call: call.id, ...of, costMicros: of.executed === 'yes' ? 1 : 0 };
    const amounts = state === 'unknown' ? null : { calls: of.executed === 'no' ? 0 : 1 };
    for (;;) {
      try {
        const end = {
          tenant: 't',
          id: call.id,
          outcome: { state, reply: null },
          amounts,
          step,
          audit: [],
          atMs: world.clock.wallMs(),
        };
        await this.#word(() => stores.calls.end(machinery.end(end)));
        begun.delete(call.id);
        return;
      } catch (thrown) {
        if (Fault.from(thrown).code !== 'storage') return;
        await this.#pause(100);
      }
    }
  }
}

const CONFIRMS = { name: 'confirm', effect: 'write', idempotent: true } as const;
const UNKNOWN = { outcome: 'unknown', executed: 'unknown', retryable: true, reply: null } as const;

const replyOf = (body: unknown, outcome: Reply['outcome']): Reply => ({
  ...{
    outcome,
    status: outcome === 'ok' ? 200 : 422,
    contentType: 'application/json',
    headers: [],
    endpoint: 'x',
    attempts: 1,
  },
  body: { kind: 'bytes', bytes: new TextEncoder().encode(JSON.stringify(body)) },
});

const held = (id: string): Reply => ({
  ...replyOf({ id }, 'ok'),
  status: 202,
  endpoint: '',
  attempts: 0,
  notes: ['held'],
});

const recordOf = (call: Call, state: 'accepted' | 'dispatched', atMs: number): CallRecord => ({
  ...{ id: call.id, tenant: 't', principal: { kind: 'user', tenant: 't', id: 'ann', roles: [] }, target: call.target },
  ...{ trace: call.trace.trace, session: '', idempotencyKey: call.idempotencyKey ?? '', digest: '', state },
  ...{ idempotent: false, detached: state === 'accepted', step: call.step!, request: null, policyVersion: '' },
  ...{ acceptedAtMs: atMs, concludedAtMs: null, reply: null },
});

const reservationOf = (call: Call) => ({
  ...{ id: call.id, tenant: 't', labels: {}, expiresAtMs: Number.MAX_SAFE_INTEGER },
  charges: [{ account: ACCOUNT, amount: 1 }],
});

export const ACCOUNT: AccountTerms = {
  ...{ id: 'all', tenant: 't', budget: 'all', holder: '', unit: 'calls', limit: 1_000_000 },
  ...{ windowStartMs: 0, windowEndMs: null },
};
