import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Call,
  type CallJournal,
  type Decision,
  Fault,
  type Principal,
  type RoutePlan,
} from '../contract/index.ts';
import {
  compose,
  type Handler,
  journalWith,
  type Layer,
  loopback,
  loopbackReply,
  Permit,
  rootScope,
  type Script,
  silentSpan,
  VirtualWorld,
} from '../kernel/index.ts';
import { memoryStores } from '../stores/index.ts';
import { Journal } from './index.ts';

const ALICE: Principal = { kind: 'agent', tenant: 'acme', id: 'alice', roles: [] };
const MALLORY: Principal = { ...ALICE, id: 'mallory' };

const ALLOW: Decision = {
  effect: 'allow',
  code: 'OK',
  reason: 'fine',
  determining: [],
  missing: [],
  policyVersion: 'sha256:0123456789abcdef',
  constraints: {},
  errors: [],
};

const planFor = (effect: RoutePlan['operation']['effect'], idempotent = false): RoutePlan => ({
  target: {
    tenant: 'acme',
    kind: 'agent',
    name: 'shop',
    domain: '',
    labels: {},
    endpoints: [],
    operations: [],
    health: null,
    concurrency: 10,
    timeoutMs: null,
  },
  operation: { name: 'buy', effect, idempotent },
  route: 'default',
  via: 'hub',
  timeoutMs: null,
  attempts: 3,
  priority: 2,
});

let next = 0;
const callOf = (body: string, more: Partial<Call> = {}): Call => ({
  id: (++next).toString(16).padStart(32, '0'),
  credential: { kind: 'known', principal: ALICE },
  principal: null,
  target: { kind: 'agent', name: 'shop', operation: 'buy' },
  contentType: 'application/json',
  accept: '*/*',
  body: { kind: 'bytes', bytes: Buffer.from(body) },
  headers: [],
  trace: { trace: 'a'.repeat(32), sampled: true },
  lineage: { root: 'r', depth: 0 },
  priority: 2,
  stream: false,
  via: [],
  retriedElsewhere: false,
  ...more,
});

/** Identify and decide, as far as the journal needs them. */
const admitted: Layer = (inner) => (call, scope) => {
  if (call.credential.kind !== 'known') throw new Fault('unauthenticated', 'no');
  const known = { ...call, principal: call.credential.principal };
  Permit.grant(known, ALLOW);
  return inner(known, scope);
};

const setUp = (script?: Script, plan: RoutePlan = planFor('write'), store: CallJournal = memoryStores().calls) => {
  const world = new VirtualWorld(1);
  const target = loopback(script);
  let handler: Handler;
  const journal = new Journal({ store, world, handler: () => handler });
  handler = compose(
    admitted,
    journal.layer(() => plan),
  )(target.handler);
  const send = (call: Call) => handler(call, rootScope(world, silentSpan('s')).scope);
  return { store, journal, target, send, world };
};

const code = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no fault',
    (fault: unknown) => Fault.from(fault).code,
  );
const ok: Script = (_call, _scope, execute) => {
  execute();
  return loopbackReply({ status: 201 });
};

test('the intent is in the store before the target runs, the outcome before the caller hears it', async () => {
  const call = callOf('{}');
  let seen: string | undefined;
  const { store, send } = setUp(async (_call, _scope, execute) => {
    seen = (await store.get('acme', call.id))?.state;
    execute();
    return loopbackReply({});
  });
  await send(call);
  assert.equal(seen, 'dispatched');
  assert.equal((await store.get('acme', call.id))?.state, 'done');
});

test('when the intent cannot be written, nothing is sent', async () => {
  const full = journalWith(memoryStores().calls, {
    begin: () => Promise.reject(new Fault('storage', 'the disk is full')),
  });
  const { send, target } = setUp(ok, planFor('write'), full);
  assert.equal(await code(send(callOf('{}'))), 'storage');
  assert.equal(target.ledger.length, 0);
});

/** A store that carries commands out and loses its word about it, or does not take them, as often as it is told. */
const inDoubt = () => new Fault('storage', 'the connection broke', { executed: 'unknown' });
const full = () => new Fault('storage', 'the disk is full');

test('an intent in doubt sends nothing, says so, and is taken back with its key', async () => {
  const store = memoryStores().calls;
  let lost = 1;
  const lossy = journalWith(store, {
    begin: async (begin) => {
      const begun = await store.begin(begin);
      if (lost-- > 0) throw inDoubt();
      return begun;
    },
  });
  const { send, target, world } = setUp(ok, planFor('write'), lossy);
  const fault = await send(callOf('{}', { idempotencyKey: 'k' })).catch(Fault.from);
  assert.ok(fault instanceof Fault);
  assert.deepEqual([fault.code, fault.executed, target.ledger.length], ['storage', 'no', 0]);
  assert.equal(await code(send(callOf('{}', { idempotencyKey: 'k' }))), 'idempotency_in_flight');
  await world.run();
  assert.equal((await send(callOf('{}', { idempotencyKey: 'k' }))).status, 201);
});

