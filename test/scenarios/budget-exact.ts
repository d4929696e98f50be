/**
 * A thousand calls at the same time on a budget for exactly 37, and the hub dies in the middle: at most 37 run, by the target's own
 * ledger, and when the dead hub's reservations are settled exactly what was not spent can still be spent.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Access, type Deployed, deploy } from '../../src/cli/deploy.ts';
import { type ProcessNode, type ProcessStarter, processes } from '../../src/cli/up/starter.ts';
import { postgresMissing, startPostgres } from '../../src/conformance/index.ts';
import { API_VERSION } from '../../src/contract/index.ts';
import type { BudgetView } from '../../src/doors/admin/index.ts';
import { type LedgerAgent, startLedgerAgent } from '../crash/ledger.ts';
import { ask, askJson, eventually, pause } from '../crash/wire.ts';
import type { ScenarioOptions, Verdict } from './scenario.ts';

const CALLS = 1_000;
const LIMIT = 37;
/** Of a call, and so of the longest time that a dead hub's reservation outlives it, with the grace of the hub on top. */
const TIMEOUT_MS = 4_000;
const GRACE = '500ms';
/** Until the kill: somewhere between the first reservation and the last refusal. */
const LONGEST_MS = 700;

/** Two hubs over one PostgreSQL, one of which is killed; without PostgreSQL, one hub over SQLite that is killed and comes back. */
export const run = async (options: ScenarioOptions): Promise<Verdict> => {
  const missing = postgresMissing();
  if (missing !== undefined) {
    options.say(`one hub only: ${missing}`);
    return alone(options);
  }
  const server = await startPostgres();
  try {
    return await play(
      options,
      async (starter, deployed, dir) => {
        // The same key makes it the same hub towards everybody.
        mkdirSync(join(dir, 'nodes', 'second'), { recursive: true, mode: 0o700 });
        cpSync(join(dir, 'nodes', 'root', 'node-key.pem'), join(dir, 'nodes', 'second', 'node-key.pem'));
        const second = await starter.hub({ name: 'second' });
        const urls = [deployed.root.url, second.url];
        await callable(second.url, deployed.adminKey);
        return { urls, die: () => second.kill() };
      },
      ['--store', server.url],
    );
  } finally {
    await server.stop();
  }
};

/** One hub over SQLite. */
export const alone = (options: ScenarioOptions): Promise<Verdict> =>
  play(options, async (_starter, { root }) => ({
    urls: [root.url],
    die: async () => {
      await root.kill();
      await root.startAgain();
    },
  }));

/** Where calls go, and what happens in the middle of them. */
interface Hubs {
  readonly urls: readonly string[];
  readonly die: () => Promise<void>;
}

type Raise = (starter: ProcessStarter, deployed: Deployed<ProcessNode>, dir: string) => Promise<Hubs>;

const play = async ({ plant, say }: ScenarioOptions, raise: Raise, words: readonly string[] = []): Promise<Verdict> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-budget-exact-'));
  const agent = await startLedgerAgent(dir);
  const starter = processes(join(dir, 'nodes'), { hub: ['--reservation-grace', GRACE, ...words] });
  try {
    const deployed = await deploy(starter, {
      topology: 'hub',
      resources: resources(plant === 'a wider budget' ? LIMIT + 10 : LIMIT),
      target: { name: 'ledger', domain: 'workshop', instances: agent.instances },
      callers: [{ name: 'caller', domain: 'office' }],
    });
    const access = deployed.access.get('caller')!;
    const account = () => accountOf(deployed.root.url, deployed.adminKey);
    const { urls, die } = await raise(starter, deployed, dir);
    const flood = floodOf(access.key, urls);
    await pause(Math.random() * LONGEST_MS * urls.length);
    const before = runsOf(agent);
    await die();
    const paid = (await flood).filter((status) => status === 200).length;
    say(`killed when ${before} had run; ${paid} of ${CALLS} callers had their answer in the end`);
    const findings = await judge({ agent, access, account }, say);
    const text = `${runsOf(agent)} calls ran on a budget for ${LIMIT}, ${CALLS} asked ${urls.length} hub(s) at once, kill -9 when ${before} had run`;
    await deployed.stop();
    return { holds: findings.length === 0, text, findings };
  } finally {
    await starter.killAll();
    await agent.stop();
    rmSync(dir, { recursive: true, force: true });
  }
};

