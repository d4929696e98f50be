/** A person who lets a run of a plan go sees what it would do, and nothing else runs with that yes. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { line } from '../../src/cli/testing/line.ts';
import { apply, asked, ended, type House, house, plan } from './scene.ts';

const OPERATIONS = [
  { name: 'find', effect: 'read', price: { perCall: '0.01 USD' } },
  { name: 'book', effect: 'write', price: { perCall: '0.20 USD' } },
  { name: 'unbook', effect: 'write', idempotent: true },
  { name: 'pay', effect: 'irreversible', price: { perCall: '2.00 USD' } },
  { name: 'propose', effect: 'read' },
];

const STEPS = [
  { id: 'find', call: 'agent/office/find', input: { to: '${input.to}' } },
  { id: 'book', call: 'agent/office/book', needs: ['find'], compensate: { call: 'agent/office/unbook' } },
  { id: 'pay', call: 'agent/office/pay', needs: ['book'] },
];

let home: House;

before(async () => {
  home = await house(OPERATIONS);
});
beforeEach(async () => {
  await apply(home.hub, [plan('trip', { steps: STEPS, approval: {} })]);
  home.seen.length = 0;
});
after(() => home.scene[Symbol.asyncDispose]());

const approve = (id: string, body: object) => home.ask('bob', `/v1/approvals/${id}:approve`, body);
const deny = (id: string, digest: string) => home.ask('bob', `/v1/approvals/${id}:deny`, { digest });

test('who approves a run sees its steps, their effects and prices, what takes them back, and the digest of what will run', async () => {
  const id = await home.start('trip', { to: 'Rome' });
  const [view] = await asked(home, 1);
  const { check, changes, answer } = view!.plan!;
  assert.deepEqual(
    check?.steps.map(({ step, target, effect, costMicros }) => `${step} ${target} ${effect} ${costMicros}`),
    [
      'find agent/office/find read 10000',
      'book agent/office/book write 200000',
      '~book agent/office/unbook write 0',
      'pay agent/office/pay irreversible 2000000',
    ],
  );
  assert.equal(check?.steps[1]?.compensatedBy, 'agent/office/unbook');
  assert.equal(check?.estimateMicros, 2_210_000);
  assert.deepEqual(changes, []);
  const { status } = await approve(id, { digest: view!.digest, check: answer });
  assert.equal(status, 200);
  const run = await ended(home, id);
  assert.deepEqual([run.state, run.digest, home.seen], ['done', check?.digest, ['find', 'book', 'pay']]);
});

test('a definition that was changed since is said to be another one, and no yes lets it go', async () => {
  const id = await home.start('trip', { to: 'Oslo' });
  const [before] = await asked(home, 1);
  await apply(home.hub, [plan('trip', { steps: [...STEPS, { id: 'more', call: 'agent/office/pay' }], approval: {} })]);
  const [view] = await asked(home, 1);
  assert.match(view!.plan!.changes.join('\n'), /the definition is .* now and was/);
  assert.match(view!.plan!.changes.join('\n'), /step `more` is new/);
  for (const check of [before!.plan!.answer, view!.plan!.answer]) {
    const { status, json } = await approve(id, { digest: view!.digest, check });
    assert.equal(status, 409);
    assert.match(JSON.stringify(json), /PLAN_CHANGED/);
  }
  assert.equal((await deny(id, view!.digest)).status, 200, 'a no is heard all the same');
  assert.deepEqual(home.seen, []);
});

test('what the check says was changed since: a yes says that it was seen', async () => {
  const id = await home.start('trip', { to: 'Paris' });
  const [before] = await asked(home, 1);
  const dearer = OPERATIONS.map((one) => (one.name === 'pay' ? { ...one, price: { perCall: '9.00 USD' } } : one));
  await apply(home.hub, [home.officeOf(dearer)]);
  const [view] = await asked(home, 1);
  assert.match(view!.plan!.changes.join('\n'), /step `pay` .*costs 9000000.*and before: .*costs 2000000/);
  for (const seen of [{}, { check: before!.plan!.answer }]) {
    const { status, json } = await approve(id, { digest: view!.digest, ...seen });
    assert.equal(status, 409);
    assert.match(JSON.stringify(json), /CHECK_CHANGED/);
  }
  assert.equal((await approve(id, { digest: view!.digest, check: view!.plan!.answer })).status, 200);
  assert.equal((await ended(home, id)).state, 'done');
  await apply(home.hub, [home.officeOf(OPERATIONS)]);
});

test('a proposal is judged by people with its check and the input of its run, and two runs that ask the same are two questions', async () => {
  await apply(home.hub, [
    plan('free', {
      planner: { call: 'agent/office/propose', allow: ['agent/office/*'] },
      approval: {},
      input: { type: 'object' },
    }),
  ]);
  const steps = [{ id: 'find', call: 'agent/office/find', forEach: 'input.cities', input: '${item}' }];
  home.answers.set('propose', () => ({ steps }));
  const one = await home.start('free', { cities: ['a', 'b'] });
  const two = await home.start('free', { cities: ['c', 'd', 'e'] });
  const views = await asked(home, 2);
  assert.deepEqual(views.map(({ plan: shown }) => shown?.check?.steps[0]?.items).sort(), [2, 3]);
  for (const { id, digest, plan: shown } of views)
    assert.equal((await approve(id, { digest, check: shown!.answer })).status, 200);
  assert.deepEqual([(await ended(home, one)).state, (await ended(home, two)).state], ['done', 'done']);
  assert.equal(home.seen.filter((operation) => operation === 'find').length, 5);
});

test('the command line shows the check, and a question of a run cannot be given other words', async () => {
  const id = await home.start('free', { cities: ['x'] });
  const [view] = await asked(home, 1);
  const env = { AIRSPACE_URL: home.hub.url, AIRSPACE_KEY: home.secrets.bob };
  const { stdout } = await line(['approval', 'show', view!.id], { env });
  assert.match(stdout, /the plan, as it is now\n {2}definition {2}[0-9a-f]{64}/);
  assert.match(stdout, /find +agent\/office\/find +read/);
  const { digest, body } = view!;
  const { status, json } = await home.ask('bob', `/v1/approvals/${view!.id}:edit`, { digest, body });
  assert.equal(status, 400);
  assert.match(JSON.stringify(json), /cannot be changed, only answered/);
  const { exit, stderr } = await line(['approval', 'deny', view!.id, '--yes'], { env });
  assert.equal(exit, 0, stderr);
  assert.equal((await ended(home, id)).state, 'failed');
});
