import assert from 'node:assert/strict';
import { test } from 'node:test';
import { VirtualWorld } from '../kernel/index.ts';
import { memoryStores } from '../stores/index.ts';
import { type Checkpoint, CheckpointKeeper, type SignedCheckpoint } from './index.ts';

const entry = { tenant: 't', atMs: 1, kind: 'k', actor: 'a', object: 'o', callId: '', details: {} };

test('each place gets the end of each chain, again only when it moved, and what failed the next time', async () => {
  const world = new VirtualWorld(1);
  const { audit } = memoryStores();
  const got: Checkpoint[] = [];
  const failed: string[] = [];
  let broken = true;
  const keeper = new CheckpointKeeper({
    store: audit,
    world,
    node: 'hub-1',
    sign: (payload): SignedCheckpoint => ({ payload, keyId: 'k', signature: 's' }),
    sinks: [
      { name: 'good', put: async ({ payload }) => void got.push(JSON.parse(payload)) },
      { name: 'bad', put: async () => (broken ? Promise.reject(new Error('away')) : undefined) },
    ],
    everyMs: 1_000,
    failed: (sink) => failed.push(sink),
  });
  keeper.start();
  await audit.append([entry, { ...entry, tenant: 'u' }]);
  await world.run(1_500);
  assert.deepEqual(
    got.map(({ tenant, seq, node }) => [tenant, seq, node]),
    [
      ['t', 1, 'hub-1'],
      ['u', 1, 'hub-1'],
    ],
  );
  assert.deepEqual(failed, ['bad', 'bad']);
  broken = false;
  await world.run(2_500);
  assert.deepEqual([got.length, failed.length], [2, 2]);
  await audit.append([entry]);
  await keeper.stop();
  assert.deepEqual(got.map(({ tenant, seq }) => [tenant, seq]).at(-1), ['t', 2]);
  assert.equal(got.at(-1)?.hash, (await audit.heads())[0]?.hash);
});
