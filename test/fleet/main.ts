/**
 * `npm run lab:fleet -- [--quick] [--agents 1000] [--real 20] [--simulated 180] [--changes 20] [--json FILE]`: how long a policy change
 * and an order to stop take to reach a whole fleet, on this machine, under calls and churn. Exit code 1 when a gate fails.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Fleet, startFleet } from './fleet.ts';
import { costOf, machine } from './machine.ts';
import { killOrders, type Measured, policyChanges, type Spread, steadyCalls } from './measure.ts';

const GATES = { policyMs: 2_000, killMs: 5_000 } as const;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    agents: { type: 'string' },
    real: { type: 'string' },
    simulated: { type: 'string' },
    changes: { type: 'string' },
    json: { type: 'string' },
    /** Milliseconds between two restarts of a node with an agent that leaves and comes back. */
    churn: { type: 'string', default: '500' },
    /** Calls through the mesh, each second. */
    calls: { type: 'string', default: '20' },
  },
});
const whole = (text: string | undefined, otherwise: number): number => {
  const value = Number(text ?? otherwise);
  if (Number.isInteger(value) && value >= 0) return value;
  console.error(`error: \`${text}\` is no whole number`);
  process.exit(2);
};
const { quick } = values;
const plan = {
  agents: whole(values.agents, quick ? 200 : 1_000),
  real: whole(values.real, quick ? 4 : 20),
  simulated: whole(values.simulated, quick ? 36 : 180),
  changes: whole(values.changes, quick ? 5 : 20),
  crowds: quick ? 1 : 2,
  churnMs: whole(values.churn, 500),
  calls: whole(values.calls, 20),
};
const WITHIN_MS = quick ? 60_000 : 600_000;
const SETTLE_MS = quick ? 3_000 : 6_000;
const PAUSE_MS = quick ? 500 : 1_000;

const startedAtMs = performance.now();
const say = (line: string): void => console.log(`${((performance.now() - startedAtMs) / 1000).toFixed(1)} s  ${line}`);

// Whatever hangs, ends; what was started dies with this process.
setTimeout(() => {
  console.error(`error: not done within ${WITHIN_MS / 1000} s`);
  process.exit(1);
}, WITHIN_MS).unref();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const spread = ({ p50, p99, max }: Spread): string => `p50 ${p50} ms, p99 ${p99} ms, max ${max} ms`;
const report = (what: string, { last, each, hubCpuMs, hubWrittenMiB }: Measured): void => {
  say(`${what}: last node ${spread(last)} over ${last.count}; each node ${spread(each)} over ${each.count}`);
  say(`${what}: hub ${hubCpuMs} ms CPU and ${hubWrittenMiB} MiB written per change, churn and heartbeats included`);
};

/** What the fleet costs while nothing is changed but by churn. */
const resting = async (fleet: Fleet, ms: number) => {
  const pids = fleet.sidecars.map(({ pid }) => pid);
  const [hub, sidecars] = [costOf(fleet.hub.pid), pids.map(costOf)];
  const counted = await fleet.counters();
  await sleep(ms);
  const seconds = ms / 1000;
  const cpu = (costOf(fleet.hub.pid).cpuMs - hub.cpuMs) / ms;
  const own = pids.reduce((sum, pid, at) => sum + costOf(pid).cpuMs - sidecars[at]!.cpuMs, 0) / ms / pids.length;
  const later = await fleet.counters();
  const sum = (all: typeof later, field: 'bytes' | 'documents'): number => all.reduce((n, one) => n + one[field], 0);
  return {
    hubCpuShare: Number(cpu.toFixed(3)),
    sidecarCpuShare: Number(own.toFixed(3)),
    hubWrittenMiBPerS: Number(((costOf(fleet.hub.pid).writtenMiB - hub.writtenMiB) / seconds).toFixed(2)),
    documentsPerS: Number(((sum(later, 'documents') - sum(counted, 'documents')) / seconds).toFixed(1)),
    documentKiBPerS: Number(((sum(later, 'bytes') - sum(counted, 'bytes')) / 1024 / seconds).toFixed(1)),
  };
};

const before = machine();
say(
  `${before.cpus} x ${before.model}, ${before.memoryGiB} GiB, node ${before.node}, load ${before.loadAverage.join(' ')}`,
);
const fleet = await startFleet({ ...plan, say });
try {
  await sleep(SETTLE_MS);
  const idle = await resting(fleet, SETTLE_MS);
  say(`churn alone: ${JSON.stringify(idle)}`);
  const calls = steadyCalls(fleet, plan.calls);
  const policy = await policyChanges(fleet, plan.changes, PAUSE_MS);
  report('policy change', policy);
  const kill = await killOrders(fleet, plan.changes, PAUSE_MS);
  report('order to stop', kill);
  const called = await calls.end();
  const hub = costOf(fleet.hub.pid);
  const sidecars = fleet.sidecars.map(({ pid }) => costOf(pid));
  const counters = await fleet.counters();
  const passed = { policy: policy.last.p99 <= GATES.policyMs, kill: kill.last.p99 <= GATES.killMs };
  say(`calls: ${called.sent} sent, ${called.failed} failed`);
  say(
    `hub: ${hub.rssMiB} MiB (peak ${hub.peakRssMiB}), sidecar: ${Math.max(...sidecars.map((one) => one.peakRssMiB))} MiB at most`,
  );
  say(`crowds: ${JSON.stringify(counters)}, load ${machine().loadAverage.join(' ')}`);
  for (const [gate, ok] of Object.entries(passed)) say(`${ok ? 'ok    ' : 'FAILED'} ${gate}`);
  const result = {
    plan,
    gates: GATES,
    passed,
    machine: { before, after: machine() },
    idle,
    policy,
    kill,
    called,
    hub,
    sidecars,
    counters,
  };
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(result, null, 2)}\n`);
  process.exitCode = Object.values(passed).every(Boolean) ? 0 : 1;
} finally {
  await fleet.stop();
}