/** A hub that has just come knows the budget, and instances that others have heard of. */
const callable = async (url: string, key: string): Promise<void> => {
  const ready = await eventually(async () => {
    const found = await askJson<{ items: readonly unknown[] }>(`${url}/v1/instances`, { key });
    return found !== undefined && found.items.length === 2 ? true : undefined;
  }, 20_000);
  if (ready === undefined) throw new Error('the second hub never heard of the instances');
};

interface Scene {
  readonly agent: LedgerAgent;
  readonly access: Access;
  readonly account: () => Promise<{ readonly spent: number; readonly reserved: number } | undefined>;
}

const resource = (kind: string, name: string, spec: unknown, domain?: string): unknown => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});

const resources = (limit: number): readonly unknown[] => [
  resource('Domain', 'office', {}),
  resource('Domain', 'workshop', {}),
  resource('Agent', 'caller', { operations: [{ name: 'noop', effect: 'read' }] }, 'office'),
  resource('Agent', 'ledger', { operations: ['read', 'write'].map((name) => ({ name, effect: name })) }, 'workshop'),
  resource('PolicyBundle', 'org', {
    level: 'org',
    policies: {
      text: '@id("work") @reason("the office may call everybody") permit (principal in Domain::"office", action, resource);',
    },
  }),
  resource('Budget', 'exact', { scope: 'target agent/ledger', unit: 'calls', limit }),
];

/** All at once. Who finds nobody at home gives up: what they leave is for those who ask later. */
const floodOf = (key: string, urls: readonly string[]): Promise<readonly number[]> =>
  // Reads leave no record but their reservation, writes leave both: a restart must be right about either.
  Promise.all(
    Array.from({ length: CALLS }, (_, n) =>
      call({ url: urls[n % urls.length]!, key }, n % 4 < 2 ? 'read' : 'write', `flood-${n}`),
    ),
  );

const call = async ({ url, key }: Access, operation: string, body: string): Promise<number> => {
  const headers = { 'content-type': 'text/plain', 'airspace-timeout-ms': String(TIMEOUT_MS) };
  return (await ask(`${url}/v1/agents/ledger/${operation}`, { method: 'POST', key, headers, body })).status;
};

const runsOf = (agent: LedgerAgent): number => [...agent.runs().values()].flat().length;

const accountOf = async (url: string, key: string) => {
  const found = await askJson<{ items: readonly BudgetView[] }>(`${url}/v1/budgets`, { key });
  return found?.items[0]?.accounts[0];
};

/** What must be true after the last answer, whatever happened before. */
const judge = async ({ agent, access, account }: Scene, say: ScenarioOptions['say']): Promise<readonly string[]> => {
  const findings: string[] = [];
  const settled = await eventually(async () => {
    const now = await account();
    return now === undefined || now.reserved > 0 ? undefined : now;
  }, 30_000);
  if (settled === undefined) return ['what the dead hub had set aside was never settled'];
  const ran = runsOf(agent);
  say(`${ran} ran, ${settled.spent} are booked`);
  if (ran > LIMIT) findings.push(`${ran} calls ran on a budget for ${LIMIT}`);
  if (ran > settled.spent) findings.push(`${ran} calls ran and ${settled.spent} are booked`);
  if (settled.spent > LIMIT) findings.push(`${settled.spent} are booked on a budget for ${LIMIT}`);
  let more = 0;
  while (more <= LIMIT && (await call(access, 'read', `after-${more}`)) === 200) more++;
  const left = LIMIT - settled.spent;
  if (more !== left) findings.push(`${left} were left after the restart, and ${more} could be spent`);
  if (runsOf(agent) > LIMIT) findings.push(`${runsOf(agent)} calls ran in the end`);
  const end = await account();
  if (end?.spent !== LIMIT) findings.push(`in the end ${end?.spent} are booked`);
  return findings;
};
