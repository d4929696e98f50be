/**
 * Three hundred calls at the same time through three sidecars on a budget for exactly 37, while one sidecar and the hub die: at most 37
 * run, by the target's own ledger, and when the dead sidecar has said what became of its leases, exactly what was not spent can be.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Admin } from '../../src/cli/admin.ts';
import { type ProcessNode, processes } from '../../src/cli/up/starter.ts';
import { API_VERSION } from '../../src/contract/index.ts';
import type { BudgetView } from '../../src/doors/admin/index.ts';
import { type LedgerAgent, startLedgerAgent } from '../crash/ledger.ts';
import { ask, eventually, isAcknowledged, pause } from '../crash/wire.ts';
import type { ScenarioOptions, Verdict } from './scenario.ts';

const CALLS = 300;
const LIMIT = 37;
const CALLERS = ['ann', 'bea', 'cid'] as const;
const TIMEOUT_MS = 4_000;
const GRACE = '500ms';
/** Within this time the kills come, somewhere between the first lease and the last refusal. */
const LONGEST_MS = 600;
/** From the last start to when what was not spent can be: three lease times, for leases and for their sweep. */
const USABLE_WITHIN_MS = 30_000;

type Sidecar = ProcessNode & { readonly appUrl: string; readonly appKey: string };

interface Scene {
  readonly agent: LedgerAgent;
  readonly hub: ProcessNode;
  readonly sidecars: readonly Sidecar[];
  readonly account: () => Promise<BudgetView['accounts'][number] | undefined>;
}

export const run = async ({ plant, say }: ScenarioOptions): Promise<Verdict> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-budget-leases-'));
  const agent = await startLedgerAgent(dir);
  const starter = processes(join(dir, 'nodes'), { hub: ['--reservation-grace', GRACE] });
  try {
    const scene = await stage(starter, agent, plant === 'a wider budget' ? LIMIT + 10 : LIMIT);
    const flood = floodOf(scene);
    const killed = await killBoth(scene);
    const paid = (await flood).filter(isAcknowledged).length;
    say(`${killed}; ${paid} of ${CALLS} callers had their answer`);
    await scene.sidecars[0]!.startAgain();
    const findings = await judge(scene, say);
    const text = `${runsOf(agent)} calls ran on a budget for ${LIMIT}, ${CALLS} asked at once, ${killed}`;
    for (const node of [...scene.sidecars, scene.hub]) await node.stop();
    return { holds: findings.length === 0, text, findings };
  } finally {
    await starter.killAll();
    await agent.stop();
    rmSync(dir, { recursive: true, force: true });
  }
};

const stage = async (starter: ReturnType<typeof processes>, agent: LedgerAgent, limit: number): Promise<Scene> => {
  const hub = await starter.hub({ name: 'root' });
  const origin = 'the scenario';
  const first = new Admin({ url: hub.url, key: '', origin });
  const { secret } = await first.post<{ secret: string }>('/v1/bootstrap', { token: await hub.bootstrapToken() });
  const admin = new Admin({ url: hub.url, key: secret, origin });
  const all = resources(limit);
  await admin.post('/v1/resources:apply', { resources: all, origins: all.map(() => 'scenario'), reason: 'it begins' });
  const joined = async (name: string, domain: string, agentUrl: string | null): Promise<Sidecar> => {
    const role = { role: 'sidecar', agent: agentUrl === null ? name : 'ledger', domain };
    const { token } = await admin.post<{ token: string }>('/v1/tokens', role);
    return starter.sidecar({ name, hubUrl: hub.url, token, agentUrl });
  };
  const targets: Sidecar[] = [];
  for (const { name, url } of agent.instances) targets.push(await joined(`in-${name}`, 'workshop', url));
  const callers: Sidecar[] = [];
  for (const name of CALLERS) callers.push(await joined(name, 'office', null));
  for (const sidecar of callers) await flowing(sidecar);
  const account = async () => {
    const { items } = await admin.get<{ items: readonly BudgetView[] }>('/v1/budgets');
    return items.find(({ name }) => name === 'exact')?.accounts[0];
  };
  return { agent, hub, sidecars: [...callers, ...targets], account };
};

const resource = (kind: string, name: string, spec: unknown, domain?: string): unknown => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});

