import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Begin,
  type Call,
  type CallJournal,
  type Decision,
  type End,
  Fault,
  type OperationEntry,
  type Principal,
  type RoutePlan,
  type RunFact,
} from '../contract/index.ts';
import {
  Admission,
  compose,
  type Handler,
  journalWith,
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

const ADA: Principal = { kind: 'user', tenant: 'acme', id: 'ada', roles: [] };
const ALLOW = {
  ...{ effect: 'allow', code: 'OK', reason: '', determining: [], missing: [], constraints: {}, errors: [] },
  policyVersion: 'sha256:0123456789abcdef',
} as Decision;
const RUN = 'f'.repeat(32);
const idOf = (number: number): string => number.toString(16).padStart(32, '0');

const ok: Script = (_call, _scope, execute) => {
  execute();
  return loopbackReply({ body: { kind: 'bytes', bytes: Buffer.from('{"seat":4}') }, contentType: 'application/json' });
};

const fails =
  (fault: Fault): Script =>
  () => {
    throw fault;
  };

/** A node with a run, whose owner says what it intends; `restart` is the next process over the same stores. */
const setUp = (
  script: Script,
  operation: Partial<OperationEntry> = {},
  stores = memoryStores(),
  around = sameStore,
) => {
  const world = new VirtualWorld(1);
  const target = loopback(script);
  const store = around(stores.calls);
  let refuse: Fault | undefined;
  const admitted: Layer = (next) => async (call, scope) => {
    if (refuse !== undefined) throw refuse;
    const known = { ...call, principal: call.credential.kind === 'known' ? call.credential.principal : null };
    Permit.grant(known, ALLOW);
    Admission.of(known).meter = { chunk: () => {}, amounts: () => ({ micros: 12 }) };
    return next(known, scope);
  };
  const entry: OperationEntry = { name: 'book', effect: 'write', idempotent: false, ...operation };
  const plan = { operation: entry, timeoutMs: null } as RoutePlan;
  let handler: Handler;
  const unknown: string[] = [];
  const journal = new Journal({
    ...{ store, world, handler: () => handler },
    unknown: (_, id) => void unknown.push(id),
  });
  handler = compose(
    admitted,
    journal.layer(() => plan),
  )(target.handler);
  const parts = { store, world, handler: () => handler, operationOf: () => entry, note: () => {} };
  const reconciler = new Reconciler({ ...parts, replay: (record) => journal.replay(record) });
  const callOf = (number: number, more: Partial<Call> = {}): Call =>
    loopbackCall({
      ...{ id: idOf(number), credential: { kind: 'known', principal: ADA }, principal: null },
      ...{ step: { run: RUN, step: 'book' }, idempotencyKey: `${RUN}/book`, ...more },
    });
  const send = (call: Call) => handler(call, rootScope(world, silentSpan('s')).scope);
  const refuseWith = (fault: Fault | undefined) => {
    refuse = fault;
  };
  return { stores, store, world, target, journal, reconciler, callOf, send, plan, refuseWith, unknown };
};

const sameStore = (store: CallJournal): CallJournal => store;

type Node = ReturnType<typeof setUp>;

const intend = async ({ stores: { plans } }: Pick<Node, 'stores'>, ...calls: readonly number[]): Promise<void> => {
  await plans.start(
    {
      ...{ id: RUN, tenant: 'acme', plan: 'trip', domain: '', definition: '{}', digest: '', principal: ADA },
      ...{ lineage: { root: RUN, depth: 0 }, trace: RUN, session: '', input: 'null', taint: [] },
      ...{ startedAtMs: 0, deadlineAtMs: 1e9 },
    },
    [],
    0,
  );
  const run =
    (await plans.claim({ holder: 'hub', nowMs: 1e9, leaseMs: 1e9, limit: 1 }))[0] ?? (await plans.get('acme', RUN))!;
  const facts = calls.map(
    (number): RunFact => ({
      ...{ kind: 'intent', step: 'book', attempt: 1, call: idOf(number), target: 'agent/shop/book', digest: '' },
      ...{ idempotent: false, estimateMicros: 0, timeoutMs: 1_000 },
      taint: ['agent/shop'],
    }),
  );
  const append = { tenant: 'acme', run: RUN, epoch: run.epoch, afterSeq: run.seq, facts, audit: [], atMs: 1 };
  assert.equal((await plans.append({ ...append, state: 'running', dueMs: null })).kind, 'appended');
};

/** What calls have written, in short. */
const heard = async ({ stores }: Pick<Node, 'stores'>): Promise<readonly unknown[]> =>
  (await stores.plans.events('acme', RUN, 1, 99))
    .filter(({ kind }) => kind !== 'intent')
    .map((event) => {
      if (event.kind === 'ended') return [event.outcome, event.code, event.executed, event.retryable];
      return event.kind === 'resolved' ? [event.kind, event.verdict] : event.kind;
    });

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no fault',
    (thrown) => `${Fault.from(thrown).code} ${Fault.from(thrown).executed}`,
  );

