/** The desk beyond attacks: what a restart finds, what another node may say, what an edit changes, and what time does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApprovalRecord, Call, Reply } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
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

const votesOf = (...people: readonly (typeof ANN)[]): ApprovalRecord['votes'] =>
  people.map(({ id, roles }) => ({ user: id, roles, verdict: 'approve', comment: '', atMs: 1 }));

/** Decided, and the node died before it did anything about it. */
const decidedThenDied = async (b: Bench, record: ApprovalRecord, state: ApprovalRecord['state']): Promise<void> =>
  b.stores.approvals.put({ ...record, state, votes: votesOf(ANN, BOB), decidedAtMs: 1, version: record.version + 1 });

test('a restart finds what waits, runs what was approved, ends what was denied, and sends nothing twice', async () => {
  const stores = memoryStores();
  const before = await bench({ stores });
  const waiting = await before.held('{"cents":1}');
  const approved = await before.held('{"cents":2}');
  const denied = await before.held('{"cents":3}');
  const sent = await before.held('{"cents":4}');
  await decidedThenDied(before, approved, 'approved');
  await decidedThenDied(before, denied, 'denied');
  await decidedThenDied(before, sent, 'approved');
  const grant = { tenant: 'default', approval: sent.id, digest: sent.digest };
  await stores.calls.begin({
    ...{ record: null, reservation: null, audit: [], grant, atMs: before.world.clock.wallMs() },
    dispatch: { id: sent.id, policyVersion: 'p' },
  });

  const after = await bench({ stores });
  const left = await after.desk.recover(await stores.calls.open());
  assert.deepEqual(await after.journal.recover(left), { resumed: 0, unknown: 1 });
  await after.pass(0);
  assert.deepEqual(after.bodies, ['{"cents":2}']);
  const states = async (...records: readonly ApprovalRecord[]) =>
    Promise.all(records.map(async ({ id }) => (await stores.calls.get('default', id))?.state));
  assert.deepEqual(await states(waiting, approved, denied, sent), ['accepted', 'done', 'done', 'unknown']);
  assert.equal((await after.outcomeOf(denied))?.code, 'denied');
  await after.approved(waiting);
  assert.deepEqual(after.bodies, ['{"cents":2}', '{"cents":1}']);
});

test('time goes on over a restart, and no answer is a no', async () => {
  const stores = memoryStores();
  const before = await bench({ stores });
  const record = await before.held();
  const after = await bench({ stores, world: before.world });
  const stop = after.desk.start();
  await after.pass(3_600_000 + 1_000);
  stop();
  assert.equal(await after.stateOf(record), 'expired');
  assert.equal((await after.outcomeOf(record))?.code, 'denied');
  assert.ok((await after.audit()).includes('approval.expired'));
});

test('what cannot be sent for now is sent later, with the same grant', async () => {
  let away = true;
  const b = await bench();
  const record = await b.held();
  b.now.meddle = (call) => {
    if (away) throw new Fault('overloaded', 'too busy');
    return call;
  };
  await b.approved(record);
  assert.deepEqual([await b.stateOf(record), b.ran.length], ['approved', 0]);
  away = false;
  await b.desk.look();
  await b.pass(0);
  assert.deepEqual([await b.stateOf(record), b.ran.length], ['consumed', 1]);
});

test('what policy allows by now runs once all the same, and its approval is used up', async () => {
  const b = await bench();
  const record = await b.held();
  await b.vote(ANN, record);
  b.now.policy = preparePolicy(await policyOf('@id("all") @reason("r") permit(principal, action, resource);'));
  await b.vote(BOB, record);
  assert.deepEqual([await b.stateOf(record), b.ran.length], ['consumed', 1]);
  const denied = await bench();
  const other = await denied.held();
  await denied.vote(ANN, other, 'deny');
  denied.now.policy = b.now.policy;
  await denied.desk.look();
  assert.equal(denied.ran.length, 0, 'a no stays a no');
});

test('even a call that only reads runs once', async () => {
  const b = await bench();
  const record = await b.held('', { contentType: '', target: { kind: 'tool', name: 'bank', operation: 'look' } });
  await b.vote(CAT, record);
  assert.deepEqual([await b.stateOf(record), b.ran.length], ['consumed', 1]);
});

