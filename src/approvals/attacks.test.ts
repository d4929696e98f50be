/**
 * Nineteen ways to make a call run that people did not approve, and each of them in the ways that a call can come: waited for, and
 * not waited for. All must fail, and what was approved must run once all the same where it is still the same.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ApprovalRecord, Call } from '../contract/index.ts';
import { loopback, loopbackReply } from '../kernel/index.ts';
import { preparePolicy } from '../policy/index.ts';
import { memoryStores } from '../stores/index.ts';
import {
  ANN,
  type Bench,
  BOB,
  bench,
  CAT,
  CLERK,
  jsonOf,
  PAYMENT,
  policyOf,
  policyText,
  refusal,
  user,
  viewer,
} from './testing.ts';

interface Attack {
  readonly name: string;
  /** Throws when the attack gets through. `record` waits, nobody has voted. */
  readonly run: (b: Bench, record: ApprovalRecord, way: Partial<Call>) => Promise<void>;
  /** What the target has run in the end. Default: nothing. */
  readonly ran?: number;
}

const CHANGED = /the call is not the one that was approved/;

/** Somebody changes what is kept between the votes: the bytes on their way out are not those that were approved. */
const swapped =
  (body: string, contentType = 'application/json', says = CHANGED): Attack['run'] =>
  async (b, record) => {
    await b.vote(ANN, record);
    const kept = (await b.stores.approvals.get('default', record.id))!;
    await b.stores.approvals.put({ ...kept, body: Buffer.from(body), contentType, version: kept.version + 1 });
    await b.vote(BOB, record);
    assert.match((await b.outcomeOf(record))?.message ?? '', says);
    assert.equal((await b.audit()).includes('approval.mismatch'), says === CHANGED);
  };

