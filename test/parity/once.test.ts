/** What must not be done twice is done once, in every dialect. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CALLERS } from './callers.ts';
import { AGENT, ALL, startScene, TAKING } from './scene.ts';

test('an idempotency key is good for one call, and its answer is told again in the words of whoever asked', async () => {
  await using scene = await startScene(ALL);
  let at = 0;
  for (const called of [...TAKING, AGENT])
    for (const stream of [false, true])
      for (const caller of CALLERS) {
        const where = `${called.title} ${caller.name} ${stream}`;
        const asked = {
          ...{ kind: called.kind, name: called.name, operation: called === AGENT ? 'message' : 'pay', stream },
          headers: { 'idempotency-key': `key-${at++}` },
        };
        scene.begin();
        const first = await caller.ask(scene.access, { ...asked, args: '{"amount":5}' });
        const again = await caller.ask(scene.access, { ...asked, args: '{"amount":5}' });
        assert.deepEqual([first?.code, again?.code], ['ok', 'ok'], `${where}: ${again?.raw}`);
        assert.ok(first?.raw.includes('done') && again?.raw.includes('done'), `${where}: ${again?.raw}`);
        const other = await caller.ask(scene.access, { ...asked, args: '{"amount":6}' });
        assert.equal(other?.code, 'idempotency_mismatch', `${where}: ${other?.raw}`);
        if (caller.name !== 'native') {
          const native = await CALLERS[0]!.ask(scene.access, { ...asked, args: '{"amount":5}' });
          assert.ok(!native?.raw.includes('structuredContent'), `${where}: ${native?.raw}`);
        }
        assert.equal(scene.taken().length, 1, where);
      }
});