test('an edit asks policy anew, takes every vote away, and makes its author one who may not vote', async () => {
  const b = await bench();
  const record = await b.held();
  await b.vote(BOB, record);
  const edit = (body: string, who = ANN) =>
    b.desk.edit(viewer(who), record.id, { body: Buffer.from(body), digest: record.digest, comment: 'less' });
  assert.equal(await refusal(edit('{"cents":2000000}')), 'denied TOO_LARGE');
  assert.equal(await refusal(edit('{"cents":"x"}')), 'denied BAD_ARGUMENTS');
  assert.equal(await refusal(edit('{"cents":1,"cents":2}')), 'denied CANNOT_HOLD');
  assert.equal(await refusal(edit('{"cents":1}', CAT)), 'denied ROLE_NEEDED');
  const edited = await edit('{"cents":5000}');
  assert.notEqual(edited.digest, record.digest);
  assert.deepEqual([edited.votes, edited.editedBy], [[], ['ann']]);
  assert.equal(await refusal(b.vote(ANN, edited)), 'denied FOUR_EYES');
  await b.vote(BOB, edited);
  assert.equal(b.ran.length, 0, 'two are needed, and the author is none of them');
  b.now.roles.set('dan', ['finance']);
  await b.vote(user('dan', 'finance'), edited);
  assert.deepEqual(b.bodies, ['{"cents":5000}']);
  const again = await b.send(PAYMENT);
  assert.deepEqual([again.status, b.ran.length], [201, 1], 'the caller gets the answer to what it asked');
});

test('a call that somebody edited stands for the question as it was asked: while it waits, and after a no', async () => {
  const b = await bench();
  await b.approved(await b.held());
  assert.equal((await b.send()).status, 201, 'the answer is collected, and the next one is a call of its own');
  const record = await b.held();
  const edited = await b.desk.edit(viewer(ANN), record.id, {
    ...{ body: Buffer.from('{"cents":5000}'), digest: record.digest, comment: '' },
  });
  assert.equal(jsonOf(await b.send())['id'], record.id);
  assert.equal(jsonOf(await b.send('{"cents":5000}'))['id'], record.id);
  await b.vote(BOB, edited, 'deny');
  assert.equal(await refusal(b.send()), 'denied APPROVAL_DENIED');
});

test('a caller takes its call back while nobody has decided', async () => {
  const b = await bench();
  const record = await b.held();
  assert.equal(await b.desk.withdraw('default', record.id), true);
  assert.deepEqual([await b.stateOf(record), (await b.outcomeOf(record))?.code], ['cancelled', 'cancelled']);
  assert.equal(await b.desk.withdraw('default', record.id), false);
  assert.notEqual((await b.held()).id, record.id, 'and may ask again');
});

test('a call runs where it stood in its tree, so that whoever began it is asked about again', async () => {
  const stores = memoryStores();
  const b = await bench({ stores });
  const tree = { origin: user('zoe', 'refunder'), begun: 'user/zoe', hops: [], calls: 3, endsAtMs: 5, proof: 'p' };
  const lineage = { root: 'a'.repeat(32), parent: 'b'.repeat(32), depth: 2 };
  const record = await b.held(PAYMENT, { tree, lineage });
  const after = await bench({ stores });
  let ran: Call | undefined;
  after.now.meddle = (call) => {
    ran = call;
    return call;
  };
  await after.approved(record);
  assert.deepEqual([ran?.lineage, ran?.tree?.origin, ran?.tree?.proof], [lineage, tree.origin, undefined]);
  assert.ok(ran!.tree!.endsAtMs > after.world.clock.nowMs());
});

test('many who ask the same at the same time ask once', async () => {
  const b = await bench();
  const replies = await Promise.all(Array.from({ length: 20 }, () => b.send()));
  assert.equal(new Set(replies.map((reply) => jsonOf(reply)['id'])).size, 1);
  assert.equal((await b.stores.approvals.list({ tenant: 'default', limit: 99 })).length, 1);
});

test('a caller hears why and for how many it waits, and not who voted', async () => {
  const b = await bench();
  const record = await b.held();
  await b.vote(ANN, record);
  assert.deepEqual(jsonOf(await b.send())['approval'], {
    id: record.id,
    state: 'pending',
    reason: 'payments need two of finance',
    rules: ['org/large'],
    quorum: 2,
    roles: ['finance'],
    approvals: 1,
    expiresAt: new Date(record.expiresAtMs).toISOString(),
  });
});

// One node tells the next.

