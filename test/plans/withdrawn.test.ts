/** A run that was given up asks nobody any more: its questions are withdrawn, and no yes is taken to what nobody waits for. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { bundle, OPEN } from '../hierarchy/scene.ts';
import { apply, asked, ended, type House, house, plan, until } from './scene.ts';

const QUESTION = { id: 'sure', approve: { question: { pay: '${input.cents}' } } };
const RULE = `${OPEN}
@id("pay") @reason("a person looks at payments") @remedy("approval") @approval("ttl=1h")
forbid (principal, action == Action::"agent/office/pay", resource);`;

let home: House;

before(async () => {
  home = await house([
    { name: 'pay', effect: 'irreversible' },
    { name: 'fail', effect: 'read' },
  ]);
  await apply(home.hub, [
    bundle('org', RULE),
    plan('ask', { steps: [QUESTION, { id: 'pay', call: 'agent/office/pay', needs: ['sure'] }] }),
    plan('held', { steps: [{ id: 'pay', call: 'agent/office/pay', input: '${input}' }] }),
    plan('hasty', { steps: [QUESTION], deadlineMs: 400 }),
    plan('broken', {
      steps: [QUESTION, { id: 'go', wait: { signal: 'go' } }, { id: 'fail', call: 'agent/office/fail', needs: ['go'] }],
    }),
  ]);
  home.answers.set('fail', () => {
    throw new Error('no');
  });
});
after(() => home.scene[Symbol.asyncDispose]());

const wish = (id: string, what: string, body: object = {}) => home.ask('ada', `/v1/runs/${id}:${what}`, body);

/** Nobody is asked any more, and whoever answers all the same hears why. */
const isWithdrawn = async (id: string, digest: string): Promise<void> => {
  await until(async () => (await home.ask('bob', `/v1/approvals/${id}`)).json['state'] === 'cancelled', 'withdrawn');
  const { status, json } = await home.ask('bob', `/v1/approvals/${id}:approve`, { digest });
  assert.equal(status, 409);
  assert.match(JSON.stringify(json), /is cancelled already/);
  assert.deepEqual(await home.waiting(), []);
};

for (const name of ['ask', 'held'])
  test(`a run that is cancelled withdraws what it asked: ${name}`, async () => {
    const run = await home.start(name, { cents: 5 });
    const [view] = await asked(home, 1);
    assert.equal((await wish(run, 'cancel')).status, 200);
    const { state, steps } = await ended(home, run);
    assert.equal(state, 'cancelled');
    assert.equal(steps[0]?.state, 'cancelled');
    await isWithdrawn(view!.id, view!.digest);
    assert.deepEqual(home.seen, [], 'nothing was paid');
  });

test('a run whose time is over withdraws what it asked', async () => {
  const run = await home.start('hasty', { cents: 6 });
  const [view] = await asked(home, 1);
  const { state, message } = await ended(home, run);
  assert.deepEqual([state, message], ['failed', 'its time is over']);
  await isWithdrawn(view!.id, view!.digest);
});

test('a run that fails elsewhere withdraws what it asked', async () => {
  const run = await home.start('broken', { cents: 7 });
  const [view] = await asked(home, 1);
  await wish(run, 'signal', { name: 'go' });
  const { state, message } = await ended(home, run);
  assert.deepEqual([state, message], ['failed', 'step `fail` failed: the target answered 422']);
  await isWithdrawn(view!.id, view!.digest);
});
