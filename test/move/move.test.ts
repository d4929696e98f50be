/** A route moves from the hub to the mesh and back under calls at a constant rate: none fails, is lost, or runs twice. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { CallEvent } from '../../src/contract/index.ts';
import { ask, eventually } from '../crash/wire.ts';
import { lostOrTwice, shapesApart } from './check.ts';
import type { Answered } from './generator.ts';
import { airspace, type Scene, startLoad, startScene } from './scene.ts';

const PER_SECOND = 40;
/** Calls on each way. */
const LEAST = 40;

test('a route moves to the mesh and back under load, and no call notices', { timeout: 120_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-move-'));
  const scene = await startScene(dir);
  const load = startLoad(scene.caller, PER_SECOND);
  try {
    await ran(scene, LEAST);
    const through = Date.now();
    await moved(scene, 'mesh', 50);
    await ran(scene, LEAST);
    await moved(scene, 'mesh', 100);
    const directly = Date.now();
    await ran(scene, LEAST);
    await moved(scene, 'hub', 100);
    await ran(scene, LEAST);
    const answers = await load.stop();
    assert.deepEqual(lostOrTwice(answers, await scene.ledger()), []);
    const first = answers.find(({ dueAtMs }) => dueAtMs < through)!;
    const direct = answers.find(({ dueAtMs }) => dueAtMs > directly)!;
    assert.deepEqual(shapesApart(await eventsOf(scene, first, 3), await eventsOf(scene, direct, 2)), []);
  } finally {
    load.kill();
    await scene.stop();
    rmSync(dir, { recursive: true, force: true });
  }
});

/** Resolves when so many more have run. */
const ran = async ({ ledger }: Scene, count: number): Promise<void> => {
  const before = (await ledger()).length;
  const enough = await eventually(async () => ((await ledger()).length >= before + count ? true : undefined), 60_000);
  assert.ok(enough, 'calls come through');
};

/** Resolves when every node runs it. */
const moved = async (scene: Scene, to: 'mesh' | 'hub', percent: number): Promise<void> => {
  const { deployed } = scene;
  const words = ['topology', 'move', 'orders', '--to', to, '--percent', String(percent), '--no-watch', '--yes'];
  const { exit, stderr } = await airspace(scene, words);
  assert.equal(exit, 0, stderr);
  const status = await ask(`${deployed.root.url}/v1/status`, { key: deployed.adminKey });
  const { snapshotSeq } = JSON.parse(status.body) as { snapshotSeq: number };
  const spread = await eventually(
    async () => ((await deployed.nodes()).every((node) => node.snapshotSeq >= snapshotSeq) ? true : undefined),
    30_000,
  );
  assert.ok(spread, 'every node runs it');
};

const eventsOf = async ({ deployed }: Scene, { call }: Answered, atLeast: number): Promise<readonly CallEvent[]> =>
  (await eventually(async () => {
    const events = await deployed.events(call);
    return events.length >= atLeast ? events : undefined;
  }, 20_000)) ?? [];

test('the check finds a call that failed, one that was lost, and one that ran twice', () => {
  const answered = (id: string, status = 200): Answered => ({
    id,
    status,
    dueAtMs: 0,
    latencyMs: 1,
    call: '',
    said: 'busy',
  });
  const answers = [answered('a'), answered('b'), answered('c', 503), answered('d')];
  assert.deepEqual(lostOrTwice(answers, ['a', 'd', 'd', 'first']), [
    'failed: c was answered 503 busy',
    'lost: b was answered and never ran',
    'twice: d ran 2 times',
  ]);
});
