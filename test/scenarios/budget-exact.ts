/**
 * A thousand calls at the same time on a budget for exactly 37, and the hub dies in the middle: at most 37 run, by the target's own
 * ledger, and when the dead hub's reservations are settled exactly what was not spent can still be spent.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Access, deploy } from '../../src/cli/deploy.ts';
import { processes } from '../../src/cli/up/starter.ts';
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
const LONGEST_MS = 500;

export const run = async ({ plant, say }: ScenarioOptions): Promise<Verdict> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-budget-exact-'));
  const agent = await startLedgerAgent(dir);
  const starter = processes(join(dir, 'nodes'), { hub: ['--reservation-grace', GRACE] });
  try {
    const deployed = await deploy(starter, {
      topology: 'hub',
      resources: resources(plant === 'a wider budget' ? LIMIT + 10 : LIMIT),
      target: { name: 'ledger', domain: 'workshop', instances: agent.instances },
      callers: [{ name: 'caller', domain: 'office' }],
    });
    const scene: Scene = {
      agent,
      access: deployed.access.get('caller')!,
      account: () => accountOf(deployed.root.url, deployed.adminKey),
    };
    const flood = floodOf(scene.access);
    await pause(Math.random() * LONGEST_MS);
    const before = runsOf(agent);
    await deployed.root.kill();
    await deployed.root.startAgain();
    const paid = (await flood).filter((status) => status === 200).length;
    say(`killed when ${before} had run; ${paid} of ${CALLS} callers had their answer by then`);
    const findings = await judge(scene, say);
    const text = `${runsOf(agent)} calls ran on a budget for ${LIMIT}, ${CALLS} asked at once, kill -9 when ${before} had run`;
    await deployed.stop();
    return { holds: findings.length === 0, text, findings };
  } finally {
    await starter.killAll();
    await agent.stop();
    rmSync(dir, { recursive: true, force: true });
  }
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
const floodOf = (access: Access): Promise<readonly number[]> =>
  // Reads leave no record but their reservation, writes leave both: a restart must be right about either.
  Promise.all(Array.from({ length: CALLS }, (_, n) => call(access, n % 2 === 0 ? 'read' : 'write', `flood-${n}`)));

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
