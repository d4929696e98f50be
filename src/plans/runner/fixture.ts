/** A node with a runner over a store in memory, and agents that are functions. */
import {
  type Call,
  type CallRecord,
  Fault,
  type OperationEntry,
  type PlanEntry,
  type PlanRun,
  PlanSpec,
  type PlanStore,
  type Reply,
  type StepEnd,
  type Stores,
} from '../../contract/index.ts';
import { type Handler, systemWorld, type World } from '../../kernel/index.ts';
import { memoryStores } from '../../stores/index.ts';
import { type Called, type Callee, calleeOf, targetText } from '../callee.ts';
import type { RunnerOptions, RunnerParts } from './parts.ts';
import { PlanRunner } from './runner.ts';

export type Agent = (input: unknown, call: Call) => unknown;

type Operations = Readonly<Record<string, Partial<OperationEntry>>>;

export interface House {
  readonly agents: Readonly<Record<string, Agent>>;
  readonly world: World;
  readonly stores: Stores;
  readonly store: PlanStore;
  readonly runner: PlanRunner;
  readonly parts: RunnerParts;
  /** Every call that reached an agent. */
  readonly sent: Call[];
  /** From now on it writes nothing, and hears nothing. */
  kill(): void;
  begin(input?: unknown): Promise<string>;
  run(
    input?: unknown,
  ): Promise<{ readonly state: string; readonly output: unknown; readonly message: string; readonly id: string }>;
}

export const house = (
  plan: unknown,
  agents: Readonly<Record<string, Agent>>,
  {
    operations = {},
    options = {},
    stores = memoryStores(),
    world = systemWorld(),
    holder = 'here',
  }: {
    readonly operations?: Readonly<Record<string, Partial<OperationEntry>>>;
    readonly options?: Partial<RunnerOptions>;
    readonly stores?: Stores;
    readonly world?: World;
    readonly holder?: string;
  } = {},
): House => {
  const sent: Call[] = [];
  const entry = entryOf(plan);
  const store = stores.plans;
  const handler = pipeline(stores, agents, operations, sent, () => world.clock.wallMs());
  let isAlive = true;
  const parts: RunnerParts = {
    world,
    store: new Proxy(store, {
      get: (of, name) => {
        const value: unknown = Reflect.get(of, name);
        if (typeof value !== 'function') return value;
        return (...args: readonly unknown[]) => (isAlive ? Reflect.apply(value, of, args) : new Promise(() => {}));
      },
    }),
    holder,
    handler: () => handler,
    planOf: () => entry,
    lookup: (_head, callee) => called(callee, agents, operations),
    calls: stores.calls,
    approved: async () => undefined,
    withdraw: async () => undefined,
    note: () => {},
    options: { pollMs: 20, ...options },
  };
  const runner = new PlanRunner(parts);
  const begin = async (input: unknown = {}): Promise<string> => {
    const run = await runner.begin(startOf(world.ids.callId(), input), entry);
    return run.id;
  };
  return {
    kill: () => {
      isAlive = false;
    },
    ...{ agents, world, stores, store, runner, parts, sent, begin },
    run: async (input) => {
      const id = await begin(input);
      const { run, output, message } = await runner.looks.finished('t', id, NEVER);
      return { state: run.state, output: output?.json === undefined ? null : JSON.parse(output.json), message, id };
    },
  };
};

/** Resolves when the run is like that. */
export const seen = async ({ store, runner }: House, id: string, isIt: (run: PlanRun) => boolean): Promise<void> => {
  for (;;) {
    const run = await store.get('t', id);
    if (run !== undefined && isIt(run)) return;
    runner.wake('t', id);
    await new Promise((resolve) => setImmediate(resolve));
  }
};

export const NEVER = { reason: undefined, onCancel: () => () => {} };

export const entryOf = (plan: unknown): PlanEntry => {
  const spec = PlanSpec.parse(plan);
  return { tenant: 't', name: 'trip', domain: '', digest: 'd', spec };
};

export const startOf = (id: string, input: unknown): Call => ({
  id,
  credential: { kind: 'none' },
  principal: { kind: 'user', tenant: 't', id: 'ann', roles: [] },
  target: { kind: 'agent', name: 'trip', operation: 'run' },
  contentType: 'application/json',
  accept: 'application/json',
  body: { kind: 'bytes', bytes: new TextEncoder().encode(JSON.stringify(input)) },
  headers: [],
  trace: { trace: 'a'.repeat(32), sampled: true },
  lineage: { root: id, depth: 0 },
  priority: 2,
  stream: false,
  via: [],
  retriedElsewhere: false,
});

