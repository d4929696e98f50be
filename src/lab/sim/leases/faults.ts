/** What goes wrong with leases and when: drawn from the seed before the first call. */
import type { Clock } from '../../../contract/index.ts';
import type { Hub } from './hub.ts';
import type { Node } from './node.ts';
import { fairWeather, type Wire } from './wire.ts';

export interface Stage {
  readonly clock: Clock;
  readonly random: () => number;
  readonly hub: Hub;
  readonly nodes: readonly Node[];
  readonly wires: readonly Wire[];
  /** Then everything heals. */
  readonly calmAtMs: number;
}

type Fault = (stage: Stage, atMs: number, untilMs: number) => void;

const oneOf = <T>(random: () => number, all: readonly T[]): T => all[Math.floor(random() * all.length)]!;

const cut: Fault = ({ clock, random, wires }, atMs, untilMs) => {
  const { weather } = oneOf(random, wires);
  clock.after(atMs, () => {
    weather.isCut = true;
  });
  clock.after(untilMs, () => {
    weather.isCut = false;
  });
};

const storm: Fault = ({ clock, random, wires }, atMs, untilMs) => {
  const { weather } = oneOf(random, wires);
  const bad = { lost: random() / 2, doubled: random() / 2, slowestMs: 20_000 * random() ** 3 };
  clock.after(atMs, () => Object.assign(weather, bad));
  clock.after(untilMs, () => Object.assign(weather, { ...fairWeather(), isCut: weather.isCut }));
};

const nodeCrash: Fault = ({ clock, random, nodes }, atMs, untilMs) => {
  const node = oneOf(random, nodes);
  clock.after(atMs, () => node.crash());
  clock.after(untilMs, () => void (node.isUp ? undefined : node.start()));
};

const nodeStop: Fault = ({ clock, random, nodes }, atMs, untilMs) => {
  const node = oneOf(random, nodes);
  clock.after(atMs, () => void node.stop());
  clock.after(untilMs, () => void (node.isUp ? undefined : node.start()));
};

const hubCrash: Fault = ({ clock, hub }, atMs, untilMs) => {
  clock.after(atMs, () => hub.crash());
  clock.after(untilMs, () => void (hub.isUp ? undefined : hub.start()));
};

const jump: Fault = ({ clock, random, hub, nodes }, atMs) => {
  const { skew } = random() < 0.5 ? hub : oneOf(random, nodes);
  const jumpMs = (random() - 0.5) * 2 * oneOf(random, [5_000, 60_000, 7_200_000]);
  clock.after(atMs, () => {
    skew.wallMs = jumpMs;
  });
};

const FAULTS: readonly Fault[] = [cut, storm, storm, nodeCrash, nodeCrash, nodeStop, hubCrash, jump];

export const plan = (stage: Stage): void => {
  const { clock, random, calmAtMs, hub, nodes, wires } = stage;
  const many = Math.floor(random() * 9);
  for (let nth = 0; nth < many; nth += 1) {
    const atMs = random() * calmAtMs * 0.9;
    oneOf(random, FAULTS)(stage, atMs, Math.min(calmAtMs - 1, atMs + 100 + 25_000 * random() ** 2));
  }
  clock.after(calmAtMs, () => {
    hub.skew.wallMs = 0;
    for (const { weather } of wires) Object.assign(weather, fairWeather());
    for (const node of nodes) {
      node.skew.wallMs = 0;
      if (!node.isUp) void node.start();
    }
    if (!hub.isUp) void hub.start();
  });
};
