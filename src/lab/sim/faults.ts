/** What goes wrong and when: drawn from the seed before the first call, so that a seed is a story. */
import type { Clock } from '../../contract/index.ts';
import type { OverloadLevel } from '../../kernel/index.ts';
import type { Agent } from './agent.ts';
import { fairWeather, type Way } from './network.ts';
import type { Node } from './node.ts';

const HOUR_MS = 3_600_000;

/** What can be hurt. */
export interface Stage {
  readonly clock: Clock;
  readonly random: () => number;
  readonly agents: readonly Agent[];
  readonly ways: readonly Way[];
  readonly nodes: readonly Node[];
  /** Faults come before this instant only; then everything heals. */
  readonly calmAtMs: number;
  /** Wall clocks may jump until here: nothing of ours may care. */
  readonly endMs: number;
}

type Fault = (stage: Stage, atMs: number) => void;

const between = (random: () => number, from: number, to: number): number => from + (to - from) * random();
const oneOf = <T>(random: () => number, all: readonly T[]): T => all[Math.floor(random() * all.length)]!;

/** Sets something at an instant and takes it back later; after the calm has come, nothing is set any more. */
const spell = (stage: Stage, atMs: number, set: () => void, unset: () => void): void => {
  const untilMs = atMs + between(stage.random, 100, 12_000);
  stage.clock.after(atMs, set);
  if (untilMs < stage.calmAtMs) stage.clock.after(untilMs, unset);
};

const agentFault =
  (set: (agent: Agent, random: () => number) => void, unset: (agent: Agent) => void): Fault =>
  (stage, atMs) => {
    const agent = oneOf(stage.random, stage.agents);
    spell(
      stage,
      atMs,
      () => set(agent, stage.random),
      () => unset(agent),
    );
  };

const wayFault =
  (set: (way: Way, random: () => number) => void): Fault =>
  (stage, atMs) => {
    const way = oneOf(stage.random, stage.ways);
    spell(
      stage,
      atMs,
      () => set(way, stage.random),
      () => Object.assign(way.weather, fairWeather()),
    );
  };

/** S07: 0.2 to 2 s down, as long up, until the calm. */
const flaps: Fault = ({ clock, random, agents, calmAtMs }, atMs) => {
  const agent = oneOf(random, agents);
  const periodMs = between(random, 200, 2000);
  for (let downMs = atMs; downMs + periodMs < calmAtMs; downMs += 2 * periodMs) {
    clock.after(downMs, () => agent.crash());
    clock.after(downMs + periodMs, () => agent.heal());
  }
};

const overload: Fault = (stage, atMs) => {
  const node = oneOf(stage.random, stage.nodes);
  const level = oneOf<OverloadLevel>(stage.random, [1, 2, 3]);
  const set = (to: OverloadLevel) => (): void => {
    node.level = to;
  };
  spell(stage, atMs, set(level), set(0));
};

const FAULTS: readonly Fault[] = [
  agentFault(
    (agent) => agent.crash(),
    (agent) => agent.heal(),
  ),
  agentFault(
    (agent) => {
      agent.ails.hung = true;
    },
    (agent) => agent.wake(),
  ),
  agentFault(
    (agent, random) => {
      agent.ails.slowness = between(random, 2, 60);
    },
    (agent) => agent.heal(),
  ),
  agentFault(
    (agent, random) => {
      agent.ails.errorShare = random();
      agent.ails.refuseShare = random() / 2;
    },
    (agent) => agent.heal(),
  ),
  flaps,
  wayFault((way) => {
    way.weather.blackHole = true;
  }),
  wayFault((way, random) => {
    way.weather.breakBefore = random() / 2;
    way.weather.breakAfter = random() / 2;
    way.weather.breakStream = random() / 4;
    way.weather.lingering = random();
  }),
  wayFault((way, random) => {
    way.weather.extraMs = between(random, 50, 1500);
    way.weather.lingering = random();
  }),
  overload,
];

export const plan = (stage: Stage): void => {
  const { clock, random, calmAtMs } = stage;
  const many = 2 + Math.floor(random() * 8);
  for (let nth = 0; nth < many; nth += 1) oneOf(random, FAULTS)(stage, between(random, 0, calmAtMs * 0.95));
  for (const node of stage.nodes) skew(stage, node);
  clock.after(calmAtMs, () => calm(stage));
};

/** Each wall clock is wrong by up to two hours, and a few times it jumps. */
const skew = ({ clock, random, endMs }: Stage, node: Node): void => {
  const jumps = Math.floor(random() * 5);
  const jump = (): void => {
    node.wallSkewMs = between(random, -2 * HOUR_MS, 2 * HOUR_MS);
  };
  jump();
  for (let nth = 0; nth < jumps; nth += 1) clock.after(between(random, 0, endMs), jump);
};

const calm = ({ agents, ways, nodes }: Stage): void => {
  for (const agent of agents) agent.heal();
  for (const way of ways) Object.assign(way.weather, fairWeather());
  for (const node of nodes) node.level = 0;
};
