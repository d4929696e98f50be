/**
 * `npm run crash:plans -- [--kills 200] [--plans 50] [--seed N] [--only sqlite|postgres] [--within SECONDS] [--plant deaf|forgetful|twice]`:
 * plans in three domains while root, domain hubs and agents are killed at random instants. Exit code 1 when a promise was broken.
 */
import { parseArgs } from 'node:util';
import { postgresMissing, startPostgres } from '../../../src/conformance/index.ts';
import { stormLines } from './report.ts';
import { openScene, type SceneOptions } from './scene.ts';
import { type Storm, storm } from './storm.ts';

const PLANTS = {
  deaf: { lie: 'deaf' },
  forgetful: { lie: 'forgetful' },
  twice: { twice: true },
} as const satisfies Record<string, SceneOptions>;
const PLACES = ['sqlite', 'postgres'] as const;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    plans: { type: 'string', default: '50' },
    seed: { type: 'string' },
    only: { type: 'string' },
    within: { type: 'string', default: '1800' },
    /** Seconds for what runs after the last kill to come to its end. */
    drain: { type: 'string', default: '300' },
    plant: { type: 'string' },
  },
});
const [kills, plans, within] = [Number(values.kills), Number(values.plans), Number(values.within)];
const seed = Number(values.seed ?? Date.now() % 100_000);
const only = PLACES.find((place) => place === values.only);
const planted = Object.entries(PLANTS).find(([name]) => name === values.plant)?.[1];
if (
  ![kills, plans, within].every((number) => Number.isInteger(number) && number > 0) ||
  !Number.isInteger(seed) ||
  (values.only !== undefined && only === undefined) ||
  (values.plant !== undefined && planted === undefined)
) {
  console.error(
    `error: --kills, --plans, --seed and --within are numbers, --only is one of ${PLACES.join(', ')}, --plant one of ${Object.keys(PLANTS).join(', ')}`,
  );
  process.exit(2);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const through = async (place: (typeof PLACES)[number]): Promise<Storm | undefined> => {
  const missing = place === 'postgres' ? postgresMissing() : undefined;
  if (missing !== undefined) console.log(`SKIPPED ${place}: ${missing}`);
  if (missing !== undefined) return undefined;
  const server = place === 'postgres' ? await startPostgres() : undefined;
  try {
    const scene = await openScene({ ...planted, ...(server === undefined ? {} : { store: server.url }) });
    let keep = true;
    try {
      const say = (line: string): void => console.log(`${place} ${line}`);
      const came = await storm({
        scene,
        seed,
        kills,
        plans,
        withinMs: within * 1_000,
        drainMs: Number(values.drain) * 1_000,
        say,
      });
      console.log(stormLines(place, came));
      keep = came.findings.length > 0;
      return came;
    } finally {
      await scene.stop({ keep });
      if (keep) console.error(`ledgers, logs and data of this run are kept in ${scene.dir}`);
    }
  } finally {
    await server?.stop();
  }
};

console.log(`seed ${seed}, ${kills} kills, ${plans} plans at a time`);
let isBroken = false;
for (const place of PLACES) {
  if (only !== undefined && only !== place) continue;
  const came = await through(place);
  isBroken ||= came !== undefined && came.findings.length > 0;
}
process.exitCode = isBroken ? 1 : 0;
