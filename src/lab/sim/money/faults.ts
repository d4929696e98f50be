/** What goes wrong and when, drawn from the seed before the first call. Some histories are about one trouble only. */
import type { Clock } from '../../../contract/index.ts';
import type { Agent } from './agent.ts';
import type { Hub } from './hub.ts';
import { fairWeather, type Weather } from './network.ts';
import { fairStore, type StoreWeather } from './wire.ts';

const HOUR_MS = 3_600_000;

export interface Stage {
  readonly clock: Clock;
  readonly random: () => number;
  readonly agent: Agent;
  readonly hubs: readonly Hub[];
  readonly network: Weather;
  readonly storeWeather: StoreWeather;
  readonly calmAtMs: number;
}

export const plan = (stage: Stage): void => {
  const { clock, random, agent, network, storeWeather, calmAtMs } = stage;
  const some = (share: number): number => (random() < 0.4 ? share * random() : 0);
  // From the first call on, not before: a hub that cannot start is another story.
  clock.after(1, () => {
    const atStore = { refused: some(0.1), lost: some(0.1), unacknowledged: some(0.15), slow: some(0.3) };
    Object.assign(storeWeather, atStore, { twice: some(0.5), deadly: some(0.05) });
    const onTheWay = { unreachable: some(0.3), breakBefore: some(0.3), late: some(0.3), breakAfter: some(0.5) };
    Object.assign(network, onTheWay, { breakStream: some(0.5) });
    Object.assign(agent.ails, { error: some(0.3), refuse: some(0.3), slow: some(0.4) });
  });
  crashes(stage);
  for (const hub of stage.hubs) skew(stage, hub);
  clock.after(calmAtMs, () => {
    Object.assign(storeWeather, fairStore());
    Object.assign(network, fairWeather());
    Object.assign(agent.ails, { error: 0, refuse: 0, slow: 0 });
  });
};

const crashes = ({ clock, random, hubs, calmAtMs }: Stage): void => {
  for (let many = Math.floor(random() * 5); many > 0; many -= 1) {
    const hub = hubs[Math.floor(random() * hubs.length)]!;
    clock.after(calmAtMs * random(), () => hub.crash());
  }
};

/** Each wall clock is wrong by up to two hours, and now and then it jumps. */
const skew = ({ clock, random, calmAtMs }: Stage, hub: Hub): void => {
  if (random() < 0.5) return;
  const jump = (): void => {
    hub.wallSkewMs = Math.floor((random() - 0.5) * 4 * HOUR_MS);
  };
  jump();
  for (let many = Math.floor(random() * 3); many > 0; many -= 1) clock.after(calmAtMs * random(), jump);
};
