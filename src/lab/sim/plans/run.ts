/** One seed: nodes over one store, plans of every shape, people and agents; and in the end what went wrong. */
import type { Call, PlanEntry, RunWish, StepEnd } from '../../../contract/index.ts';
import { Fault } from '../../../contract/index.ts';
import { seeded, VirtualWorld } from '../../../kernel/index.ts';
import { memoryStores } from '../../../stores/index.ts';
import { Agents } from './agents.ts';
import { check } from './check.ts';
import { type Machinery, SOUND } from './machinery.ts';
import { Process } from './process.ts';
import { type Shape, shapeOf } from './shapes.ts';
import type { Town } from './town.ts';

const CALM_AT_MS = 25_000;
const END_MS = 110_000;
const LOOK_MS = 500;

export interface Result {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly calls: number;
  /** How the runs ended, for comparing two runs of a seed. */
  readonly history: readonly string[];
}

interface Node {
  readonly name: string;
  readonly skewMs: number;
  process: Process;
  born: number;
}

export const run = async (seed: number, machinery: Machinery = SOUND): Promise<Result> => {
  const world = new VirtualWorld(seed);
  const random = seeded(seed ^ 0x1f83_d9ab);
  const violations: string[] = [];
  const fail = (promise: string, what: string): void => {
    if (violations.length < 20) violations.push(`${promise}: ${what}`);
  };
  const shapes = Array.from({ length: 2 }, () => shapeOf(random));
  const agents = new Agents(world.clock, random);
  const stores = memoryStores();
  const entries = new Map(shapes.map(({ spec }, at) => [`plan-${at}`, entryOf(`plan-${at}`, spec)]));
  const town: Town = {
    ...{
      world,
      random,
      stores,
      agents,
      machinery,
      entries,
      questions: new Map(),
      begun: new Map(),
      fail,
      calm: false,
      insisting: 0,
    },
  };
  const dispatched = new Set<string>();
  agents.dispatched = (_run, _step, call) => dispatched.has(call);
  const begin = stores.calls.begin.bind(stores.calls);
  stores.calls.begin = async (asked) => {
    const answer = await begin(asked);
    if (answer.kind === 'begun' && asked.step !== undefined) dispatched.add(asked.step.call);
    return answer;
  };

  const nodes: Node[] = Array.from({ length: 2 + Math.floor(random() * 2) }, (_, at) => {
    const skewMs = Math.floor((random() - 0.5) * 4_000);
    return { name: `hub-${at}`, skewMs, born: 0, process: new Process(`hub-${at}#0`, skewMs, town) };
  });
  for (const { process } of nodes) process.runner.start();
  crashes(town, nodes);
  const runs = starts(town, nodes, shapes);
  people(town, nodes, runs);

  await world.run(CALM_AT_MS);
  town.calm = true;
  agents.calm = true;
  for (const node of nodes) reborn(town, node);
  for (const id of runs.keys())
    void insist(town, nodes, () => any(town, nodes).runner.wish('t', id, { wish: 'resume' }, 'user/ann'));
  await again(town, nodes, runs);
  for (let atMs = CALM_AT_MS; atMs < END_MS && !(await isQuiet(town, [...runs.keys()])); atMs += LOOK_MS)
    await world.run(atMs);
  await check(town, [...runs.keys()]);
  for (const { process } of nodes) process.crash();
  const all = await Promise.all([...runs.keys()].map((id) => stores.plans.get('t', id)));
  return {
    ...{ seed, violations, calls: agents.requests.length },
    history: all.map((one) => `${one?.state} ${one?.seq} ${one?.epoch}`),
  };
};

