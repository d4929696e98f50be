import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareCpu, parseMachineStat, parseProcessStat, parseSchedstat, sampleCpu } from './cpu.ts';

test('busy time of the machine leaves out idle and disk wait, and keeps steal apart', () => {
  const text = 'cpu  100 10 50 9000 70 3 7 20 5 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n';
  assert.deepEqual(parseMachineStat(text), { busyUs: 1_700_000, stealUs: 200_000 });
});

test('a process whose name holds spaces and brackets cannot shift the columns', () => {
  const text = '42 (evil) R 1 (x) S 1 42 42 0 -1 4194304 103 0 0 0 250 50 900 900 20 0 12 0 51421 3133440 425\n';
  assert.equal(parseProcessStat(text), 3_000_000);
});

test('time on a core is read from nanoseconds', () => {
  assert.equal(parseSchedstat('33590326 615830 83\n'), 33_590.326);
  assert.equal(parseSchedstat('5000'), 5);
});

const before = { atUs: 0, busyUs: 0, stealUs: 0, hopUs: 0, oursUs: 0 };

test('foreign CPU is what was busy and not ours, as a share of all cores', () => {
  const use = compareCpu(
    before,
    { atUs: 1_000_000, busyUs: 1_500_000, stealUs: 40_000, hopUs: 900_000, oursUs: 1_300_000 },
    2,
  );
  assert.deepEqual(use, { hopUs: 900_000, hopCores: 0.9, foreignShare: 0.1, stealShare: 0.02 });
});

test('noise of the coarse counter never becomes negative foreign CPU', () => {
  const use = compareCpu(
    before,
    { atUs: 1_000_000, busyUs: 990_000, stealUs: 0, hopUs: 500_000, oursUs: 1_000_000 },
    2,
  );
  assert.equal(use?.foreignShare, 0);
});

test("without the kernel's counters there is no figure, not a zero", () => {
  assert.equal(compareCpu(null, before), null);
  assert.equal(compareCpu(before, null), null);
});

test('work of this process shows in its own account', { skip: process.platform !== 'linux' && 'needs /proc' }, () => {
  const pids = { hop: [process.pid], own: [process.pid] };
  const first = sampleCpu(pids);
  for (const until = performance.now() + 30; performance.now() < until; );
  const use = compareCpu(first, sampleCpu(pids));
  assert.ok(use !== null && use.hopUs > 5_000, `counted ${use?.hopUs} us`);
});
