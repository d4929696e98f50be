import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  accountId,
  type Call,
  type Decision,
  Fault,
  type OperationEntry,
  type Principal,
  type RoutePlan,
} from '../contract/index.ts';
import {
  Admission,
  compose,
  deadline,
  type Handler,
  type Layer,
  loopback,
  loopbackCall,
  loopbackReply,
  Permit,
  rootScope,
  type Script,
  silentSpan,
  VirtualWorld,
} from '../kernel/index.ts';
import { memoryStores } from '../stores/index.ts';
import { Journal, Reconciler } from './index.ts';

const ALICE: Principal = { kind: 'agent', tenant: 'acme', id: 'alice', roles: [] };
const ALLOW = {
  ...{ effect: 'allow', code: 'OK', reason: '', determining: [], missing: [], constraints: {}, errors: [] },
  policyVersion: 'sha256:0123456789abcdef',
} as Decision;
const ACCOUNT = {
  ...{ tenant: 'acme', budget: 'b', holder: '', unit: 'micros' as const, limit: 10 },
  ...{ windowStartMs: 0, windowEndMs: null },
};

/** A target that does what `script` says, behind a journal that knows how to find out. */
const setUp = (reconcile: OperationEntry['reconcile'], script: Script, around: Layer = (next) => next) => {
  const world = new VirtualWorld(1);
  const stores = memoryStores();
  const target = loopback(script);
  const operation: OperationEntry = {
    ...{ name: 'pay', effect: 'irreversible', idempotent: false },
    ...(reconcile === undefined ? {} : { reconcile }),
  };
  const admitted: Layer = (next) => (call, scope) => {
    const known = { ...call, principal: call.credential.kind === 'known' ? call.credential.principal : null };
    Permit.grant(known, ALLOW);
    if (call.target.operation === 'pay') {
      const admission = Admission.of(known);
      const account = { ...ACCOUNT, id: accountId(ACCOUNT) };
      const expiresAtMs = world.clock.wallMs() + 60_000;
      admission.reservation = {
        id: call.id,
        tenant: 'acme',
        labels: {},
        charges: [{ account, amount: 7 }],
        expiresAtMs,
      };
      admission.meter = { chunk: () => {}, amounts: (fault) => ({ micros: fault === undefined ? 3 : 0 }) };
    }
    return next(known, scope);
  };
  let handler: Handler;
  const notes: string[] = [];
  const journal: Journal = new Journal({
    store: stores.calls,
    world,
    handler: () => handler,
    unknown: (tenant, id) => reconciler.soon(tenant, id),
  });
  const reconciler = new Reconciler({
    store: stores.calls,
    world,
    handler: () => handler,
    operationOf: () => operation,
    replay: (record) => journal.replay(record),
    note: (message) => notes.push(message),
  });
  const planOf = (call: Call) =>
    ({ operation: call.target.operation === 'pay' ? operation : { name: 'paid', effect: 'read' } }) as RoutePlan;
  handler = compose(around, admitted, journal.layer(planOf))(target.handler);
  const pay = async (key = 'k1', id = 'a'.repeat(32), timeoutMs = 30_000): Promise<string> => {
    const call = loopbackCall({
      timeoutMs,
      ...{ id, credential: { kind: 'known', principal: ALICE }, principal: null, idempotencyKey: key },
      target: { kind: 'agent', name: 'bank', operation: 'pay' },
      body: { kind: 'bytes', bytes: Buffer.from('{"cents":5}') },
    });
    return handler(call, rootScope(world, silentSpan('s')).scope).then(
      (reply) => `${reply.status}`,
      (thrown) => Fault.from(thrown).code,
    );
  };
  const state = async () => (await stores.calls.get('acme', 'a'.repeat(32)))?.state;
  const money = async () => {
    const found = await stores.ledger.account('acme', accountId(ACCOUNT));
    return [found?.spent, found?.reserved];
  };
  return { world, stores, target, reconciler, pay, state, money, notes, journal };
};

const broken = (): never => {
  throw new Fault('upstream_broken', 'the connection broke');
};
const answers = (executed: unknown) =>
  loopbackReply({ body: { kind: 'bytes', bytes: Buffer.from(JSON.stringify({ executed })) } });

test('a call whose outcome is unknown keeps its money, and is never sent again by itself', async () => {
  const { world, target, pay, state, money, stores } = setUp(undefined, (_call, _scope, execute) => {
    execute();
    return broken();
  });
  assert.equal(await pay(), 'upstream_broken');
  await world.run(3_600_000);
  assert.deepEqual([await state(), await money(), target.ledger.length], ['unknown', [0, 7], 1]);
  // Its time is over: what may have been spent counts as spent.
  await stores.ledger.expire(world.clock.wallMs(), 10);
  assert.deepEqual(await money(), [7, 0]);
});

test('a target that was asked and says no frees key and money; one that says yes keeps both', async () => {
  for (const [executed, expected] of [
    [false, ['cancelled', [0, 0]]],
    [true, ['done', [7, 0]]],
  ] as const) {
    const { world, pay, state, money, stores } = setUp({ ask: 'paid' }, (call) =>
      call.target.operation === 'paid' ? answers(executed) : broken(),
    );
    await pay();
    await world.run();
    assert.deepEqual([await state(), await money()], expected);
    const [line] = await stores.audit.search({ tenant: 'acme', kind: 'call.reconciled', limit: 1 });
    assert.equal(line?.details['verdict'], executed ? 'executed' : 'not_executed');
    // The same key again: refused while it stands for something that ran, and free when nothing ran.
    assert.equal(await pay('k1', 'b'.repeat(32)), executed ? 'conflict' : 'upstream_broken');
  }
});