test('an intent in doubt that another process would send to find out is not called unsent', async () => {
  const store = journalWith(memoryStores().calls, { begin: () => Promise.reject(inDoubt()) });
  const plan = planFor('write');
  const { send } = setUp(ok, { ...plan, operation: { ...plan.operation, reconcile: { replay: true } } }, store);
  const fault = await send(callOf('{}')).catch(Fault.from);
  assert.ok(fault instanceof Fault && fault.executed === 'unknown');
});

test('a reply that could not be written down is no "not executed", and is written as soon as it can be', async () => {
  const store = memoryStores().calls;
  let refusals = 2;
  const lossy = journalWith(store, { end: (end) => (refusals-- > 0 ? Promise.reject(full()) : store.end(end)) });
  const { send, target, world } = setUp(ok, planFor('write'), lossy);
  const call = callOf('{}', { idempotencyKey: 'k' });
  const fault = await send(call).catch(Fault.from);
  assert.ok(fault instanceof Fault);
  assert.deepEqual([fault.code, fault.executed, target.ledger.length], ['storage', 'unknown', 1]);
  await world.run();
  assert.equal((await store.get('acme', call.id))?.state, 'done');
  assert.equal((await send(callOf('{}', { idempotencyKey: 'k' }))).status, 201);
});

test('a failure keeps its own word when its end could not be written', async () => {
  const store = journalWith(memoryStores().calls, { end: () => Promise.reject(full()) });
  const broken: Script = () => {
    throw new Fault('upstream_broken', 'reset');
  };
  assert.equal(await code(setUp(broken, planFor('write'), store).send(callOf('{}'))), 'upstream_broken');
});

test('a detached call whose acceptance is in doubt runs when it was accepted', async () => {
  const store = memoryStores().calls;
  const lossy = journalWith(store, {
    accept: async (record) => {
      await store.accept(record);
      throw inDoubt();
    },
  });
  const { send, target, world } = setUp(ok, planFor('write'), lossy);
  const call = callOf('{}', { detach: true });
  const fault = await send(call).catch(Fault.from);
  assert.ok(fault instanceof Fault && fault.executed === 'unknown');
  await world.run();
  assert.deepEqual([(await store.get('acme', call.id))?.state, target.ledger.length], ['done', 1]);
});

test('the same key hears what was known of the execution, whatever the code says by itself', async () => {
  const { send } = setUp(() => {
    throw new Fault('unreachable', 'gone at the second try', { executed: 'unknown' });
  });
  const heard = [];
  for (const _ of [1, 2]) heard.push(await send(callOf('{}', { idempotencyKey: 'k' })).catch(Fault.from));
  assert.deepEqual(
    heard.map((fault) => fault instanceof Fault && [fault.code, fault.executed]),
    [
      ['unreachable', 'unknown'],
      ['unreachable', 'unknown'],
    ],
  );
});

test('that an idempotent call did not run after a restart says nothing about the run before it', async () => {
  const store = memoryStores().calls;
  const before = setUp(() => new Promise(() => {}), planFor('write', true), store);
  const call = callOf('{}', { detach: true });
  await before.send(call);
  await before.world.run();
  const refused: Script = () => {
    throw new Fault('unreachable', 'nobody is there');
  };
  const after = setUp(refused, planFor('write', true), store);
  await after.journal.recover(await store.open());
  await after.world.run();
  const record = await store.get('acme', call.id);
  assert.deepEqual([record?.state, record?.reply?.executed], ['unknown', 'unknown']);
});

test('a call that only reads waits for no disk', async () => {
  const closed: CallJournal = { ...memoryStores().calls, begin: () => Promise.reject(new Error('must not be asked')) };
  const { send, target } = setUp(ok, planFor('read'), closed);
  await send(callOf('{}'));
  assert.equal(target.ledger.length, 1);
});

test('a key runs once: the same again, a mismatch for other bytes, in flight while it runs', async () => {
  let finish = (): void => {};
  const running = new Promise<void>((done) => {
    finish = done;
  });
  let begun = (): void => {};
  const started = new Promise<void>((done) => {
    begun = done;
  });
  const { send, target } = setUp(async (_call, _scope, execute) => {
    execute();
    begun();
    await running;
    return loopbackReply({ status: 201, body: { kind: 'bytes', bytes: Buffer.from('bought') } });
  });
  const key = { idempotencyKey: 'k1' };
  const first = send(callOf('{"n":1}', key));
  await started;
  assert.equal(await code(send(callOf('{"n":1}', key))), 'idempotency_in_flight');
  finish();
  await first;
  const again = await send(callOf('{"n":1}', key));
  assert.equal(again.status, 201);
  assert.deepEqual(again.notes, ['replayed']);
  assert.ok(again.body.kind === 'bytes' && Buffer.from(again.body.bytes).toString() === 'bought');
  assert.equal(await code(send(callOf('{"n":2}', key))), 'idempotency_mismatch');
  assert.equal(target.ledger.length, 1);
});

