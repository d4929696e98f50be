/** Calls as a busy organisation makes them: trees of agents, tools and models over several nodes, with refusals, waits, retries and failures. Seeded. */
import type { Attributes, CallEvent, CallStatus, StepEvent, Target } from '../../src/contract/index.ts';
import { seeded } from '../../src/kernel/index.ts';

export const TENANTS = ['default', 'acme', 'rivals'] as const;
const NODES = ['hub-0a70ae17', ...Array.from({ length: 8 }, (_, at) => `sidecar-${at}`)];
const AGENTS = 60;
const TOOLS = 20;
const MODELS = 5;
const POLICY = '5f2b9c3d7e1a4f60';

export const agentOf = (at: number): string => `agent-${String(at).padStart(2, '0')}`;

/** A span is a call as one node saw it, or a step inside it. */
export const spansIn = (event: CallEvent): number => 1 + event.steps.length;

interface Place {
  readonly trace: string;
  readonly root: string;
  readonly tenant: string;
  readonly session: string;
}

export class Organisation {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  /** All calls of one trace, in the order in which they end. `atMs`: Unix ms at which the first of them begins. */
  trace(atMs: number): readonly CallEvent[] {
    const tenant = this.#pick(TENANTS, 3);
    const place = { trace: this.#hex(32), root: this.#hex(32), tenant, session: this.#hex(12) };
    const events: CallEvent[] = [];
    // One tree in fifty is of a planner that goes on for long.
    this.#call(events, place, { depth: 0, atMs, width: this.#random() < 0.02 ? 8 : 4 });
    return events;
  }

  #call(
    events: CallEvent[],
    place: Place,
    asked: { readonly depth: number; readonly atMs: number; readonly width: number; readonly parent?: CallEvent },
  ): number {
    const { depth, atMs, width, parent } = asked;
    const caller = parent?.target.kind === 'agent' ? parent.target.name : agentOf(this.#skewed(AGENTS));
    const target = this.#target(depth, caller);
    const callId = this.#hex(32);
    const span = this.#hex(16);
    const status = this.#status();
    const wasSent = status !== 'denied' && status !== 'refused';
    const base = this.#event({
      place,
      caller,
      target,
      callId,
      span,
      status,
      atMs,
      depth,
      ...(parent === undefined ? {} : { parent }),
    });
    let tookMs = this.#durationMs(target);
    if (wasSent && target.kind === 'agent' && depth < 8) {
      const below = Math.floor(this.#random() * (width + 1));
      for (let at = 0; at < below; at++)
        tookMs += this.#call(events, place, { depth: depth + 1, atMs: atMs + tookMs, width, parent: base });
    }
    if (!wasSent) tookMs = 1 + this.#random();
    events.push({ ...base, durationMs: micro(tookMs), steps: this.#steps(target, status, tookMs) });
    return tookMs;
  }

  #event(made: {
    readonly place: Place;
    readonly caller: string;
    readonly target: Target;
    readonly callId: string;
    readonly span: string;
    readonly status: CallStatus;
    readonly atMs: number;
    readonly depth: number;
    readonly parent?: CallEvent;
  }): CallEvent {
    const { place, caller, target, callId, span, status, atMs, depth, parent } = made;
    const isModel = target.kind === 'model';
    const input = Math.floor(200 + this.#random() * 4_000);
    const attributes: Attributes = {
      'auth.method': 'key',
      'auth.key': `key-${this.#hex(4)}`,
      'tree.origin': 'user/ada',
      'policy.version': POLICY,
      'policy.rule': ['org/agents-may-call', 'org/spend'],
      'payload.sha256': this.#hex(64),
      via: 'hub',
      ...(isModel && status === 'ok'
        ? { 'usage.input_tokens': input, 'usage.output_tokens': input >> 2, 'cost.micros': input * 3 }
        : {}),
      ...(status === 'ok'
        ? { endpoint: `${target.name}@10.0.0.${1 + (depth % 9)}:7000`, attempts: 1 }
        : MESSAGES[status]),
      ...(this.#random() < 0.003 ? { notes: ['held'], 'approval.id': this.#hex(32) } : {}),
    };
    return {
      ...{ callId, trace: place.trace, span, tenant: place.tenant, session: place.session, target, status, attributes },
      ...(parent === undefined ? {} : { parentSpan: parent.span }),
      principal: { kind: 'agent', id: caller },
      lineage: { root: place.root, depth, ...(parent === undefined ? {} : { parent: parent.callId }) },
      ...{ node: this.#pick(NODES, 2), role: 'hub', startedAtMs: micro(atMs), durationMs: 0, steps: [] },
      ...{ code: CODES[status], httpStatus: status === 'ok' ? 200 : status === 'failed' ? 500 : 0 },
      ...{ requestBytes: 900, replyBytes: status === 'ok' ? 1_400 : 0, snapshotSeq: 7 },
    };
  }

  #steps(target: Target, status: CallStatus, tookMs: number): readonly StepEvent[] {
    const steps: StepEvent[] = [];
    const add = (name: string, offsetMs: number, durationMs: number, attributes: Attributes): void => {
      steps.push({ span: this.#hex(16), name, offsetMs: micro(offsetMs), durationMs: micro(durationMs), attributes });
    };
    add('decide', 0.1, 0.2, {
      ...{ effect: status === 'denied' ? 'deny' : 'allow', code: '', missing: [], policyVersion: POLICY },
      rules: ['org/agents-may-call', 'org/spend'],
    });
    if (status === 'denied') return steps;
    if (target.kind === 'model')
      add('price', 0.4, 0.6, { budgets: ['org', 'team-a', 'team-a-daily'], micros: 9_000, tokens: 3_000 });
    if (status === 'refused') return steps;
    if (target.kind === 'tool') add('record', 0.6, 1.2, { 'call.key': this.#hex(24), replayed: false });
    const tries = this.#random() < 0.03 ? 2 : 1;
    for (let attempt = 1; attempt <= tries; attempt++) {
      const endpoint = `${target.name}@10.0.0.${attempt}:7000`;
      const [offsetMs, lengthMs] = [1.5 + ((attempt - 1) * tookMs) / tries, (tookMs - 2) / tries];
      add('route', offsetMs, 0.05, { candidates: 2, eligible: 2, picked: endpoint, panic: false });
      add('send', offsetMs, lengthMs, { endpoint, protocol: 'http', status: 200 });
      add('attempt', offsetMs, lengthMs, { attempt, endpoint, outcome: 'ok', code: '', status: 200 });
    }
    return steps;
  }

  /** Each agent calls a few others, a few tools and two models, and the same ones every day. */
  #target(depth: number, caller: string): Target {
    const [chance, own] = [this.#random(), Number(caller.slice(-2))];
    if (depth === 0 || chance < 0.35)
      return { kind: 'agent', name: agentOf((own * 7 + this.#skewed(4) * 13) % AGENTS), operation: 'ask' };
    if (chance < 0.7) {
      const tool = (own + this.#skewed(3) * 5) % TOOLS;
      return { kind: 'tool', name: `tool-${tool}`, operation: `op-${this.#skewed(3)}` };
    }
    return { kind: 'model', name: `model-${(own + this.#skewed(2)) % MODELS}`, operation: 'chat' };
  }

  #status(): CallStatus {
    const chance = this.#random();
    if (chance < 0.95) return 'ok';
    if (chance < 0.965) return 'denied';
    if (chance < 0.985) return 'failed';
    return chance < 0.997 ? 'refused' : chance < 0.999 ? 'cancelled' : 'unknown';
  }

  /** Most are quick, and some take a hundred times as long. */
  #durationMs({ kind }: Target): number {
    const base = kind === 'model' ? 600 : 15;
    return 3 + base * Math.exp(2 * (this.#random() + this.#random() - 1));
  }

  /** Few of them do most. */
  #skewed(count: number): number {
    return Math.floor(count * this.#random() ** 2);
  }

  #pick<T>(from: readonly T[], skew: number): T {
    return from[Math.floor(from.length * this.#random() ** skew)]!;
  }

  #hex(digits: number): string {
    let text = '';
    while (text.length < digits)
      text += Math.floor(this.#random() * 0x1_0000_0000)
        .toString(16)
        .padStart(8, '0');
    return text.slice(0, digits);
  }
}

const micro = (ms: number): number => Math.round(ms * 1_000) / 1_000;

const CODES: Readonly<Record<CallStatus, string>> = {
  ...{ ok: '', failed: '', denied: 'denied', refused: 'budget_exhausted', cancelled: 'cancelled', unknown: 'timeout' },
};

const MESSAGES: Readonly<Record<CallStatus, Attributes>> = {
  ok: {},
  failed: { endpoint: 'x@10.0.0.1:7000', attempts: 1 },
  denied: { message: 'rule `org/no-refunds` forbids it: refunds over $150 want a person', executed: 'no' },
  refused: { message: 'budget `team-a/daily` has 12 left and this call asks for 800', executed: 'no' },
  cancelled: { message: 'the caller went away', executed: 'unknown' },
  unknown: { message: 'no reply within 30s; the work may have run', executed: 'unknown' },
};