/** A hub whose calls go on to another node, which decides again. */
const chain = async (
  tamper: (call: Call, token: string) => Partial<Call> = (_, token) => ({ grant: { kind: 'told', token } }),
) => {
  let hub: Bench;
  const second: Bench = await bench({ node: 'next', believed: (id) => (id === 'hub' ? hub.publicKey : undefined) });
  const answers: string[] = [];
  hub = await bench({
    next: (call, scope) => {
      const token = hub.desk.vouch(call, 'next') ?? '';
      const { grant: _, ...rest } = call;
      const onward: Call = {
        // Over a wire it is another body, and what this node knows of it stays here.
        ...{ ...rest, via: ['hub'], body: structuredClone(call.body) },
        credential: { kind: 'known', principal: call.principal ?? CLERK },
        ...tamper(call, token),
      };
      const work: Promise<Reply> = second.handler(onward, scope);
      return work.catch((thrown: unknown) => {
        answers.push(String(Fault.from(thrown).facts['code'] ?? Fault.from(thrown).code));
        throw thrown;
      });
    },
  });
  const record = await hub.held();
  return { hub, second, answers, record };
};

test('a node that is told, by one whose word counts, lets exactly that call go', async () => {
  const { hub, second, record } = await chain();
  await hub.approved(record);
  assert.deepEqual([hub.ran.length, second.bodies], [0, [PAYMENT]]);
  assert.equal((await hub.outcomeOf(record))?.status, 201);
});

const LIES: readonly [string, (call: Call, token: string) => Partial<Call>, string][] = [
  ['nothing is said', () => ({}), 'LARGE'],
  ['the word is cut', (_, token) => ({ grant: { kind: 'told', token: token.slice(0, -4) } }), 'APPROVAL_VOID'],
  [
    'the bytes are others',
    (_, token) => ({ grant: { kind: 'told', token }, body: { kind: 'bytes', bytes: Buffer.from('{"cents":1}') } }),
    'APPROVAL_VOID',
  ],
  ['the call is another', (_, token) => ({ grant: { kind: 'told', token }, id: 'd'.repeat(32) }), 'APPROVAL_VOID'],
  ['the session is another', (_, token) => ({ grant: { kind: 'told', token }, session: 's' }), 'APPROVAL_VOID'],
  [
    'the caller is another',
    (_, token) => ({
      grant: { kind: 'told', token },
      credential: { kind: 'known', principal: { ...CLERK, id: 'mallory' } },
    }),
    'APPROVAL_VOID',
  ],
];

for (const [name, tamper, code] of LIES)
  test(`a node that is told believes nothing when ${name}`, async () => {
    const { hub, second, answers, record } = await chain(tamper);
    await hub.approved(record);
    assert.deepEqual([second.ran.length, answers], [0, [code]]);
    assert.equal((await hub.outcomeOf(record))?.outcome, 'fault');
    assert.equal(await hub.stateOf(record), 'consumed');
  });

test('a word for another node, an old word, and the word of nobody in particular are not heard', async () => {
  const { hub, second, record } = await chain();
  let call: Call | undefined;
  hub.now.meddle = (passing) => {
    call = passing;
    return passing;
  };
  await hub.approved(record);
  assert.equal(second.ran.length, 1);
  const show = (token: string) => second.send(PAYMENT, { id: record.id, via: ['hub'], grant: { kind: 'told', token } });
  assert.equal(await refusal(show(hub.desk.vouch(call!, 'somewhere-else')!)), 'denied APPROVAL_VOID');
  const stranger = await bench({ node: 'hub' });
  const lie = stranger.desk.vouch(call!, 'next');
  assert.equal(lie, undefined, 'who has not asked has nothing to say');
  const old = hub.desk.vouch(call!, 'next')!;
  await second.pass(61_000);
  assert.equal(await refusal(show(old)), 'denied APPROVAL_VOID');
  assert.equal(second.ran.length, 1);
});

test('a node that is told still asks its own policy and its own roles', async () => {
  const stricter = preparePolicy(await policyOf(policyText('quorum=3; roles=finance; ttl=1h')));
  for (const change of [{ policy: stricter }, { roles: new Map([['ann', ['finance']]]) }, { weight: 7 }]) {
    const { hub, second, record } = await chain();
    Object.assign(second.now, change);
    await hub.approved(record);
    assert.equal(second.ran.length, 0);
  }
});
