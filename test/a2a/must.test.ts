/** Our nodes do what A2A servers must do, in every version and binding. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Deployments, deployments } from './deployments.ts';
import { REQUIREMENTS } from './must.ts';
import { runAt } from './run-must.ts';

let where: Deployments;
before(async () => {
  where = await deployments();
});
after(() => where[Symbol.asyncDispose]());

/** Through more nodes than one: those in which ids, pins and streams go all the way. */
const FAR = new Set([
  'SEND-TURNS',
  'SEND-CONTEXT',
  'SEND-UNKNOWN-TASK',
  'CANCEL',
  'STREAM-CHUNKS',
  'STREAM-LEFT',
  'SUBSCRIBE',
  'LIST',
]);

for (const name of ['hub', 'sidecar', 'hierarchy'])
  test(`what the specification asks of servers is met by a ${name}`, async () => {
    const { place } = where.places.find((one) => one.name === name)!;
    const wanted = REQUIREMENTS.filter(({ id }) => name === 'hub' || FAR.has(id));
    const rows = await runAt(place, where.release, wanted);
    assert.deepEqual(
      rows.filter(({ failure }) => failure !== ''),
      [],
    );
    assert.ok(rows.length > 20);
  });