export const called = (
  callee: Callee,
  agents: Readonly<Record<string, Agent>>,
  operations: Readonly<Record<string, Partial<OperationEntry>>>,
): Called | string => {
  // The first agent that has an operation of its name provides a capability.
  const text =
    callee.kind === 'target'
      ? targetText(callee.target)
      : Object.keys(agents).find((known) => known.endsWith(`/${callee.name}`));
  if (text === undefined) return 'nobody can do that';
  const { target } = calleeOf(text) as Extract<Callee, { kind: 'target' }>;
  if (agents[text] === undefined) return `there is no \`${text}\``;
  const operation: OperationEntry = {
    ...{ name: target.operation, effect: 'write', idempotent: false, ...operations[text] },
  };
  return { target, operation, marks: [], timeoutMs: 5_000, isPlan: false };
};

/** What the node does between a call and its agent, as far as runs are concerned: the journal, in two transactions. */
const pipeline =
  (stores: Stores, agents: House['agents'], operations: Operations, sent: Call[], wallMs: () => number): Handler =>
  async (call) => {
    const mark = { ...call.step!, call: call.id };
    const isIdempotent = operations[targetText(call.target)]?.idempotent ?? false;
    const step = { ...mark, tenant: 't' };
    const begun = await stores.calls.begin({
      ...{
        record: recordOf(call, isIdempotent, wallMs()),
        dispatch: null,
        grant: null,
        reservation: null,
        step,
        audit: [],
      },
      atMs: wallMs(),
    });
    if (begun.kind !== 'begun')
      throw new Fault('conflict', `another call has taken its place: ${begun.kind}`, { executed: 'no' });
    sent.push(call);
    const end = {
      ...mark,
      code: '',
      message: '',
      retryable: false,
      costMicros: operations[targetText(call.target)]?.price?.perCall ?? 0,
    };
    const ended = async (of: Omit<StepEnd, keyof typeof mark>, state: 'done' | 'unknown'): Promise<void> => {
      const outcome = { state, reply: null };
      await stores.calls.end({
        tenant: 't',
        id: call.id,
        outcome,
        amounts: null,
        step: { ...end, ...of },
        audit: [],
        atMs: wallMs(),
      });
    };
    try {
      const { contentType, bytes } = await answered(agents, call);
      const reply = { contentType, body: bytes };
      await ended({ ...end, outcome: 'ok', executed: 'yes', reply }, 'done');
      return replyOf(bytes);
    } catch (thrown) {
      const { code, message, executed, retryable } = Fault.from(thrown);
      const outcome = executed === 'unknown' ? 'unknown' : code === 'denied' ? 'denied' : 'failed';
      const state = executed === 'unknown' ? 'unknown' : 'done';
      await ended({ ...end, outcome, code, message, executed, retryable, reply: null }, state);
      throw thrown;
    }
  };

/** Bytes are answered as they are; everything else as JSON. */
const answered = async (
  agents: House['agents'],
  call: Call,
): Promise<{ readonly contentType: string; readonly bytes: Uint8Array }> => {
  const { body, contentType } = call;
  const bytes = body.kind === 'bytes' ? body.bytes : new Uint8Array(0);
  const input: unknown = contentType === 'application/json' ? JSON.parse(new TextDecoder().decode(bytes)) : bytes;
  const answer = await agents[targetText(call.target)]!(input, call);
  if (answer instanceof Uint8Array) return { contentType: 'application/octet-stream', bytes: answer };
  return { contentType: 'application/json', bytes: new TextEncoder().encode(JSON.stringify(answer)) };
};

export const recordOf = (call: Call, idempotent: boolean, atMs: number): CallRecord => ({
  ...{ id: call.id, tenant: 't', principal: { kind: 'user', tenant: 't', id: 'ann', roles: [] }, target: call.target },
  ...{
    trace: call.trace.trace,
    session: '',
    idempotencyKey: call.idempotencyKey ?? '',
    digest: '',
    state: 'dispatched',
  },
  ...{ idempotent, detached: false, step: call.step!, request: null, policyVersion: '', acceptedAtMs: atMs },
  ...{ concludedAtMs: null, reply: null },
});

const replyOf = (bytes: Uint8Array): Reply => ({
  ...{ outcome: 'ok', status: 200, contentType: 'application/json', headers: [], body: { kind: 'bytes', bytes } },
  ...{ endpoint: 'here', attempts: 1 },
});

/** People are asked about this call first. */
export const heldReply = (id: string): Reply => ({
  ...{ outcome: 'ok', status: 202, contentType: 'application/json', headers: [], endpoint: '', attempts: 0 },
  body: { kind: 'bytes', bytes: new TextEncoder().encode(JSON.stringify({ id })) },
  notes: ['held'],
});
