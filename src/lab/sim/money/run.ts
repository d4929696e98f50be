/** One seed: hubs over one store, agents that cost money, callers that try again, people who vote; and in the end what went wrong. */
import type { Checkpoint } from '../../../audit/index.ts';
import { seeded, VirtualWorld } from '../../../kernel/index.ts';
import { Agent } from './agent.ts';
import { Caller, errand, type Town } from './caller.ts';
import type { Evidence } from './check/evidence.ts';
import { checkKept } from './check/kept.ts';
import { checkMoney } from './check/money.ts';
import { checkSent } from './check/sent.ts';
import { plan } from './faults.ts';
import { Hub, type HubParts } from './hub.ts';
import { type Machinery, SOUND } from './machinery.ts';
import { fairWeather } from './network.ts';
import { say, votes } from './people.ts';
import { type Limits, purse } from './purse.ts';
import { Story, type Told } from './story.ts';
import { treasury } from './treasury.ts';
import { vault } from './vault.ts';
import { fairStore } from './wire.ts';

/** Faults until the calm; then every process is started again, calls that nobody knows of are found out, and it is over. */
const CALM_AT_MS = 20_000;
const RESTART_AT_MS = 26_000;
const SAY_AT_MS = 60_000;
const END_MS = 75_000;

export interface Result {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly calls: number;
  readonly executions: number;
  readonly history: readonly Told[];
}

export const run = async (seed: number, machinery: Machinery = SOUND): Promise<Result> => {
  const world = new VirtualWorld(seed);
  const random = seeded(seed ^ 0x3c6e_f372);
  const between = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
  const story = new Story();
  // Every other history has the price layer of the product, where reads count as calls too.
  const isReal = seed % 2 === 0;
  const limits: Limits = { tenant: between(4, 20), agent: between(3, 12), calls: isReal ? 10_000 : between(3, 12) };
  const desk = { quorum: between(1, 2), ttlMs: between(1_500, 8_000) };
  const agent = new Agent(world.clock, random, story);
  const checkpoints: Checkpoint[] = [];
  const parts: HubParts = {
    ...{ world, random, story, agent, machinery, checkpoints, desk },
    store: machinery.store(vault(story), { clock: world.clock, random }),
    holders: new Map(),
    network: fairWeather(),
    storeWeather: fairStore(),
    purse: isReal ? treasury(limits) : purse(limits),
  };
  const hubs = Array.from({ length: between(1, 3) }, (_, nth) => new Hub(`hub-${nth + 1}`, parts));
  const town: Town = { world, random, story, hubs };
  plan({ ...parts, clock: world.clock, hubs, calmAtMs: CALM_AT_MS });

  let callers = between(6, 12);
  // Many come at once, and compete for the last unit.
  const rushMs = 2 + 5_000 * random();
  const startMs = (): number => (random() < 0.5 ? rushMs + 30 * random() : 2 + (CALM_AT_MS - 4_000) * random());
  for (let nth = 0; nth < callers; nth += 1)
    world.clock.after(startMs(), () => {
      void new Caller(town, errand(random, nth)).run().then(() => {
        callers -= 1;
      });
    });
  votes(town, CALM_AT_MS + 4_000);
  for (let many = between(0, 3); many > 0; many -= 1)
    world.clock.after(CALM_AT_MS * random(), () => void hubs[0]!.run?.keeper.now());

  await world.run(RESTART_AT_MS);
  for (const hub of hubs) hub.crash();
  await world.run(SAY_AT_MS);
  const saying = say(town, parts.store, agent);
  await world.run(END_MS);
  await saying;

  const violations: string[] = [];
  const fail = (promise: string, what: string): void => void violations.push(`${promise}: ${what}`);
  const evidence: Evidence = { story, store: parts.store, checkpoints, limits, quorum: desk.quorum };
  await checkSent(evidence, fail);
  await checkKept(evidence, fail);
  await checkMoney(evidence, fail);
  const executions = story.happenings.filter(({ kind }) => kind === 'executed').length;
  return { seed, violations, calls: story.told.length, executions, history: story.told };
};
