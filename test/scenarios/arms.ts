/**
 * Under load no call is decided by two policy versions and no call tree mixes the arms of a release; a bad rule at 5 % halts by
 * itself and is gone from hub and sidecars. Real processes: a hub, a domain hub below it, sidecars beside it, agents that call agents.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Admin } from '../../src/cli/admin.ts';
import { acknowledged } from '../../src/cli/commands/policy/acknowledged.ts';
import type { ProcessNode } from '../../src/cli/up/starter.ts';
import type { ReleaseDetail, ReleaseOutcome, RollbackOutcome } from '../../src/contract/index.ts';
import { eventually, pause } from '../crash/wire.ts';
import { audit, type Played, type Step } from './arms/audit.ts';
import { BAD, bundle, CAST, GOOD, isCaller } from './arms/cast.ts';
import { type Fleet, startFleet } from './arms/fleet.ts';
import { Load } from './arms/load.ts';
import { starterOf } from './arms/plant.ts';
import { recordsOf } from './arms/records.ts';
import { startTroupe, type Troupe } from './arms/troupe.ts';
import type { Scenario, ScenarioOptions, Verdict } from './scenario.ts';

/** Between two steps: several generations of call trees. */
const STEP_MS = 4_000;
const HALTS_WITHIN_MS = 60_000;
/** One node stands still while a step goes out, and then finds calls and the snapshot at its doors at once. */
const FROZEN_MS = 300;
const STEPS = [
  [5, 'workshop'],
  [25, 'm-leaf'],
  [60, 'm-caller'],
] as const;

export const run: Scenario = async (options) => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-arms-'));
  const starter = await starterOf(dir, options.plant);
  const troupe = await startTroupe(
    dir,
    CAST.filter((role) => !isCaller(role)).map(({ name }) => name),
  );
  let fleet: Fleet | undefined;
  try {
    fleet = await startFleet(starter, troupe);
    return await play(fleet, troupe, options);
  } finally {
    fleet?.stop();
    await starter.killAll();
    await troupe.stop();
    rmSync(dir, { recursive: true, force: true });
  }
};

const play = async (fleet: Fleet, troupe: Troupe, { say }: ScenarioOptions): Promise<Verdict> => {
  const { admin, access } = fleet;
  const load = new Load(access);
  load.start();
  await pause(STEP_MS);
  const good = await raised(fleet, say);
  await pause(STEP_MS);
  const bad = await halted(admin, say);
  await pause(STEP_MS / 2);
  await rolledBack(admin, say);
  await pause(STEP_MS / 2);
  const begun = await load.stop();
  const entries = troupe.entries();
  const records = await recordsOf(admin, begun, entries);
  const { figures, findings } = audit({ ...records, begun, entries, trials: bad === undefined ? [good] : [good, bad] });
  for (const [what, figure] of Object.entries(figures)) say(`${String(figure).padStart(6)}  ${what}`);
  const problems = [...(bad === undefined ? ['the bad release was not halted'] : []), ...idle(figures), ...findings];
  return {
    holds: problems.length === 0,
    text:
      `${figures['calls']} calls in ${figures['trees']} trees, ${figures['trees in a canary']} of them in a canary; ` +
      `${figures['trees that mixed arms']} mixed arms, ${figures['calls with two versions']} calls had two versions`,
    findings: problems.slice(0, 20),
  };
};

/** A run in which nothing could go wrong proves nothing. */
const idle = (figures: Readonly<Record<string, number>>): readonly string[] =>
  ['trees in a canary', 'trees that a higher percentage left alone', 'calls on two nodes'].flatMap((what) =>
    figures[what] === 0 ? [`there were no ${what}`] : [],
  );

const stage = async (admin: Admin, text: string): Promise<string> => {
  const body = { resources: [bundle(text)], reason: 'the scenario' };
  return (await admin.post<ReleaseOutcome>('/v1/policy/releases', body)).release.id;
};

const pathOf = (release: string): string => `/v1/policy/releases/${release.replace('sha256:', '')}`;

const activate = async (admin: Admin, release: string, percent: number, say: ScenarioOptions['say']): Promise<Step> => {
  const startMs = performance.now();
  const { snapshotSeq } = await admin.post<ReleaseOutcome>(`${pathOf(release)}:activate`, { percent });
  await everywhere(admin, snapshotSeq, `${percent} %`, startMs, say);
  return { percent, confirmedAtMs: Date.now() };
};

const everywhere = async (
  admin: Admin,
  seq: number,
  what: string,
  startMs: number,
  say: ScenarioOptions['say'],
): Promise<void> => {
  const { nodes, missing } = await acknowledged(admin, seq);
  if (missing.length > 0) throw new Error(`${missing[0]!.id} does not confirm snapshot ${seq}: ${missing[0]!.reason}`);
  say(`${what}: on the hub and ${nodes} nodes after ${(performance.now() - startMs).toFixed(0)} ms`);
};

/** 5 %, 25 %, 60 %, and then the active policy; at each step another node lags behind. */
const raised = async ({ admin, members }: Fleet, say: ScenarioOptions['say']): Promise<Played> => {
  const release = await stage(admin, GOOD);
  const steps: Step[] = [];
  const late = (name: string): void => freeze(members.get(name)!);
  for (const [percent, name] of STEPS) {
    late(name);
    steps.push(await activate(admin, release, percent, say));
    await pause(STEP_MS);
  }
  const endedAtMs = Date.now();
  late('m-leaf');
  await activate(admin, release, 100, say);
  return { release, endedAtMs, steps, halted: false };
};

const freeze = ({ pid }: ProcessNode): void => {
  process.kill(pid, 'SIGSTOP');
  setTimeout(() => process.kill(pid, 'SIGCONT'), FROZEN_MS);
};

const halted = async (admin: Admin, say: ScenarioOptions['say']): Promise<Played | undefined> => {
  const release = await stage(admin, BAD);
  const startMs = performance.now();
  const step = await activate(admin, release, 5, say);
  const halt = await eventually(async () => {
    const { state, log } = await admin.get<ReleaseDetail>(pathOf(release));
    return state === 'halted' ? log.at(-1) : undefined;
  }, HALTS_WITHIN_MS);
  if (halt === undefined) return undefined;
  say(`halted by itself after ${(performance.now() - startMs).toFixed(0)} ms: ${halt.reason}`);
  const { snapshotSeq } = await admin.get<{ snapshotSeq: number }>('/v1/status');
  await everywhere(admin, snapshotSeq, 'rolled back, counted from 5 %', startMs, say);
  return { release, endedAtMs: halt.atMs, steps: [step], halted: true };
};

const rolledBack = async (admin: Admin, say: ScenarioOptions['say']): Promise<void> => {
  const startMs = performance.now();
  const { snapshotSeq } = await admin.post<RollbackOutcome>('/v1/policy/releases:rollback', {
    reason: 'the scenario ends',
  });
  await everywhere(admin, snapshotSeq, 'rollback of the active policy', startMs, say);
};
