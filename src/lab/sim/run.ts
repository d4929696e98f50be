/** One seed: a small world with faults, callers and the real layers, and in the end what it did wrong. */
import { seeded, VirtualWorld } from '../../kernel/index.ts';
import { Agent } from './agent.ts';
import { intend, type Made, make } from './caller.ts';
import { Checker, type Ended } from './check.ts';
import { plan } from './faults.ts';
import { type Machinery, SOUND } from './machinery.ts';
import { Way } from './network.ts';
import { Node, type NodeSetting } from './node.ts';
import { fleetRouter, laneRouter } from './routers.ts';
import { treeRouter } from './tree.ts';

/** Faults, then 30 s to recover (I10), then it counts. 20 s, so that no breaker rests longer than the recovery (C2). */
const CALM_AT_MS = 20_000;
const COUNTS_FROM_MS = 50_000;
const END_MS = 60_000;

export interface Result {
  readonly seed: number;
  /** In the order found; empty when all promises were kept. */
  readonly violations: readonly string[];
  readonly calls: number;
  readonly executions: number;
  /** One line per call, for comparing two runs of a seed. */
  readonly history: readonly Ended[];
}

export const run = async (seed: number, machinery: Machinery = SOUND): Promise<Result> => {
  const world = new VirtualWorld(seed);
  const random = seeded(seed ^ 0x7f4a_7c15);
  const checker = new Checker();
  const agents: Agent[] = [];
  const ways: Way[] = [];
  const targets = random() < 0.5 ? ['orders'] : ['orders', 'billing'];
  const slotLimit = 6 + Math.floor(random() * 6);

  const agentsOf = new Map(
    targets.map((target) => [
      target,
      Array.from(
        { length: 1 + Math.floor(random() * 3) },
        (_, nth) => new Agent(`${target}-${nth}`, world.clock, random),
      ),
    ]),
  );
  for (const each of agentsOf.values()) agents.push(...each);
  const settingOf = (name: string, tree: boolean): NodeSetting => {
    return { name, slotLimit, gateLimit: 20 + Math.floor(random() * 40), limitMs: 1200 + 1800 * random(), tree };
  };
  const router = seed % 2 === 0 ? fleetRouter : laneRouter;
  const node = (name: string): Node => {
    const lanes = new Map<string, Way[]>();
    const opened = (way: Way): void =>
      checker.opened(`${name} to ${way.agent.name}`, made.router.covered(way), slotLimit);
    for (const [target, each] of agentsOf) {
      const own = each.map((agent) => new Way(agent, world.clock, random, opened));
      ways.push(...own);
      lanes.set(target, own);
    }
    const made = new Node(settingOf(name, false), world, lanes, { machinery, router, checker });
    return made;
  };
  const nodes = random() < 0.5 ? [node('hub')] : [node('hub-a'), node('hub-b')];
  const tree = { machinery, router: treeRouter([...nodes]), checker };
  if (seed % 3 === 0) nodes.push(new Node(settingOf('root', true), world, new Map(), tree));
  plan({ clock: world.clock, random, agents, ways, nodes, calmAtMs: CALM_AT_MS, endMs: END_MS });

  const calls: Made[] = [];
  const ended: Ended[] = [];
  const call = (): void => {
    const nowMs = world.clock.nowMs();
    if (nowMs >= END_MS) return;
    const one = make(nodes[Math.floor(random() * nodes.length)]!, intend(random, targets, nowMs < CALM_AT_MS));
    calls.push(one);
    void one.ended.then((each) => ended.push(each));
    world.clock.after(gapMs(nowMs, random), call);
  };
  world.clock.after(0, call);

  await world.run(END_MS);
  checkBreakers(nodes, checker);
  await world.run();

  checker.calls(ended, calls.length, agents);
  checker.recovered(ended.filter(({ issuedAtMs }) => issuedAtMs >= COUNTS_FROM_MS));
  checkLeftovers(world, nodes, ways, calls, checker);
  const executions = agents.reduce((sum, { ledger }) => sum + ledger.length, 0);
  return { seed, violations: checker.violations, calls: calls.length, executions, history: ended };
};

/** Busy while things go wrong and when it counts, a trickle while the world recovers. */
const gapMs = (nowMs: number, random: () => number): number => {
  const recovering = nowMs >= CALM_AT_MS && nowMs < COUNTS_FROM_MS - 5000;
  return -Math.log(1 - random()) * (recovering ? 200 : 50);
};

/** C5: everything has been well for 40 s, and every endpoint had calls. */
const checkBreakers = (nodes: readonly Node[], checker: Checker): void => {
  for (const node of nodes) {
    for (const breaker of node.router.breakers()) {
      const state = breaker.state(node.breakerNowMs());
      if (!node.router.cameBack(state))
        checker.fail('C5', `${node.setting.name}: the breaker of ${breaker.endpoint} is still ${state}`);
    }
  }
};

/** Whatever a call opened is closed: slots, sockets, timers, listeners (I11). */
const checkLeftovers = (
  world: VirtualWorld,
  nodes: readonly Node[],
  ways: readonly Way[],
  made: readonly Made[],
  checker: Checker,
): void => {
  for (const { setting, router, gate } of nodes) {
    const taken = router.taken();
    if (taken > 0) checker.fail('I11', `${setting.name}: ${taken} slots were not given back`);
    if (gate.running + gate.waiting > 0)
      checker.fail('I11', `${setting.name}: ${gate.running} calls still at the gate`);
  }
  const sockets = ways.reduce((sum, way) => sum + way.sockets, 0);
  if (sockets > 0) checker.fail('I11', `${sockets} sockets are still open`);
  if (world.pending > 0) checker.fail('I11', `${world.pending} timers are left`);
  const listening = made.reduce((sum, { canceller }) => sum + canceller.listening, 0);
  if (listening > 0) checker.fail('I11', `${listening} listeners are left`);
};