/** Some of what failed or is stuck is tried again, now that nothing fails any more. */
const again = async (town: Town, nodes: readonly Node[], runs: ReadonlyMap<string, Shape>): Promise<void> => {
  const { plans } = town.stores;
  for (const [id, { signals }] of runs) {
    const run = await plans.get('t', id);
    if (run === undefined || (run.state !== 'failed' && run.state !== 'stuck') || town.random() < 0.5) continue;
    const events = await plans.events('t', id, 0, 100_000);
    const isBack = run.state === 'stuck';
    const failed = events.findLast(({ kind }) => kind === (isBack ? 'ended' : 'failing'));
    const from = failed !== undefined && 'step' in failed ? failed.step : null;
    if (from === null) continue;
    const wish = (one: RunWish): Promise<void> =>
      insist(town, nodes, () => any(town, nodes).runner.wish('t', id, one, 'user/ann'));
    // A signal to a run that was over was refused.
    void wish({ wish: 'retry', from }).then(() => {
      town.world.clock.after(4_000, () => {
        for (const name of signals) void wish({ wish: 'signal', name, body: '1' });
      });
    });
  }
};

/** Everything is over, and everything is known. */
const isQuiet = async ({ stores, begun, agents, insisting }: Town, runs: readonly string[]): Promise<boolean> => {
  if (begun.size + insisting > 0 || agents.isBusy || (await stores.calls.unresolved(null, 1)).length > 0) return false;
  for (const id of runs) {
    const run = await stores.plans.get('t', id);
    // One that is due is about to be tried again.
    if (run === undefined || run.endedAtMs === null || run.dueMs !== null) return false;
  }
  return true;
};

const entryOf = (name: string, spec: Shape['spec']): PlanEntry => ({
  tenant: 't',
  name,
  domain: '',
  digest: name,
  spec,
});

const any = ({ random }: Town, nodes: readonly Node[]): Process => {
  const alive = nodes.filter(({ process }) => process.isAlive);
  const from = alive.length > 0 ? alive : nodes;
  return from[Math.floor(random() * from.length)]!.process;
};

/** Nodes die at any instant; most of them come back, some only when all is calm. Others are cut off, and come back as they were. */
const crashes = (town: Town, nodes: readonly Node[]): void => {
  const { world, random } = town;
  for (const node of nodes)
    if (random() < 0.5) world.clock.after(15_000 * random(), () => node.process.stall(9_000 * random()));
  for (const node of nodes)
    for (let many = Math.floor(random() * 3); many > 0; many -= 1)
      world.clock.after(CALM_AT_MS * random(), () => {
        node.process.crash();
        if (random() < 0.7) world.clock.after(200 + 4_000 * random(), () => reborn(town, node));
      });
};

const reborn = (town: Town, node: Node): void => {
  node.process.crash();
  node.born += 1;
  node.process = new Process(`${node.name}#${node.born}`, node.skewMs, town);
  void node.process.recover();
};

/** Runs and the signals that they wait for: each is sent once, and insisted upon until it is taken. */
const starts = (town: Town, nodes: readonly Node[], shapes: readonly Shape[]): ReadonlyMap<string, Shape> => {
  const { world, random } = town;
  const runs = new Map<string, Shape>();
  const many = 2 + Math.floor(random() * 4);
  for (let at = 0; at < many; at += 1) {
    const which = Math.floor(random() * shapes.length);
    const shape = shapes[which]!;
    const call = callOf(world.ids.callId(), `plan-${which}`, Math.floor(random() * 5));
    runs.set(call.id, shape);
    world.clock.after(1 + 12_000 * random(), () => {
      const entry = town.entries.get(`plan-${which}`)!;
      void insist(town, nodes, () => any(town, nodes).runner.begin(call, entry)).then(() => {
        for (const name of shape.signals)
          world.clock.after(10_000 * random(), () => {
            const wish: RunWish = { wish: 'signal', name, body: '{"ok":true}' };
            void insist(town, nodes, () => any(town, nodes).runner.wish('t', call.id, wish, 'user/ann'));
          });
      });
    });
  }
  return runs;
};

/** Asks until somebody has heard. What is refused is refused; a node that dies meanwhile is another node's affair. */
const insist = async (town: Town, nodes: readonly Node[], ask: () => Promise<unknown>): Promise<void> => {
  town.insisting += 1;
  await heard(town, nodes, ask).finally(() => {
    town.insisting -= 1;
  });
};