test('a step begins and ends in the history of its run, with its result and what it cost', async () => {
  const node = setUp(async (call, scope, execute, nth) => {
    assert.deepEqual(await heard(node), ['dispatched'], 'before the target runs');
    return ok(call, scope, execute, nth);
  });
  await intend(node, 1);
  await node.send(node.callOf(1));
  const [, , , ended] = await node.stores.plans.events('acme', RUN, 0, 9);
  assert.ok(ended?.kind === 'ended');
  assert.deepEqual([ended.outcome, ended.result?.json, ended.result?.taint], ['ok', '{"seat":4}', ['agent/shop']]);
  assert.deepEqual([ended.costMicros, (await node.stores.plans.get('acme', RUN))?.costMicros], [12, 12]);
  assert.deepEqual((await node.store.get('acme', idOf(1)))?.step, { run: RUN, step: 'book' });
});

test('a call whose place was taken is not sent, and says so', async () => {
  const node = setUp(ok);
  await intend(node, 1);
  await intend(node, 2);
  assert.equal(await codeOf(node.send(node.callOf(1))), 'conflict no');
  await node.send(node.callOf(2));
  assert.equal(await codeOf(node.send(node.callOf(2))), 'conflict no', 'it has begun before');
  assert.equal(node.target.ledger.length, 1);
  assert.deepEqual(await heard(node), ['dispatched', ['ok', '', 'yes', false]]);
  assert.equal(await node.store.get('acme', idOf(1)), undefined);
});

test('the next attempt is sent under the same key, whatever became of the one before', async () => {
  const faults = [new Fault('upstream_broken', 'cut'), new Fault('unreachable', 'gone')];
  const node = setUp((call, scope, execute, nth) => {
    const fault = faults[nth - 1];
    if (fault !== undefined) throw fault;
    return ok(call, scope, execute, nth);
  });
  for (const number of [1, 2, 3]) {
    await intend(node, number);
    await codeOf(node.send(node.callOf(number)));
  }
  assert.deepEqual(await heard(node), [
    ...['dispatched', ['unknown', 'upstream_broken', 'unknown', true]],
    ...['dispatched', ['failed', 'unreachable', 'no', true]],
    ...['dispatched', ['ok', '', 'yes', false]],
  ]);
});

test('what another node could not do now is worth another try later, and what it refused is not', async () => {
  for (const [code, retryable] of [
    ['unavailable', true],
    ['idempotency_in_flight', true],
    ['stale', true],
    ['denied', false],
    ['conflict', false],
  ] as const) {
    const node = setUp(() => {
      throw new Fault(code, 'said below', { executed: 'no', remote: true });
    });
    await intend(node, 1);
    await codeOf(node.send(node.callOf(1)));
    const outcome = code === 'denied' ? 'denied' : 'failed';
    assert.deepEqual((await heard(node))[1], [outcome, code, 'no', retryable]);
  }
});

test('a step that only reads is on record like any other', async () => {
  const node = setUp(ok, { effect: 'read' });
  await intend(node, 1);
  const { idempotencyKey: _, ...call } = node.callOf(1);
  await node.send(call);
  assert.deepEqual(await heard(node), ['dispatched', ['ok', '', 'yes', false]]);
});

