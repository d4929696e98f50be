/** Callers that want one thing each and do not give up: they try again where that is safe, and some of them cheat. */
import type { Call, CallRecord, Executed, Reply } from '../../../contract/index.ts';
import { FAULT_CODES, Fault, type FaultCode } from '../../../contract/index.ts';
import { loopbackCall, type VirtualWorld } from '../../../kernel/index.ts';
import { SHOWN } from './desk.ts';
import { agentOf, type Hub } from './hub.ts';
import { CALLERS, OFFERS, OUTCAST, TARGET, TENANTS } from './operations.ts';
import type { Story } from './story.ts';

export interface Errand {
  readonly tenant: string;
  readonly principal: string;
  readonly operation: string;
  readonly body: string;
  /** Empty: without. */
  readonly key: string;
  readonly detach: boolean;
  readonly leavesAfterMs: number | undefined;
  readonly timeoutMs: number | undefined;
  /** Uses a key, or an approval, for other bytes; or uses an approval twice. */
  readonly cheats: boolean;
}

const oneOf = <T>(random: () => number, all: readonly T[]): T => all[Math.floor(random() * all.length)]!;

export const errand = (random: () => number, nth: number): Errand => {
  const operation = oneOf(random, ['look', 'draft', 'post', 'think', 'pay', 'pay', 'issue', 'transfer', 'transfer']);
  const { gated, stream } = OFFERS[operation]!;
  return {
    tenant: oneOf(random, TENANTS),
    principal: random() < 0.04 ? OUTCAST : oneOf(random, CALLERS),
    operation,
    body: JSON.stringify({ operation, nth, max_tokens: OFFERS[operation]!.worst }),
    key: random() < 0.6 ? `k${nth}` : '',
    detach: !gated && !stream && random() < 0.4,
    leavesAfterMs: random() < 0.1 ? 60 * random() : undefined,
    timeoutMs: random() < 0.1 ? 1 + 60 * random() : undefined,
    cheats: random() < 0.3,
  };
};

export interface Town {
  readonly world: VirtualWorld;
  readonly random: () => number;
  readonly story: Story;
  readonly hubs: readonly Hub[];
}

const TRIES = 5;
const POLLS = 9;

/** What one try came to. */
interface Outcome {
  readonly outcome: string;
  readonly executed: Executed;
  readonly facts: Fault['facts'];
  /** Id of the call that runs by itself: an earlier one with the same key may have it. */
  readonly accepted?: string;
}

export class Caller {
  readonly #town: Town;
  readonly #errand: Errand;

  constructor(town: Town, of: Errand) {
    this.#town = town;
    this.#errand = of;
  }

  async run(): Promise<void> {
    const { key, cheats, body } = this.#errand;
    const { random } = this.#town;
    for (let nth = 1; nth <= TRIES; nth += 1) {
      if (cheats && key !== '' && random() < 0.2) await this.#try({ body: `${body} ` });
      const came = await this.#try({});
      const approval = came.facts['approval'];
      if (typeof approval === 'string') await this.#waitForPeople(approval);
      else if (!this.#isWorthAnother(came)) return;
      else await this.#pause(2_500 * random() * random());
    }
  }

  /** O2: without a key only what did not run. */
  #isWorthAnother({ outcome, executed }: Outcome): boolean {
    if (outcome === 'ok' || outcome === 'failed' || outcome === 'accepted' || outcome === 'denied') return false;
    return executed === 'no' || this.#errand.key !== '';
  }

  async #waitForPeople(approval: string): Promise<void> {
    const { random } = this.#town;
    const { body, cheats } = this.#errand;
    await this.#pause(800 + 2_000 * random());
    if (!cheats) return;
    const shown: [string, string] = [SHOWN, approval];
    if (random() < 0.5) await this.#try({ body: `${body} `, shown, key: '' });
    else if (random() < 0.6) await Promise.all([this.#try({ shown, key: '' }), this.#try({ shown, key: '' })]);
    if (random() < 0.5) await this.#pause(8_000 * random());
    await this.#try({ shown, key: '' });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#town.world.clock.after(ms, resolve));
  }

  async #try(change: {
    readonly body?: string;
    readonly key?: string;
    readonly shown?: [string, string];
  }): Promise<Outcome> {
    const { hubs, random } = this.#town;
    const { leavesAfterMs } = this.#errand;
    const call = this.#callOf(change);
    const came = await oneOf(random, hubs).send(call, leavesAfterMs).then(outcomeOf, faultOf);
    this.#told(call, came, false);
    if (came.accepted !== undefined) await this.#poll({ ...call, id: came.accepted });
    return came;
  }

  #callOf({
    body = this.#errand.body,
    key = this.#errand.key,
    shown,
  }: {
    readonly body?: string;
    readonly key?: string;
    readonly shown?: [string, string];
  }): Call {
    const { tenant, principal, operation, detach, timeoutMs } = this.#errand;
    return loopbackCall({
      id: this.#town.world.ids.callId(),
      credential: { kind: 'known', principal: agentOf(tenant, principal) },
      principal: null,
      target: { kind: 'agent', name: TARGET, operation },
      body: { kind: 'bytes', bytes: Buffer.from(body) },
      headers: shown === undefined ? [] : [shown],
      stream: OFFERS[operation]!.stream,
      ...(key === '' ? {} : { idempotencyKey: key }),
      ...(detach ? { detach } : {}),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
  }

  /** Until its record is over. */
  async #poll(call: Call): Promise<void> {
    const { hubs, random } = this.#town;
    const { tenant, principal } = this.#errand;
    for (let nth = 0; nth < POLLS; nth += 1) {
      await this.#pause(300 * 2 ** nth);
      const journal = oneOf(random, hubs).run?.journal;
      const record = await Promise.race([
        journal?.owned(agentOf(tenant, principal), call.id).catch(() => undefined),
        this.#pause(3_000),
      ]);
      if (record === undefined || record.concludedAtMs === null) continue;
      this.#told(call, polledOf(record), true);
      return;
    }
  }

  #told({ id, target, idempotencyKey = '' }: Call, { outcome, executed }: Outcome, polled: boolean): void {
    const { tenant } = this.#errand;
    this.#town.story.told.push({
      ...{ tenant, callId: id, key: idempotencyKey, operation: target.operation, outcome, executed, polled },
    });
  }
}

const outcomeOf = async (reply: Reply): Promise<Outcome> => {
  if (reply.status === 202) {
    const accepted =
      reply.headers
        .find(([name]) => name === 'location')?.[1]
        .split('/')
        .at(-1) ?? '';
    return { outcome: 'accepted', executed: 'unknown', facts: {}, accepted };
  }
  if (reply.body.kind === 'stream')
    try {
      for await (const _chunk of reply.body.chunks);
    } catch (thrown) {
      return faultOf(thrown);
    }
  return { outcome: reply.outcome, executed: 'yes', facts: {} };
};

const faultOf = (thrown: unknown): Outcome => {
  const { code, executed, facts } = Fault.from(thrown);
  return { outcome: code, executed, facts };
};

/** As the door words it. */
const polledOf = ({ state, reply }: CallRecord): Outcome => {
  if (reply?.outcome === 'fault')
    return {
      outcome: reply.code,
      executed: reply.executed ?? FAULT_CODES[reply.code as FaultCode].executed,
      facts: {},
    };
  if (state === 'done') return { outcome: reply?.outcome ?? 'ok', executed: 'yes', facts: {} };
  return { outcome: state, executed: state === 'cancelled' ? 'no' : 'unknown', facts: {} };
};
