/** Our nodes do what A2A servers must do, in every version and binding. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Deployments, deployments } from './deployments.ts';
import { runAt } from './run-must.ts';

let where: Deployments;
before(async () => {
  where = await deployments();
});
after(() => where[Symbol.asyncDispose]());

/** Those in which ids, pins and streams go all the way. */
const FAR = new Set(['SEND-TURNS', 'SEND-UNKNOWN-TASK', 'CANCEL', 'STREAM-CHUNKS', 'STREAM-LEFT', 'SUBSCRIBE', 'LIST']);

/** Spoken by every kind of node. */
const GRPC = ['gRPC 1.0', 'gRPC 0.3'];

/** All of them in one way of speaking at one node, and at the others what is different there; `npm run conformance:a2a` runs the whole. */
for (const { name, isWhole } of [
  { name: 'hub', isWhole: true },
  { name: 'sidecar', isWhole: false },
  { name: 'hierarchy', isWhole: false },
  { name: 'mesh', isWhole: false },
])
  test(`what the specification asks of servers is met through a ${name}`, async () => {
    const { place } = where.places.find((one) => one.name === name)!;
    const rows = await runAt(
      place,
      where.release,
      ({ id, of }, speaker) =>
        (isWhole && (speaker.name === 'JSON-RPC 1.0' || of?.binding !== undefined)) ||
        (FAR.has(id) && (isWhole || speaker.name === 'JSON-RPC 1.0' || speaker.binding === 'GRPC')),
    );
    assert.deepEqual(
      rows.filter(({ failure }) => failure !== ''),
      [],
    );
    assert.deepEqual(
      GRPC.filter((name) => !rows.some(({ speaker }) => speaker === name)),
      [],
    );
    assert.ok(rows.length >= FAR.size);
  });