test('an error of the target is its answer, and is kept', async () => {
  for (const [status, retryable] of [
    [404, false],
    [429, true],
    [503, true],
  ] as const) {
    const node = setUp((_call, _scope, execute) => {
      execute();
      return loopbackReply({ status });
    });
    await intend(node, 1);
    await node.send(node.callOf(1));
    assert.deepEqual((await heard(node))[1], ['failed', 'failed', 'yes', retryable]);
  }
});

test('a streamed answer is a result when it is over, and one that is too large is none', async () => {
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  for (const [count, outcome] of [
    [4, 'ok'],
    [5, 'failed'],
  ] as const) {
    const node = setUp((_call, _scope, execute) => {
      execute();
      const chunks = async function* () {
        for (let at = 0; at < count; at++) yield chunk;
      };
      return loopbackReply({ body: { kind: 'stream', chunks: chunks() }, contentType: 'text/plain' });
    });
    await intend(node, 1);
    const reply = await node.send(node.callOf(1));
    assert.deepEqual(await heard(node), ['dispatched']);
    if (reply.body.kind === 'stream') for await (const _ of reply.body.chunks);
    await node.world.run();
    const ended = (await node.stores.plans.events('acme', RUN, 0, 9)).at(-1);
    assert.ok(ended?.kind === 'ended');
    assert.deepEqual([ended.outcome, ended.executed], [outcome, 'yes']);
    if (outcome === 'failed') assert.deepEqual([ended.code, ended.result], ['too_large', null]);
    else assert.equal((await node.stores.plans.blob('acme', RUN, ended.result!.digest))?.body.byteLength, 4 * 2 ** 20);
  }
});

test('a restart sends no step again: that is for whoever takes up the run', async () => {
  const before = setUp(() => new Promise(() => {}), { idempotent: true });
  await intend(before, 1);
  await before.send(before.callOf(1, { detach: true }));
  await before.world.run();
  const after = setUp(ok, { idempotent: true, reconcile: { replay: true } as never }, before.stores);
  assert.deepEqual(await after.journal.recover(await after.store.open()), { resumed: 0, unknown: 1 });
  await after.reconciler.start();
  await after.world.run();
  assert.deepEqual(await heard(after), ['dispatched', ['unknown', 'upstream_broken', 'unknown', true]]);
  assert.equal(after.target.ledger.length, 0);
  await intend(after, 2);
  await after.send(after.callOf(2));
  assert.equal(after.target.ledger.length, 1);
});

test('a step that was accepted and never begun is free after a restart', async () => {
  const never = (store: CallJournal): CallJournal => journalWith(store, { begin: () => new Promise(() => {}) });
  const before = setUp(ok, {}, memoryStores(), never);
  await intend(before, 1);
  await before.send(before.callOf(1, { detach: true }));
  const after = setUp(ok, {}, before.stores);
  assert.deepEqual(await after.journal.recover(await after.store.open()), { resumed: 0, unknown: 0 });
  await after.world.run();
  assert.deepEqual(await heard(after), [['failed', 'unavailable', 'no', true]]);
  assert.equal(after.target.ledger.length, 0);
});

test('what people say of an unknown step is in the history of its run', async () => {
  for (const verdict of ['executed', 'not_executed'] as const) {
    const node = setUp(fails(new Fault('upstream_broken', 'cut')));
    await intend(node, 1);
    await codeOf(node.send(node.callOf(1)));
    assert.deepEqual(node.unknown, [idOf(1)]);
    await node.reconciler.say('acme', idOf(1), verdict, 'user/ann', 'I looked');
    assert.deepEqual((await heard(node)).at(-1), ['resolved', verdict]);
  }
});

test('a step that is sent again to find out ends once it is known', async () => {
  const node = setUp(
    (call, scope, execute, nth) => {
      if (nth < 3) throw new Fault('upstream_broken', 'cut');
      return ok(call, scope, execute, nth);
    },
    { reconcile: { replay: true } as never },
  );
  await intend(node, 1);
  await codeOf(node.send(node.callOf(1)));
  node.reconciler.soon('acme', idOf(1));
  await node.world.run();
  const unknown = ['unknown', 'upstream_broken', 'unknown', true];
  assert.deepEqual(await heard(node), ['dispatched', unknown, ['ok', '', 'yes', false]]);
  assert.equal((await node.store.get('acme', idOf(1)))?.state, 'done');
});

