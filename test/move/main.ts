/**
 * `npm run lab:move [-- --rate 300 --every 5s --steady 10 --effect write --steps 1,10,50,100]`: a route moves from the hub to the mesh and back, in steps, under calls that
 * come at a constant rate. Exit code 1 when a call failed, was lost or ran twice, when the two ways leave different records, or when a
 * move did not go through. What was gained is measured and printed, and decides nothing: the machine may be busy with others.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compareCpu, sampleCpu } from '../../bench/machine/cpu.ts';
import type { CallEvent } from '../../src/contract/index.ts';
import { eventually, pause } from '../crash/wire.ts';
import { lostOrTwice, p50, shapesApart } from './check.ts';
import type { Answered } from './generator.ts';
import { airspace, type Load, type Scene, startLoad, startScene } from './scene.ts';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '300' },
    every: { type: 'string', default: '5s' },
    steady: { type: 'string', default: '10' },
    effect: { type: 'string', default: 'write' },
    // One percent of few calls is too few to judge.
    steps: { type: 'string', default: '1,10,50,100' },
  },
});
const rate = Number(values.rate);
const steadyMs = Number(values.steady) * 1_000;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

/** A time in which nothing changes: what calls took, and what the nodes did. */
interface Steady {
  readonly way: 'hub' | 'mesh';
  readonly fromMs: number;
  readonly toMs: number;
  readonly hubUs: number;
  readonly sidecarsUs: number;
}

const steady = async (way: Steady['way'], { deployed }: Scene): Promise<Steady> => {
  const sampled = () => ({
    hub: sampleCpu({ hop: [deployed.root.pid], own: [] }),
    sidecars: sampleCpu({ hop: deployed.sidecars.map(({ pid }) => pid), own: [] }),
  });
  const [fromMs, before] = [Date.now(), sampled()];
  await pause(steadyMs);
  const after = sampled();
  return {
    ...{ way, fromMs, toMs: Date.now() },
    hubUs: compareCpu(before.hub, after.hub)?.hopUs ?? Number.NaN,
    sidecarsUs: compareCpu(before.sidecars, after.sidecars)?.hopUs ?? Number.NaN,
  };
};

const findings: string[] = [];

const move = async (scene: Scene, to: 'mesh' | 'hub'): Promise<void> => {
  const steps = to === 'mesh' ? values.steps : '50,100';
  const words = ['topology', 'move', 'orders', '--to', to, '--steps', steps, '--every', values.every, '--yes'];
  const { exit, stdout, stderr } = await airspace(scene, words);
  for (const line of `${stderr}${stdout}`.trimEnd().split('\n')) console.log(`       ${line}`);
  if (exit !== 0) findings.push(`the move to ${to} ended with ${exit}`);
};

const play = async (scene: Scene, load: Load): Promise<void> => {
  await pause(3_000);
  const phases = [await steady('hub', scene)];
  await move(scene, 'mesh');
  phases.push(await steady('mesh', scene));
  await move(scene, 'hub');
  phases.push(await steady('hub', scene));
  const answers = await load.stop();
  findings.push(...lostOrTwice(answers, await scene.ledger()));
  for (const failed of answers.filter(({ status }) => status !== 200).slice(0, 3)) await tell(scene, failed);
  const samples = phases.map(({ fromMs, toMs }) => answers.find(({ dueAtMs }) => dueAtMs > (fromMs + toMs) / 2)!);
  const [hub, mesh] = [await eventsOf(scene, samples[0]!, 3), await eventsOf(scene, samples[1]!, 2)];
  findings.push(...shapesApart(hub, mesh));
  report(phases, answers);
};

/** Where a call that failed spent its time: a node that stood still looks different from one that never got it. */
const tell = async (scene: Scene, { id, call, latencyMs, dueAtMs }: Answered): Promise<void> => {
  const ids = await scene.ledger();
  const ran = ids.filter((one) => one === id).length;
  console.log(`       ${id} due ${new Date(dueAtMs).toISOString()} took ${Math.round(latencyMs)} ms, ran ${ran} times`);
  for (const { role, startedAtMs, durationMs, code, snapshotSeq, steps } of await eventsOf(scene, { call }, 2))
    console.log(
      `         ${role} from ${Math.round(startedAtMs - dueAtMs)} ms for ${Math.round(durationMs)} ms, snapshot ${snapshotSeq} ${code}: ${steps.map((step) => `${step.name} ${Math.round(step.offsetMs)}+${Math.round(step.durationMs)}`).join(', ')}`,
    );
};

/** Sidecars hand theirs up in batches. */
const eventsOf = async (
  { deployed }: Scene,
  { call }: Pick<Answered, 'call'>,
  atLeast: number,
): Promise<readonly CallEvent[]> =>
  (await eventually(async () => {
    const events = await deployed.events(call);
    return events.length >= atLeast ? events : undefined;
  }, 15_000)) ?? [];

const report = (phases: readonly Steady[], answers: readonly Answered[]): void => {
  const failed = answers.filter(({ status }) => status !== 200).length;
  console.log(
    `       ${answers.length} calls at ${rate} a second, ${failed} failed; load average ${loadavg()[0]?.toFixed(1)}`,
  );
  for (const { way, fromMs, toMs, hubUs, sidecarsUs } of phases) {
    const own = answers.filter(({ dueAtMs }) => isWithin(dueAtMs, fromMs, toMs));
    // What the nodes worked on in this time is what they answered in it.
    const answered = answers.filter(({ dueAtMs, latencyMs }) => isWithin(dueAtMs + latencyMs, fromMs, toMs)).length;
    const each = (us: number): string => `${Math.round(us / answered)} us`;
    console.log(
      `       ${way.padEnd(4)}  ${own.length} calls due, ${answered} answered  p50 ${p50(own).toFixed(2)} ms  hub ${each(hubUs)} a call  sidecars ${each(sidecarsUs)}  all nodes ${each(hubUs + sidecarsUs)}`,
    );
  }
};

const isWithin = (atMs: number, fromMs: number, toMs: number): boolean => atMs >= fromMs && atMs < toMs;

const dir = mkdtempSync(join(tmpdir(), 'airspace-move-'));
const scene = await startScene(dir, values.effect === 'read' ? 'read' : 'write');
const load = startLoad(scene.caller, rate);
try {
  await play(scene, load);
} finally {
  load.kill();
  await scene.stop();
  rmSync(dir, { recursive: true, force: true });
}
console.log(
  `${findings.length === 0 ? 'ok    ' : 'FAILED'} a route moved to the mesh and back under load, and no call noticed`,
);
for (const finding of findings.slice(0, 20)) console.log(`       ${finding}`);
process.exit(findings.length === 0 ? 0 : 1);
