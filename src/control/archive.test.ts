import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Roster, Signed } from '../contract/index.ts';
import { newNodeKey } from '../identity/index.ts';
import { Archive } from './archive.ts';
import { HubBench, snapshot } from './linkfixture.ts';
import { signDocument } from './sign.ts';

const key = newNodeKey();
const roster = (seq: number): Roster => ({ seq, nodes: [], instances: [] });
const label = ({ kind, payload }: Signed): string => `${kind} ${JSON.parse(payload).seq}`;

test('one write at a time, then the newest of each kind, and nothing waits for the disk', async () => {
  const written: string[] = [];
  let finish = (): void => {};
  const archive = new Archive(
    {
      keep: (_, signed) => {
        written.push(label(signed));
        return new Promise((resolve) => {
          finish = resolve;
        });
      },
    },
    () => {},
  );
  archive.put(signDocument('roster', roster(1), key));
  await Promise.resolve();
  for (const seq of [2, 3, 4]) archive.put(signDocument('roster', roster(seq), key));
  archive.put(signDocument('snapshot', snapshot(1), key));
  for (let write = 0; write < 3; write++) {
    finish();
    await new Promise((done) => setImmediate(done));
  }
  await archive.settled();
  assert.deepEqual(written, ['roster 1', 'roster 4', 'snapshot 1']);
});

test('a disk that fails is told about, and the next document is tried again', async () => {
  const failures: unknown[] = [];
  let isFull = true;
  const kept: string[] = [];
  const keep = async (_: string, signed: Signed): Promise<void> => {
    if (isFull) throw new Error('disk full');
    kept.push(label(signed));
  };
  const archive = new Archive({ keep }, (cause) => void failures.push(cause));
  archive.put(signDocument('roster', roster(1), key));
  await archive.settled();
  isFull = false;
  archive.put(signDocument('roster', roster(2), key));
  await archive.settled();
  assert.deepEqual([failures.length, kept], [1, ['roster 2']]);
});

test('a hub that restarts with its last roster tells its nodes what they knew, not that nobody is there', async () => {
  const bench = new HubBench();
  bench.keeper.start([]);
  bench.publish(snapshot(1));
  const { node } = await bench.join();
  const instances = [{ id: '1', kind: 'agent', name: 'seller', version: '1', labels: {}, state: 'ready' }];
  await bench.hub.heartbeat(node, { snapshotSeq: 0, rosterSeq: 0, killsSeq: 0, instances });
  await bench.pass(100);
  const last = bench.keeper.roster;
  const restarted = new HubBench();
  restarted.keeper.start(await bench.stores.nodes.list(), last);
  await restarted.pass(0);
  assert.deepEqual(restarted.rosters[0]!.instances, last.instances);
  assert.equal(last.instances.length, 1);
});