const heard = async (
  { world: { clock } }: Town,
  nodes: readonly Node[],
  ask: () => Promise<unknown>,
): Promise<void> => {
  for (;;) {
    const answered = ask().then(
      () => true,
      (thrown: unknown) => Fault.from(thrown).code !== 'storage' || nodes.length === 0,
    );
    const gaveUp = new Promise<boolean>((resolve) => clock.after(3_000, () => resolve(false)));
    if (await Promise.race([answered, gaveUp])) return;
    if (clock.nowMs() > END_MS) return;
  }
};

/** Who votes, who wishes, and who finds out what became of what nobody knows. */
const people = (town: Town, nodes: readonly Node[], runs: ReadonlyMap<string, Shape>): void => {
  const { world, random, stores, agents, questions } = town;
  const wishes: readonly RunWish[] = [{ wish: 'pause' }, { wish: 'resume' }, { wish: 'cancel' }];
  for (const id of runs.keys())
    if (random() < 0.4)
      world.clock.after(2_000 + 15_000 * random(), () => {
        const wish = wishes[Math.floor(random() * wishes.length)]!;
        void any(town, nodes)
          .runner.wish('t', id, wish, 'user/ann')
          .catch(() => {});
      });
  const look = (): void => {
    for (const question of questions.values()) {
      if (question.state !== 'pending' || (!town.calm && random() < 0.6)) continue;
      question.state = !town.calm && random() < 0.15 ? 'denied' : 'approved';
    }
    for (const question of questions.values()) void settle(question);
    void resolveSome();
    if (world.clock.nowMs() < END_MS) world.clock.after(LOOK_MS, look);
  };
  const moving = new Set<string>();
  const settle = async (question: Parameters<Process['approved']>[0]): Promise<void> => {
    const { id } = question.record;
    if (question.state === 'pending' || question.state === 'withdrawn' || moving.has(id)) return;
    const record = await stores.calls.get('t', id);
    if (record?.state !== 'accepted') return;
    moving.add(id);
    const process = any(town, nodes);
    const done = question.state === 'approved' ? process.approved(question) : process.denied(question);
    void done.finally(() => moving.delete(id));
    world.clock.after(6_000, () => moving.delete(id));
  };
  const resolveSome = async (): Promise<void> => {
    for (const record of await stores.calls.unresolved(null, 100)) {
      const truth = agents.truthOf(record.id);
      if (truth === 'pending' || (!town.calm && random() < 0.8)) continue;
      const ran = truth === 'executed' || record.target.operation.startsWith('confirm.');
      const step = {
        ...{ ...record.step!, call: record.id, outcome: ran ? 'ok' : 'failed', code: '', message: '' },
        ...{ executed: ran ? 'yes' : 'no', retryable: !ran, costMicros: ran ? 1 : 0, reply: ran ? REPLY : null },
      } as StepEnd;
      const verdict = ran ? 'executed' : 'not_executed';
      const atMs = world.clock.wallMs();
      const resolution = { tenant: 't', id: record.id, verdict, reply: null, step, audit: [], atMs } as const;
      await stores.calls.resolve(town.machinery.resolve(resolution));
    }
  };
  world.clock.after(LOOK_MS, look);
};

const REPLY = { contentType: 'application/json', body: new TextEncoder().encode('{"ref":"found","n":7}') };

const callOf = (id: string, name: string, n: number): Call => ({
  id,
  credential: { kind: 'none' },
  principal: { kind: 'user', tenant: 't', id: 'ann', roles: [] },
  target: { kind: 'agent', name, operation: 'run' },
  contentType: 'application/json',
  accept: 'application/json',
  body: { kind: 'bytes', bytes: new TextEncoder().encode(JSON.stringify({ n })) },
  headers: [],
  trace: { trace: id, sampled: true },
  lineage: { root: id, depth: 0 },
  priority: 2,
  stream: false,
  via: [],
  retriedElsewhere: false,
});