const ATTACKS: readonly Attack[] = [
  { name: 'an argument is changed', run: swapped('{"cents":90001,"to":"x"}') },
  { name: 'an argument is added', run: swapped('{"cents":90000,"to":"x","memo":"y"}') },
  { name: 'an argument is removed', run: swapped('{"cents":90000}') },
  {
    name: 'a number becomes text',
    run: swapped('{"cents":"90000","to":"x"}', 'application/json', /do not fit its schema/),
  },
  { name: 'the content type is another', run: swapped(PAYMENT, 'text/plain', /do not fit its schema/) },
  { name: 'the content type is another one of JSON', run: swapped(PAYMENT, 'application/vnd.bank+json') },
  {
    name: '1, "1", 1.0 and a doubled key are four calls, and the last is none',
    run: async (b, record, way) => {
      const blob = { ...way, target: { ...record.target, operation: 'blob' } };
      const digests = [];
      for (const body of ['{"a":[1,2]}', '{"a":["1",2]}', '{"a":[1.0,2]}', '{"a":[2,1]}'])
        digests.push((await b.held(body, blob)).digest);
      assert.equal(new Set(digests).size, 4);
      for (const body of ['{"a":1,"a":2}', '{"a":9007199254740993}', '{"a":"\\ud800"}'])
        assert.equal(await refusal(b.send(body, blob)), 'denied CANNOT_HOLD');
      assert.equal((await b.held('{"b":0,"a":[1,2]}', blob)).digest, (await b.held('{"a":[1,2],"b":0}', blob)).digest);
    },
  },
  {
    name: 'the call is changed while people look at it',
    run: async (b, record) => {
      const seen = record.digest;
      await b.desk.edit(viewer(ANN), record.id, { body: Buffer.from('{"cents":5}'), digest: seen, comment: '' });
      assert.equal(await refusal(b.vote(BOB, record)), 'conflict DIGEST_MISMATCH');
      assert.equal(await b.stateOf(record), 'pending');
    },
  },
  {
    name: 'a careless layer changes the bytes after the decision',
    run: async (b, record) => {
      b.now.meddle = (call) => ({ ...call, body: { kind: 'bytes', bytes: Buffer.from('{"cents":1}') } });
      await b.approved(record);
      assert.equal((await b.outcomeOf(record))?.code, 'denied');
    },
  },
  {
    name: 'a grant is used again',
    ran: 1,
    run: async (b, record) => {
      await b.approved(record);
      assert.equal(await b.stateOf(record), 'consumed');
      const grant = { kind: 'own', approval: record.id } as const;
      assert.equal(await refusal(b.send(PAYMENT, { id: record.id, grant })), 'denied APPROVAL_VOID');
      assert.equal(await refusal(b.send(PAYMENT, { grant })), 'denied APPROVAL_VOID');
      await b.desk.look();
      const call = (await b.stores.calls.get('default', record.id))!;
      await b.journal.resume(call, {
        grant,
        contentType: record.contentType,
        body: { kind: 'bytes', bytes: record.body },
      });
    },
  },
  {
    name: 'a grant is used on another node',
    run: async (b, record) => {
      await b.vote(ANN, record);
      const other = await bench({ node: 'elsewhere' });
      const grant = { kind: 'own', approval: record.id } as const;
      assert.equal(await refusal(other.send(PAYMENT, { id: record.id, grant })), 'denied APPROVAL_VOID');
      assert.equal(other.ran.length, 0);
    },
  },
  {
    name: 'an approval comes after its time',
    run: async (b, record) => {
      await b.vote(ANN, record);
      await b.pass(3_600_000);
      assert.equal(await refusal(b.vote(BOB, record)), 'conflict');
      assert.equal(await b.stateOf(record), 'expired');
      assert.match((await b.outcomeOf(record))?.message ?? '', /nobody approved this call in time/);
    },
  },
  {
    name: 'its time runs out between the last vote and the sending',
    run: async (b, record) => {
      b.now.weight = 100;
      await b.vote(ANN, record);
      b.world.wallSkewMs = 3_600_000;
      assert.equal(await refusal(b.vote(BOB, record)), 'conflict');
      assert.equal(await b.stateOf(record), 'expired');
    },
  },
  {
    name: 'who asks votes',
    run: async (b, _, way) => {
      const own = await b.held(PAYMENT, { ...way, credential: { kind: 'known', principal: ANN } });
      assert.equal(await refusal(b.vote(ANN, own)), 'denied FOUR_EYES');
      b.now.behind = ['user/ann'];
      const through = await b.held('{"cents":7}', way);
      assert.equal(await refusal(b.vote(ANN, through)), 'denied FOUR_EYES');
    },
  },
  {
    name: 'one person votes twice, with a second key',
    run: async (b, record) => {
      await b.vote(ANN, record);
      assert.equal(await refusal(b.vote({ ...ANN }, record)), 'conflict VOTED_ALREADY');
      assert.equal(await b.stateOf(record), 'pending');
    },
  },
  {
    name: 'who made a key of the caller votes',
    run: async (b, record) => {
      b.now.holders = ['ann'];
      assert.equal(await refusal(b.vote(ANN, record)), 'denied FOUR_EYES');
    },
  },
  {
    name: 'who voted makes a key of the caller afterwards',
    run: async (b, record) => {
      await b.vote(ANN, record);
      b.now.holders = ['ann'];
      await b.vote(BOB, record);
      assert.match((await b.outcomeOf(record))?.message ?? '', /not enough/);
    },
  },
  {
    name: 'somebody votes for somebody else, or without the role',
    run: async (b, record) => {
      assert.equal(await refusal(b.vote(CAT, record)), 'denied ROLE_NEEDED');
      assert.equal(await refusal(b.vote(user('bob'), record)), 'denied ROLE_NEEDED');
      assert.equal(await refusal(b.vote(user('dan', 'admin'), record)), 'denied ROLE_NEEDED');
    },
  },
  {
    name: 'a role is lost before the call runs',
    run: async (b, record) => {
      await b.vote(ANN, record);
      b.now.roles.set('ann', []);
      await b.vote(BOB, record);
      assert.match((await b.outcomeOf(record))?.message ?? '', /not enough by the policy and the roles of now/);
      assert.equal(await b.stateOf(record), 'cancelled');
    },
  },
  {
    name: 'a person is gone before the call runs',
    run: async (b, record) => {
      await b.vote(ANN, record);
      b.now.roles.delete('ann');
      await b.vote(BOB, record);
      assert.equal((await b.outcomeOf(record))?.code, 'denied');
    },
  },
  {
    name: 'the target is configured otherwise',
    run: async (b, record) => {
      await b.vote(ANN, record);
      b.now.weight = 1;
      await b.vote(BOB, record);
      assert.match((await b.outcomeOf(record))?.message ?? '', /not the one that was approved/);
    },
  },
  {
    name: "an id is made up, or another tenant's",
    run: async (b, record) => {
      const ballot = { verdict: 'approve', digest: record.digest, comment: '' } as const;
      assert.equal(await refusal(b.desk.vote(viewer(ANN), 'f'.repeat(32), ballot)), 'not_found');
      assert.equal(await refusal(b.desk.vote(viewer({ ...ANN, tenant: 'acme' }), record.id, ballot)), 'not_found');
      const blind = { principal: ANN, maySee: () => false };
      assert.equal(await refusal(b.desk.vote(blind, record.id, ballot)), 'not_found');
    },
  },
  {
    name: 'an agent votes',
    run: async (b, record) => {
      const agent = { ...CLERK, id: 'judge', roles: ['finance'] };
      assert.equal(await refusal(b.vote(agent, record)), 'denied VOTER_NOT_A_PERSON');
    },
  },
  {
    name: 'a key that is narrowed to other things votes',
    run: async (b, record) => {
      assert.equal(await refusal(b.vote({ ...ANN, scopes: ['read', 'call'] }, record)), 'denied SCOPE_NEEDED');
      await b.vote({ ...ANN, scopes: ['approve'] }, record);
    },
  },
  {
    name: 'somebody votes after the decision',
    run: async (b, record) => {
      await b.vote(ANN, record, 'deny');
      assert.equal(await b.stateOf(record), 'denied');
      assert.equal(await refusal(b.vote(BOB, record)), 'conflict');
      assert.match((await b.outcomeOf(record))?.message ?? '', /an approver denied this call/);
    },
  },
  {
    name: 'policy is stricter by now: more people',
    run: async (b, record) => {
      await b.vote(ANN, record);
      b.now.policy = preparePolicy(await policyOf(policyText('quorum=3; roles=finance; ttl=1h')));
      await b.vote(BOB, record);
      assert.match((await b.outcomeOf(record))?.message ?? '', /not enough/);
    },
  },
  {
    name: 'policy is stricter by now: never',
    run: async (b, record) => {
      await b.vote(ANN, record);
      const never =
        '@id("never") @reason("no payments") @code("NEVER") forbid(principal, action == Action::"tool/bank/pay", resource);';
      b.now.policy = preparePolicy(await policyOf(policyText(undefined, never)));
      await b.vote(BOB, record);
      assert.equal((await b.outcomeOf(record))?.message, 'no payments');
      assert.equal(await b.stateOf(record), 'cancelled');
    },
  },
  {
    name: 'the approval of one call is shown for another',
    run: async (b, record, way) => {
      const other = await b.held('{"cents":3}', way);
      await b.vote(ANN, record);
      const mine = (await b.stores.approvals.get('default', record.id))!;
      // Approved and not run: as after a crash.
      await b.stores.approvals.put({ ...mine, state: 'approved', version: mine.version + 1 });
      const grant = { kind: 'own', approval: record.id } as const;
      assert.equal(await refusal(b.send('{"cents":3}', { id: other.id, grant })), 'denied APPROVAL_VOID');
      assert.equal(await refusal(b.send('{"cents":3}', { id: record.id, grant })), 'denied APPROVAL_VOID');
      const mallory = { kind: 'known', principal: { ...CLERK, id: 'mallory' } } as const;
      assert.equal(
        await refusal(b.send(PAYMENT, { id: record.id, grant, credential: mallory })),
        'denied APPROVAL_VOID',
      );
    },
  },
  {
    name: 'the same is asked 50 times after a no',
    run: async (b, record, way) => {
      await b.vote(ANN, record, 'deny');
      for (let n = 0; n < 50; n++) assert.equal(await refusal(b.send(PAYMENT, way)), 'denied APPROVAL_DENIED');
      assert.equal((await b.stores.approvals.list({ tenant: 'default', limit: 99 })).length, 1);
      await b.pass(600_000);
      assert.notEqual((await b.held(PAYMENT, way)).id, record.id);
    },
  },
  {
    name: 'people are flooded with questions',
    run: async (b, _, way) => {
      for (let n = 1; n < 20; n++) await b.held(`{"cents":${n}}`, way);
      assert.equal(await refusal(b.send('{"cents":77}', way)), 'rate_limited TOO_MANY_HELD');
      assert.equal((await b.send(PAYMENT, way)).status, 202, 'what waits already is not asked anew');
    },
  },
];

