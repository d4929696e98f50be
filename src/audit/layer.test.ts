import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Call, type Decision, Fault, type RoutePlan, type Stores } from '../contract/index.ts';
import {
  Admission,
  compose,
  type Handler,
  type Layer,
  loopback,
  loopbackCall,
  Permit,
  rootScope,
  silentSpan,
  VirtualWorld,
} from '../kernel/index.ts';
import { memoryStores } from '../stores/index.ts';
import { AuditTrail, auditRefusals, auditSending } from './index.ts';

const ALLOW: Decision = {
  ...{ effect: 'allow', code: 'OK', reason: 'fine', missing: [], constraints: {}, errors: [] },
  determining: [{ level: 'org', id: 'all', reason: 'fine' }],
  policyVersion: 'sha256:0123456789abcdef',
} as Decision;

const planFor = (effect: string) => ({ operation: { name: 'create', effect, idempotent: false } }) as RoutePlan;

const setUp = (effect: string, inner: Layer, strict = false, stores: Pick<Stores, 'audit'> = memoryStores()) => {
  const world = new VirtualWorld(1);
  const lost: number[] = [];
  const trail = new AuditTrail({ store: stores.audit, clock: world.clock, failed: (_, count) => lost.push(count) });
  const target = loopback();
  const decided: Layer = (next) => (call, scope) => {
    Permit.grant(call, ALLOW);
    return next(call, scope);
  };
  const handler: Handler = compose(
    auditRefusals(trail, 'hub-1'),
    decided,
    auditSending({ trail, node: 'hub-1', planOf: () => planFor(effect), strict }),
    inner,
  )(target.handler);
  const send = (call: Call) => handler(call, rootScope(world, silentSpan('s')).scope);
  const kinds = async () => {
    await trail.settled();
    return (await stores.audit.read('acme', 1, 99)).map(({ kind }) => kind);
  };
  return { send, kinds, target, trail, lost, stores };
};

const through: Layer = (next) => next;

test('a call that changes something leaves its line with the record, before and after', async () => {
  let before: readonly string[] = [];
  let after: readonly string[] = [];
  const { send, kinds } = setUp('write', (next) => async (call, scope) => {
    const admission = Admission.of(call);
    before = admission.before.map(({ kind }) => kind);
    const reply = await next(call, scope);
    after = admission.after(undefined, reply).map(({ kind, details }) => `${kind} ${details['outcome']}`);
    return reply;
  });
  await send(loopbackCall({ body: { kind: 'bytes', bytes: Buffer.from('{}') } }));
  assert.deepEqual([before, after, await kinds()], [['call.sent'], ['call.ended ok'], []]);
});

test('a call that only reads is written down in passing, and before it is sent where that is asked for', async () => {
  const loose = setUp('read', through);
  await loose.send(loopbackCall());
  assert.deepEqual(await loose.kinds(), ['call.read']);
  let before = 0;
  const strict = setUp(
    'read',
    (next) => (call, scope) => {
      before = Admission.of(call).before.length;
      return next(call, scope);
    },
    true,
  );
  await strict.send(loopbackCall());
  assert.equal(before, 1);
});

test('a refusal is written down with its rules, and what the caller said is not', async () => {
  const secret = 'sk-do-not-keep';
  const facts = { rules: ['org/no'], code: 'NO_WAY', policyVersion: 'sha256:aa' };
  const { send, kinds, stores, target } = setUp('write', () => async () => {
    throw new Fault('denied', `not with ${secret}`, { facts });
  });
  await assert.rejects(send(loopbackCall({ body: { kind: 'bytes', bytes: Buffer.from(secret) } })), /denied|not with/);
  assert.deepEqual(await kinds(), ['call.refused']);
  const [record] = await stores.audit.read('acme', 1, 1);
  assert.deepEqual(record?.details, {
    node: 'hub-1',
    fault: 'denied',
    code: 'NO_WAY',
    rules: ['org/no'],
    policy: 'sha256:aa',
  });
  assert.ok(!JSON.stringify(record).includes(secret));
  assert.equal(target.ledger.length, 0);
});

test('a target that fails, and a node that is busy, have refused nobody', async () => {
  for (const fault of [
    new Fault('upstream_broken', 'x'),
    new Fault('overloaded', 'x'),
    new Fault('denied', 'x', { remote: true }),
  ]) {
    const { send, kinds } = setUp('write', () => async () => Promise.reject(fault));
    await assert.rejects(send(loopbackCall()));
    assert.deepEqual(await kinds(), [], fault.code);
  }
});

test('what cannot be kept in passing is told, and the trail goes on', async () => {
  const real = memoryStores();
  let full = true;
  const audit: Stores['audit'] = {
    append: (entries) => (full ? Promise.reject(new Fault('storage', 'full')) : real.audit.append(entries)),
    read: (tenant, from, limit) => real.audit.read(tenant, from, limit),
    search: (filter) => real.audit.search(filter),
    heads: () => real.audit.heads(),
  };
  const { send, kinds, lost } = setUp('read', through, false, { audit });
  await send(loopbackCall());
  assert.deepEqual([await kinds(), lost], [[], [1]]);
  full = false;
  await send(loopbackCall());
  assert.deepEqual([await kinds(), lost], [['call.read'], [1]]);
});