const resources = (limit: number): readonly unknown[] => [
  resource('Domain', 'office', {}),
  resource('Domain', 'workshop', {}),
  ...CALLERS.map((name) => resource('Agent', name, { operations: [{ name: 'noop', effect: 'read' }] }, 'office')),
  resource(
    'Agent',
    'ledger',
    { operations: ['read', 'write', 'probe'].map((name) => ({ name, effect: name === 'write' ? 'write' : 'read' })) },
    'workshop',
  ),
  resource('Route', 'direct', { to: { kind: 'agent', name: 'ledger' }, via: 'mesh' }),
  resource('PolicyBundle', 'org', {
    level: 'org',
    policies: {
      text: '@id("work") @reason("the office works") permit (principal in Domain::"office", action, resource);',
    },
    limits: {
      text: ['read', 'write']
        .map(
          (name) =>
            `@id("${name}-is-counted") @budget_class("counted") permit (principal, action == Action::"agent/ledger/${name}", resource);`,
        )
        .join('\n'),
    },
  }),
  resource('Budget', 'exact', { scope: 'organisation', class: 'counted', unit: 'calls', limit }),
];

const call = async ({ appUrl, appKey }: Sidecar, operation: string, body: string): Promise<number> => {
  const headers = { 'content-type': 'text/plain', 'airspace-timeout-ms': String(TIMEOUT_MS) };
  return (await ask(`${appUrl}/v1/agents/ledger/${operation}`, { method: 'POST', key: appKey, headers, body })).status;
};

/** Until a call that no budget counts gets through. */
const flowing = async (sidecar: Sidecar): Promise<void> => {
  const flows = await eventually(
    async () => ((await call(sidecar, 'probe', 'probe')) === 200 ? true : undefined),
    40_000,
  );
  if (flows === undefined) throw new Error('no call gets through a sidecar');
};

/** Callers that are refused try again for a while, as agents do. */
const floodOf = ({ sidecars }: Scene): Promise<readonly number[]> =>
  Promise.all(
    Array.from({ length: CALLS }, async (_, n) => {
      const sidecar = sidecars[n % CALLERS.length]!;
      let status = 0;
      for (let time = 0; time < 4 && !isAcknowledged(status); time++) {
        if (time > 0) await pause(200 + Math.random() * 600);
        status = await call(sidecar, n % 2 === 0 ? 'read' : 'write', `flood-${n}-${time}`);
      }
      return status;
    }),
  );

const killBoth = async ({ agent, hub, sidecars }: Scene): Promise<string> => {
  await pause(Math.random() * LONGEST_MS);
  const first = runsOf(agent);
  await sidecars[0]!.kill();
  await pause(Math.random() * LONGEST_MS);
  const second = runsOf(agent);
  await hub.kill();
  await pause(Math.random() * LONGEST_MS);
  await hub.startAgain();
  return `kill -9 of a sidecar when ${first} had run, of the hub when ${second} had`;
};

const runsOf = (agent: LedgerAgent): number =>
  [...agent.runs().values()].flat().filter(({ operation }) => operation !== 'probe').length;

const judge = async (scene: Scene, say: ScenarioOptions['say']): Promise<readonly string[]> => {
  const { agent, sidecars, account } = scene;
  const findings: string[] = [];
  const startMs = performance.now();
  const settled = await eventually(async () => {
    const now = await account();
    return now === undefined || now.reserved > 0 ? undefined : now;
  }, USABLE_WITHIN_MS * 3);
  if (settled === undefined) return ['what nodes had set aside was never settled'];
  const ran = runsOf(agent);
  say(`${ran} ran, ${settled.spent} are booked, after ${((performance.now() - startMs) / 1_000).toFixed(1)} s`);
  if (ran > LIMIT) findings.push(`${ran} calls ran on a budget for ${LIMIT}`);
  if (ran > settled.spent) findings.push(`${ran} calls ran and ${settled.spent} are booked`);
  if (settled.spent > LIMIT) findings.push(`${settled.spent} are booked on a budget for ${LIMIT}`);
  const left = LIMIT - settled.spent;
  const more = await spend(sidecars[1]!);
  if (more !== left) findings.push(`${left} were left, and ${more} could be spent`);
  if (runsOf(agent) > LIMIT) findings.push(`${runsOf(agent)} calls ran in the end`);
  return findings;
};

/** What one sidecar can spend until it is refused for longer than a refusal is remembered. */
const spend = async (sidecar: Sidecar): Promise<number> => {
  let more = 0;
  for (let refusals = 0; refusals < 3 && more <= LIMIT; ) {
    if ((await call(sidecar, 'read', `after-${more}`)) === 200) more++;
    else {
      refusals++;
      await pause(1_200);
    }
  }
  return more;
};
