/** A hub process: the real layers around the record, over a wire that fails. It dies, and another run of it looks at what is left. */
import { AuditTrail, auditRefusals, auditSending, type Checkpoint, CheckpointKeeper } from '../../../audit/index.ts';
import type { Call, CallRecord, Principal, Reply } from '../../../contract/index.ts';
import { Fault } from '../../../contract/index.ts';
import { Journal, Reconciler } from '../../../journal/index.ts';
import {
  compose,
  deadline,
  type Handler,
  type Layer,
  Permit,
  RetryBudgets,
  retry,
  rootScope,
  silentSpan,
  type VirtualWorld,
} from '../../../kernel/index.ts';
import { decide, Trees } from '../../../policy/index.ts';
import type { Agent } from './agent.ts';
import { type Desk, type DeskRules, desk } from './desk.ts';
import { Life } from './life.ts';
import type { Machinery } from './machinery.ts';
import { textOf, type Weather, wayTo } from './network.ts';
import { planFor } from './operations.ts';
import { POLICY } from './policy.ts';
import type { Room, RoomParts } from './rooms.ts';
import type { Story } from './story.ts';
import type { Kept } from './vault.ts';
import { type StoreWeather, wireTo } from './wire.ts';

/** What all hubs of a history share. */
export interface HubParts {
  readonly world: VirtualWorld;
  readonly random: () => number;
  readonly story: Story;
  readonly store: Kept;
  readonly holders: Map<string, string>;
  readonly agent: Agent;
  readonly network: Weather;
  readonly storeWeather: StoreWeather;
  readonly machinery: Machinery;
  readonly purse: (parts: RoomParts) => Room;
  readonly desk: DeskRules;
  /** Somewhere else, where nothing is lost. */
  readonly checkpoints: Checkpoint[];
}

/** A call may take this long; what the caller wants may be less. */
const LIMIT_MS = 3_000;
const DOWN_MS = 500;
/** Room for as many call trees as a history has; the product has room for more than would be quick to make for each. */
const FEW_TREES = 64;

interface Run {
  readonly life: Life;
  readonly handler: Handler;
  readonly journal: Journal;
  readonly reconciler: Reconciler;
  readonly desk: Desk;
  readonly store: Kept;
  readonly keeper: CheckpointKeeper;
}

export class Hub {
  readonly name: string;
  wallSkewMs = 0;
  readonly #parts: HubParts;
  #run: Run | undefined;

  constructor(name: string, parts: HubParts) {
    this.name = name;
    this.#parts = parts;
    this.#start();
  }

  /** The process that answers now; undefined while there is none. */
  get run(): Run | undefined {
    return this.#run;
  }

  crash(): void {
    this.#run?.life.end();
    this.#run = undefined;
  }

  /** As a caller over a connection: when the process dies, the connection breaks. */
  send(call: Call, leavesAfterMs: number | undefined): Promise<Reply> {
    const run = this.#run;
    if (run === undefined) return Promise.reject(new Fault('unreachable', 'nobody listens'));
    return new Promise((resolve, reject) => {
      run.life.onEnd(() => reject(new Fault('upstream_broken', 'the hub is gone')));
      const { scope, canceller } = rootScope(run.life.world, silentSpan('0'.repeat(16)));
      if (leavesAfterMs !== undefined)
        this.#parts.world.clock.after(leavesAfterMs, () => canceller.cancel(new Fault('cancelled', 'the caller left')));
      run.handler(call, scope).then(resolve, reject);
    });
  }

  #start(): void {
    const life = new Life(this.#parts.world, () => this.wallSkewMs);
    life.onEnd(() => {
      this.#run = undefined;
      this.#parts.world.clock.after(DOWN_MS * this.#parts.random(), () => {
        life.isBuried = true;
        this.#start();
      });
    });
    const run = this.#made(life);
    this.#begin(run).then(
      () => {
        this.#run = run;
      },
      // A process that cannot look at what is left does not run; it is started again.
      () => life.end(),
    );
  }

  /** In the order of the product: what was left goes on before anything new comes. */
  async #begin({ store, journal, reconciler, desk: people }: Run): Promise<void> {
    const left: readonly CallRecord[] = await store.calls.open();
    await journal.recover(left.map(this.#parts.machinery.left));
    await reconciler.start();
    people.start();
  }

  #made(life: Life): Run {
    const {
      world,
      random,
      story,
      store: shared,
      holders,
      agent,
      network,
      storeWeather,
      machinery,
      checkpoints,
    } = this.#parts;
    const { clock } = world;
    const store = wireTo({
      ...{ store: shared, life, weather: storeWeather, clock, random, story },
      ...{ holder: this.name, holders },
    });
    let handler: Handler;
    const journal: Journal = new Journal({
      ...{ store: store.calls, world: life.world, handler: () => handler },
      unknown: (tenant, id) => reconciler.soon(tenant, id),
    });
    const reconciler: Reconciler = new Reconciler({
      ...{ store: store.calls, world: life.world, handler: () => handler },
      operationOf: ({ tenant, target }) => planFor(tenant, target.operation).operation,
      replay: (record) => journal.replay(machinery.replayed(record)),
      note: () => {},
    });
    const trail = new AuditTrail({ store: store.audit, clock: life.world.clock, failed: () => {} });
    const people = desk(this.#parts.desk, machinery.mayVote, { store, life, node: this.name });
    const money = this.#parts.purse({ store, life, node: this.name });
    money.start();
    handler = compose(
      identified,
      auditRefusals(trail, this.name),
      deadline({ limitMs: () => LIMIT_MS }),
      decide({ policy: POLICY, planOf, trees: new Trees(FEW_TREES) }),
      witness(story),
      people.layer,
      money.layer,
      auditSending({ trail, node: this.name, planOf }),
      machinery.answers,
      journal.layer(planOf),
      retry({
        attemptsOf: () => money.attempts,
        idempotentOf: (call) => planOf(call).operation.idempotent,
        budgets: new RetryBudgets(),
      }),
      machinery.way,
    )(wayTo({ agent, life, weather: network, clock, random }));
    const keeper = new CheckpointKeeper({
      ...{ store: store.audit, world: life.world, node: this.name, failed: () => {} },
      sign: (payload) => ({ payload, keyId: '', signature: '' }),
      sinks: [{ name: 'elsewhere', put: async ({ payload }) => void checkpoints.push(JSON.parse(payload)) }],
    });
    return { life, handler, journal, reconciler, desk: people, store, keeper };
  }
}

const planOf = ({ principal, target }: Call) => planFor(principal?.tenant ?? '', target.operation);

const identified: Layer = (next) => (call, scope) => {
  if (call.credential.kind !== 'known') throw new Fault('unauthenticated', 'nobody knows this caller');
  return next({ ...call, principal: call.credential.principal }, scope);
};

/** Notes what policy let go: the permit is for these bytes. */
const witness =
  (story: Story): Layer =>
  (next) =>
  (call, scope) => {
    Permit.check(call);
    story.tell({ kind: 'allowed', callId: call.id, body: textOf(call) });
    return next(call, scope);
  };

export const agentOf = (tenant: string, id: string): Principal => ({ kind: 'agent', tenant, id, roles: [] });