for (const [kind, way] of [
  ['waited for', {}],
  ['detached', { detach: true }],
] as const)
  describe(`a call that is ${kind} does not run when`, () => {
    for (const { name, run, ran = 0 } of ATTACKS)
      test(name, async () => {
        const b = await bench();
        await run(b, await b.held(PAYMENT, way), way);
        await b.pass(2_000);
        assert.equal(b.ran.length, ran);
        assert.deepEqual(b.failures, []);
      });
  });

test('of two hubs that race for one grant, one runs the call: 200 times', async () => {
  for (let round = 0; round < 200; round++) {
    const stores = memoryStores();
    const [a, b] = [await bench({ stores }), await bench({ stores, node: 'second' })];
    let onTheWay = 0;
    for (const { now } of [a, b])
      now.meddle = (call) => {
        onTheWay++;
        return call;
      };
    const record = await a.held();
    const votes = [ANN, BOB].map(({ id, roles }) => ({
      ...{ user: id, roles, comment: '', atMs: 1 },
      verdict: 'approve' as const,
    }));
    // As after a crash right behind the last vote: both find it approved, at the same moment.
    await stores.approvals.put({ ...record, state: 'approved', votes, version: 2 });
    await Promise.all([a.desk.look(), b.desk.look(), a.desk.look(), b.desk.look()]);
    await Promise.all([a.pass(0), b.pass(0)]);
    assert.equal(onTheWay, 2, 'both were on their way to send it');
    assert.equal(a.ran.length + b.ran.length, 1, `round ${round}`);
    assert.equal((await stores.calls.get('default', record.id))?.reply?.status, 201);
    assert.equal(await a.stateOf(record), 'consumed');
    await Promise.all([a.pass(3_000), b.pass(3_000)]);
    assert.equal(a.ran.length + b.ran.length, 1);
  }
});