test("a key belongs to its caller: another one's is another key", async () => {
  const { send, target } = setUp(ok);
  await send(callOf('{}', { idempotencyKey: 'k' }));
  await send(callOf('{}', { idempotencyKey: 'k', credential: { kind: 'known', principal: MALLORY } }));
  assert.equal(target.ledger.length, 2);
});

test('a call that never ran gives its key back; one that may have run keeps it', async () => {
  const faults = [new Fault('unreachable', 'refused'), new Fault('upstream_broken', 'cut')];
  const { send, target } = setUp((_call, _scope, execute, nth) => {
    const fault = faults[nth - 1];
    if (fault !== undefined) throw fault;
    execute();
    return loopbackReply({});
  });
  const key = { idempotencyKey: 'k' };
  assert.equal(await code(send(callOf('{}', key))), 'unreachable');
  assert.equal(await code(send(callOf('{}', key))), 'upstream_broken');
  assert.equal(await code(send(callOf('{}', key))), 'upstream_broken', 'the same answer, and nothing is sent again');
  assert.equal(target.ledger.length, 0);
});

test('a detached call is accepted at once, runs on, and its reply can be fetched by its owner only', async () => {
  const { send, journal, world, target } = setUp(ok);
  const call = callOf('{}', { detach: true });
  const reply = await send(call);
  assert.equal(reply.status, 202);
  await world.run();
  const record = await journal.owned(ALICE, call.id);
  assert.equal(record?.state, 'done');
  assert.equal(record?.reply?.status, 201);
  assert.equal(await journal.owned(MALLORY, call.id), undefined);
  assert.equal(target.ledger.length, 1);
});

test('a restart runs what was accepted, and calls unknown what was sent and is not idempotent', async () => {
  const store = memoryStores().calls;
  const never: Script = () => new Promise(() => {});
  const before = setUp(never, planFor('write'), store);
  before.send(callOf('{"sent":1}')).catch(() => {});
  await before.send(callOf('{"detached":1}', { detach: true }));
  await before.world.run();
  const interrupted = (await store.open()).find((record) => record.state === 'dispatched' && !record.detached)!;
  const accepted = callOf('{"accepted":1}', { detach: true });
  await setUp(never, planFor('write'), journalWith(store, { begin: () => new Promise(() => {}) })).send(accepted);

  const after = setUp(ok, planFor('write'), store);
  assert.deepEqual(await after.journal.recover(await store.open()), { resumed: 1, unknown: 2 });
  await after.world.run();
  assert.equal((await store.get('acme', accepted.id))?.state, 'done');
  assert.equal((await store.get('acme', interrupted.id))?.state, 'unknown');
  assert.equal(after.target.ledger.length, 1);
});

test('a call that began before the recovery was over is left alone by it', async () => {
  const { store, journal, send, world, target } = setUp((_call, scope, execute) => {
    execute();
    return new Promise((done) => scope.clock.after(10, () => done(loopbackReply({ status: 201 }))));
  });
  const left = await store.open();
  const [waiting, detached] = [callOf('{}', { idempotencyKey: 'early' }), callOf('{}', { detach: true })];
  const reply = send(waiting);
  await send(detached);
  assert.deepEqual(await journal.recover(left), { resumed: 0, unknown: 0 });
  await world.run();
  assert.equal((await reply).status, 201);
  for (const { id } of [waiting, detached]) assert.equal((await store.get('acme', id))?.state, 'done');
  assert.equal(target.ledger.length, 2);
});

test('a detached call can be cancelled', async () => {
  const { send, journal, world } = setUp(
    (_call, scope) => new Promise((_, reject) => scope.signal.onCancel((reason) => reject(reason))),
  );
  const call = callOf('{}', { detach: true });
  await send(call);
  await world.run();
  assert.equal(journal.cancel(call.id), true);
  await world.run();
  assert.equal((await journal.owned(ALICE, call.id))?.state, 'unknown');
  assert.equal(journal.cancel(call.id), false);
});

test('a streamed reply is kept for its key as it passed', async () => {
  const { send, target } = setUp((_call, _scope, execute) => {
    execute();
    const chunks = async function* () {
      yield Buffer.from('one ');
      yield Buffer.from('two');
    };
    return loopbackReply({ body: { kind: 'stream', chunks: chunks() } });
  });
  const first = await send(callOf('{}', { idempotencyKey: 's' }));
  if (first.body.kind === 'stream') for await (const _ of first.body.chunks);
  await Promise.resolve();
  const again = await send(callOf('{}', { idempotencyKey: 's' }));
  assert.ok(again.body.kind === 'bytes' && Buffer.from(again.body.bytes).toString() === 'one two');
  assert.equal(target.ledger.length, 1);
});