test('an answer that comes as a stream, as from behind another hub, is read to its end', async () => {
  const streamed = async function* () {
    for (const part of ['{"executed":', 'false}']) yield Buffer.from(part);
  };
  const { world, pay, state } = setUp({ ask: 'paid' }, (call) =>
    call.target.operation === 'paid' ? loopbackReply({ body: { kind: 'stream', chunks: streamed() } }) : broken(),
  );
  await pay();
  await world.run();
  assert.equal(await state(), 'cancelled');
});

test('an answer that is no plain yes or no is asked for again, later and later, and then left to a person', async () => {
  const asked: number[] = [];
  const odd = [undefined, 'true', 1, null, {}];
  const { world, pay, state, reconciler, stores } = setUp({ ask: 'paid' }, (call, scope, _execute, nth) => {
    if (call.target.operation === 'pay') return broken();
    asked.push(scope.clock.nowMs());
    return nth % 2 === 0 ? answers(odd[nth % odd.length]) : broken();
  });
  await pay();
  await world.run(25 * 3_600_000);
  assert.deepEqual(asked.slice(0, 5), [1_000, 6_000, 36_000, 156_000, 756_000]);
  assert.ok(asked.length > 100 && asked.at(-1)! <= 24 * 3_600_000 + 600_000);
  assert.equal(await state(), 'unknown');
  await reconciler.say('acme', 'a'.repeat(32), 'not_executed', 'user/ann', 'the bank has no such payment');
  assert.equal(await state(), 'cancelled');
  await assert.rejects(
    reconciler.say('acme', 'a'.repeat(32), 'executed', 'user/ann', 'x'),
    /no call .* unknown outcome/,
  );
  assert.equal((await stores.audit.search({ tenant: 'acme', actor: 'user/ann', limit: 9 })).length, 1);
});

test('a target that runs a key once is sent the same call with the same key, and the caller finds its reply', async () => {
  const keys: (string | undefined)[] = [];
  const { world, pay, state, money, target } = setUp({ replay: true }, (call, _scope, execute, nth) => {
    keys.push(call.idempotencyKey);
    if (nth === 1) {
      execute();
      return broken();
    }
    assert.equal(call.body.kind === 'bytes' && Buffer.from(call.body.bytes).toString(), '{"cents":5}');
    return nth === 2 ? broken() : loopbackReply({ status: 201 });
  });
  await pay();
  await world.run();
  assert.deepEqual([await state(), await money(), keys, target.ledger.length], ['done', [3, 0], ['k1', 'k1', 'k1'], 1]);
  assert.equal(await pay('k1', 'b'.repeat(32)), '201');
});

test('that a second try did not run says nothing about the first', async () => {
  const { world, pay, state, money } = setUp({ replay: true }, (_call, _scope, execute, nth) => {
    if (nth > 1) throw new Fault('unreachable', 'nobody is there');
    execute();
    return broken();
  });
  await pay();
  await world.run(10_000);
  assert.deepEqual([await state(), await money()], ['unknown', [0, 7]]);
});

test('what is sent again has time for its answer, however little its caller had', async () => {
  const { world, pay, state } = setUp(
    { replay: true },
    (_call, scope, execute) =>
      new Promise((resolve, reject) => {
        scope.signal.onCancel(reject);
        scope.clock.after(50, () => {
          execute();
          resolve(loopbackReply({ status: 201 }));
        });
      }),
    deadline({ limitMs: () => 30_000 }),
  );
  const paying = pay('k1', 'a'.repeat(32), 10);
  await world.run();
  assert.deepEqual([await paying, await state()], ['timeout', 'done']);
});

test('a second try that is still at work after its deadline keeps its money and its record', async () => {
  const { world, pay, state, money } = setUp(
    { replay: true },
    (_call, scope, execute, nth) => {
      if (nth === 1) {
        execute();
        return broken();
      }
      // Does not listen, and in the end it never ran.
      return new Promise((_, reject) =>
        scope.clock.after(33_000, () => reject(new Fault('unreachable', 'nobody is there'))),
      );
    },
    deadline({ limitMs: () => 30_000 }),
  );
  await pay();
  await world.run(35_000);
  assert.deepEqual([await state(), await money()], ['unknown', [0, 7]]);
});

test('what was unknown before a restart is taken up after it', async () => {
  const { world, stores, pay, state, reconciler } = setUp({ ask: 'paid' }, (call) =>
    call.target.operation === 'paid' ? answers(true) : broken(),
  );
  await pay();
  reconciler.stop();
  await world.run(60_000);
  assert.equal(await state(), 'unknown');
  const after = setUp({ ask: 'paid' }, () => answers(true));
  const again = new Reconciler({
    store: stores.calls,
    world: after.world,
    handler: () => async () => answers(true),
    operationOf: () => ({ name: 'pay', effect: 'write', idempotent: false, reconcile: { ask: 'paid' } }),
    replay: async () => false,
    note: () => {},
  });
  await again.start();
  await after.world.run();
  assert.equal(await state(), 'done');
});
