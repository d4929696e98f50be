/** `npm run bench:spans`: how fast a trace store takes calls, how much it keeps for them, and how long the questions of screens and commands take. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine, loadAverage } from '../machine/describe.ts';
import { fill, lookAt, pour } from './fill.ts';
import { postgresGround, sqliteGround } from './ground.ts';
import { grow } from './grow.ts';
import { askAll, type Row } from './measure.ts';
import { questionsAbout } from './questions.ts';
import { type Report, renderText, summary } from './report.ts';

const USAGE = `usage: npm run bench:spans -- [options]

  --spans 1000000      how many (default 1,000,000)
  --store sqlite       or postgres, a server of its own
  --hours 24           the time over which they are spread
  --minutes 20         the filling stops then, whatever is left
  --copies 0           of what was filled, inside the file (sqlite): a large store for questions in little time
  --rounds 20          how often each question is asked, cold, warm, and while calls come in
  --pace 2000          spans a second that come in meanwhile
  --data <dir>         a directory that an earlier run filled and left: nothing is filled, and it stays (sqlite)
  --seed 7
  --json               print the report as JSON and nothing else
  --keep               also keep it in bench/results/
`;

const wrongUsage = (message: string): never => {
  console.error(`error: ${message}\n  try: npm run bench:spans -- --help`);
  process.exit(2);
};

const text = (value: string) => ({ type: 'string', default: value }) as const;
const flag = { type: 'boolean' } as const;

const readFlags = () => {
  try {
    const options = {
      ...{
        spans: text('1000000'),
        store: text('sqlite'),
        hours: text('24'),
        minutes: text('20'),
        rounds: text('20'),
        copies: text('0'),
      },
      ...{ pace: text('2000'), seed: text('7'), data: { type: 'string' } as const, json: flag, keep: flag, help: flag },
    };
    return parseArgs({ options, strict: true }).values;
  } catch (thrown) {
    return wrongUsage((thrown as Error).message);
  }
};

const flags = readFlags();
if (flags.help === true) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const whole = (name: 'spans' | 'hours' | 'minutes' | 'rounds' | 'pace' | 'seed' | 'copies', least = 1): number => {
  const number = Number(flags[name]);
  return Number.isInteger(number) && number >= least && number <= 1e9
    ? number
    : wrongUsage(`--${name} must be a whole number from ${least}, not \`${flags[name]}\``);
};
const [spans, hours, minutes] = [whole('spans'), whole('hours'), whole('minutes')];
const [rounds, pace, seed] = [whole('rounds'), whole('pace'), whole('seed')];
const { store } = flags;
const copies = whole('copies', 0);
if (store !== 'sqlite' && store !== 'postgres') wrongUsage(`--store must be sqlite or postgres, not \`${store}\``);

const say = (line: string): void => console.error(line);
const startedAtMs = Date.now();
const loadBefore = loadAverage();
const ground = await (store === 'postgres' ? postgresGround() : sqliteGround(flags.data));
try {
  const toMs = Date.now();
  let stores = await ground.open();
  const fromMs = toMs - hours * 3_600_000;
  const found = flags.data === undefined ? null : await lookAt(stores);
  if (found === null) say(`filling ${store} with ${spans} spans`);
  const { some, ...filled } =
    found ??
    (await fill(stores, {
      ...{ spans, seed, toMs, fromMs, mostSeconds: minutes * 60 },
      told: (done, seconds) => say(`  ${done} spans, ${Math.round(done / seconds)} a second`),
    }));
  const rssBytes = process.memoryUsage.rss();
  await stores.close();
  if (copies > 0) {
    if (ground.file === undefined) wrongUsage('--copies is for --store sqlite');
    else grow(ground.file, copies);
  }
  const [bytes, parts] = [await ground.bytes(), await ground.parts()];
  const questions = questionsAbout({ events: some, fromMs: toMs - hours * 3_600_000, toMs });

  say('asking, cold');
  const cold: Row[][] = [];
  for (let round = 0; round < rounds; round++) {
    await ground.chill();
    stores = await ground.open();
    cold.push(await askAll(stores, questions, round, 1));
    await stores.close();
  }
  stores = await ground.open();
  say('asking, warm');
  await askAll(stores, questions, 0, 3);
  const warm = await askAll(stores, questions, 100, rounds);
  say(`asking, while ${pace} spans a second come in`);
  const pouring = pour(stores, pace, seed + 1);
  const busy = await askAll(stores, questions, 500, rounds);
  const poured = await pouring.stop();
  const rssAfterBytes = process.memoryUsage.rss();
  await stores.close();

  const report: Report = {
    ...{
      at: new Date(startedAtMs).toISOString(),
      store: store as Report['store'],
      hours,
      copies,
      seed,
      machine: describeMachine(),
    },
    ...{
      loadBefore: loadBefore[0]!,
      loadAfter: loadAverage()[0]!,
      filled,
      bytes,
      parts,
      rssBytes,
      rssAfterBytes,
      poured,
    },
    ...{ cold: cold.flat(), warm, busy },
  };
  console.log(flags.json === true ? JSON.stringify(report, null, 2) : renderText(report));
  if (flags.keep === true) {
    const dir = join(import.meta.dirname, '..', 'results');
    mkdirSync(dir, { recursive: true });
    const path = join(dir, `spans-${store}-${report.at.slice(0, 10)}.json`);
    writeFileSync(path, `${JSON.stringify(summary(report), null, 2)}\n`);
    say(`kept as ${path}`);
  }
} finally {
  await ground.close();
}