test('the hub that loses the race leaves the call of the winner alone while it runs', async () => {
  const stores = memoryStores();
  const { handler: next, ledger } = loopback(async (_call, scope, execute) => {
    execute();
    await new Promise<void>((done) => scope.clock.after(50, done));
    return loopbackReply({ status: 201 });
  });
  const [a, b] = [await bench({ stores, next }), await bench({ stores, next, node: 'second' })];
  const record = await a.held();
  await a.desk.vote(viewer(ANN), record.id, { verdict: 'approve', digest: record.digest, comment: '' });
  await a.desk.vote(viewer(BOB), record.id, { verdict: 'approve', digest: record.digest, comment: '' });
  await b.desk.look();
  await Promise.all([a.pass(0), b.pass(0)]);
  assert.equal((await stores.calls.get('default', record.id))?.state, 'dispatched');
  await Promise.all([a.pass(100), b.pass(100)]);
  assert.deepEqual([ledger.length, (await a.outcomeOf(record))?.status], [1, 201]);
});

test('exactly once, as a whole: held, asked again, approved, run, collected', async () => {
  const b = await bench();
  const first = await b.send(PAYMENT, { idempotencyKey: 'k' });
  const { id } = jsonOf(first);
  assert.deepEqual(first.headers, [['location', `/v1/calls/${id}`]]);
  assert.equal(jsonOf(await b.send('{ "to":"x", "cents":90000 }', {}))['id'], id, 'the same call, whatever its spaces');
  await b.approved((await b.stores.approvals.get('default', String(id)))!);
  const again = await b.send(PAYMENT, { idempotencyKey: 'k' });
  assert.deepEqual([again.status, again.notes], [201, ['replayed']]);
  assert.equal((await b.send(PAYMENT, { idempotencyKey: 'k' })).status, 201);
  assert.equal((await b.send()).status, 201, 'without a key once');
  assert.equal((await b.send()).status, 202, 'and then it is a call of its own');
  assert.equal(await refusal(b.send('{"cents":1}', { idempotencyKey: 'k' })), 'idempotency_mismatch');
  assert.equal(b.ran.length, 1);
  assert.deepEqual(await b.audit(), [
    'approval.opened',
    'approval.vote',
    'approval.vote',
    'approval.consumed',
    'approval.opened',
  ]);
});
