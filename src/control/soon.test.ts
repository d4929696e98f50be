import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualWorld } from '../kernel/index.ts';
import { Soon } from './soon.ts';

const started = () => {
  const world = new VirtualWorld(3);
  const runs: number[] = [];
  const { clock, random } = world;
  const soon = new Soon({ clock, random, spacingMs: () => 1_000, run: () => void runs.push(clock.nowMs()) });
  return { soon, runs, clock, pass: (ms: number) => world.run(clock.nowMs() + ms) };
};

test('many changes at once are told once, within half a second', async () => {
  const { soon, runs, pass, clock } = started();
  const fromMs = clock.nowMs();
  for (let times = 0; times < 100; times++) soon.ask();
  await pass(500);
  assert.equal(runs.length, 1);
  assert.ok(runs[0]! - fromMs >= 100);
  await pass(10_000);
  assert.equal(runs.length, 1, 'nobody asked again');
});

test('under changes without end it runs no more often than it may', async () => {
  const { soon, runs, pass } = started();
  for (let times = 0; times < 1_000; times++) {
    soon.ask();
    await pass(10);
  }
  assert.ok(runs.length >= 9 && runs.length <= 11, String(runs.length));
  for (const [at, ms] of runs.slice(1).entries()) assert.ok(ms - runs[at]! >= 1_000);
});

test('stopped, it runs no more', async () => {
  const { soon, runs, pass } = started();
  soon.ask();
  soon.stop();
  await pass(10_000);
  assert.deepEqual(runs, []);
});
