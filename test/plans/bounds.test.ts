/** What an organisation sets for all plans, whoever wrote them: how many calls one run may make. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { apply, ended, type House, house, plan, resource } from './scene.ts';

let home: House;

before(async () => {
  home = await house([{ name: 'count', effect: 'write' }]);
  const each = { id: 'each', call: 'agent/office/count', forEach: 'input.items', input: '${item}', parallel: 1 };
  await apply(home.hub, [
    resource('Budget', 'calls-of-a-run', { scope: 'organisation', per: 'tree', unit: 'calls', limit: 6 }),
    plan('many', { steps: [{ ...each, attempts: 1 }] }),
    plan('outer', { steps: [{ id: 'inner', call: 'plan/many', input: { items: '${input.items}' }, attempts: 1 }] }),
  ]);
});
after(() => home.scene[Symbol.asyncDispose]());

const items = Array.from({ length: 20 }, (_, at) => at);

test('a budget of calls for each tree bounds every run by itself, start included, however long its list is', async () => {
  for (const round of [1, 2]) {
    home.seen.length = 0;
    const { state, message } = await ended(home, await home.start('many', { items }));
    assert.equal(state, 'failed', `round ${round}`);
    assert.match(message, /budget `calls-of-a-run` .*has 0 calls left/);
    assert.equal(home.seen.length, 5);
  }
});

test('a plan that is called by another one draws on the same account', async () => {
  home.seen.length = 0;
  const { state } = await ended(home, await home.start('outer', { items }));
  assert.deepEqual([state, home.seen.length], ['failed', 4], 'two starts, and four steps');
});

test('a check says so before', async () => {
  const { json } = await home.ask('desk', '/v1/plans:check', { plan: 'many', input: { items } });
  assert.match(String(json['warnings']), /budget `calls-of-a-run` has 6 calls left, and one run needs about 21 calls/);
});