test('a step that people were asked about goes out as that step, or ends with their no', async () => {
  const node = setUp(ok);
  await intend(node, 1);
  const kept = await node.journal.keep({ ...node.callOf(1), principal: ADA }, node.plan, 'p');
  await node.journal.resume(kept, {});
  assert.deepEqual(await heard(node), ['dispatched', ['ok', '', 'yes', false]]);
  await intend(node, 2);
  const refused = await node.journal.keep({ ...node.callOf(2), principal: ADA }, node.plan, 'p');
  await node.journal.giveUp(refused, new Fault('denied', 'ann said no'));
  assert.deepEqual((await heard(node)).at(-1), ['denied', 'denied', 'no', false]);
  await intend(node, 3);
  const stopped = await node.journal.keep({ ...node.callOf(3), principal: ADA }, node.plan, 'p');
  node.refuseWith(new Fault('denied', 'policy has changed'));
  await node.journal.resume(stopped, {});
  assert.deepEqual((await heard(node)).slice(-2), [
    ['denied', 'denied', 'no', false],
    ['denied', 'denied', 'no', false],
  ]);
  assert.equal((await node.store.get('acme', idOf(3)))?.state, 'done');
  assert.equal(node.target.ledger.length, 1);
});

test('an approved call whose place was taken ends, and its run hears nothing of it', async () => {
  const node = setUp(ok);
  await intend(node, 1);
  const kept = await node.journal.keep({ ...node.callOf(1), principal: ADA }, node.plan, 'p');
  await intend(node, 2);
  await node.journal.resume(kept, {});
  assert.equal((await node.store.get('acme', idOf(1)))?.state, 'done');
  assert.deepEqual(await heard(node), []);
  assert.equal(node.target.ledger.length, 0);
});

test('a step of which nobody knows whether it began was not sent, and ends when that is known', async () => {
  const lost = (store: CallJournal): CallJournal =>
    journalWith(store, {
      begin: async (begin) => {
        await store.begin(begin);
        throw new Fault('storage', 'the connection broke', { executed: 'unknown' });
      },
    });
  const node = setUp(ok, {}, memoryStores(), lost);
  await intend(node, 1);
  assert.equal(await codeOf(node.send(node.callOf(1))), 'storage no');
  assert.deepEqual(await heard(node), ['dispatched']);
  await node.world.run();
  assert.deepEqual(await heard(node), ['dispatched', ['failed', 'storage', 'no', true]]);
  assert.equal(node.target.ledger.length, 0);
});

test('a step whose time was over before it was sent may be tried again, and one that may have run is unknown', async () => {
  const saying =
    (executed: 'no' | 'unknown'): Script =>
    () =>
      Promise.reject(new Fault('timeout', 'no answer in time', { executed }));
  const endOf = async (script: Script): Promise<unknown> => {
    const node = setUp(script);
    await intend(node, 1);
    await codeOf(node.send(node.callOf(1)));
    return (await heard(node)).at(-1);
  };
  assert.deepEqual(await endOf(saying('no')), ['failed', 'timeout', 'no', true]);
  assert.equal(((await endOf(saying('unknown'))) as readonly unknown[])[0], 'unknown');
});

test('calls that are no steps say nothing of any', async () => {
  const seen: (Begin | End)[] = [];
  const watched = (store: CallJournal): CallJournal =>
    journalWith(store, {
      begin: (begin) => {
        seen.push(begin);
        return store.begin(begin);
      },
      end: (end) => {
        seen.push(end);
        return store.end(end);
      },
    });
  const node = setUp(ok, {}, memoryStores(), watched);
  const { step: _, idempotencyKey: __, ...call } = node.callOf(1);
  await node.send(call);
  assert.deepEqual(
    seen.map((each) => 'step' in each),
    [false, false],
  );
});
