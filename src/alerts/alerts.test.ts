import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentSpan, AlertSpec, CallEvent, Incident, TaskResult } from '../contract/index.ts';
import { type SignedMessage, VirtualWorld, WEBHOOK_HEADERS } from '../kernel/index.ts';
import { memoryStores } from '../stores/index.ts';
import { Alerts, Book, type BudgetReading, Messenger, type OpenBreaker } from './index.ts';

type Given = Pick<AlertSpec, 'signal'> & Partial<AlertSpec>;

const MINUTE_MS = 60_000;

const scene = async (specs: Readonly<Record<string, Given>>) => {
  const world = new VirtualWorld(1);
  const stores = memoryStores();
  const sent: SignedMessage[] = [];
  const read = { budgets: [] as BudgetReading[], breakers: [] as OpenBreaker[], isAway: false };
  const rules = new Map(Object.entries(specs));
  const begin = async () => {
    const book = new Book(stores.incidents, 'hub-1');
    await book.load();
    const alerts = new Alerts({
      ...{ clock: world.clock, newId: world.ids.callId, node: 'hub-1', book },
      rules: async () =>
        [...rules].map(([name, spec]) => ({
          ...{ apiVersion: 'airspace.dev/v1' as const, kind: 'Alert' as const },
          metadata: { name, tenant: 'acme', labels: {} },
          spec: { forMs: 0, severity: 'ticket' as const, ...spec },
        })),
      budgets: async () => read.budgets,
      breakers: () => read.breakers,
      changed: () => {},
      failed: (cause) => assert.fail(String(cause)),
    });
    const messenger = new Messenger({
      ...{ book, clock: world.clock, random: () => 1, sign: (text) => Buffer.from(text) },
      post: async (_, message) => {
        if (read.isAway) throw new Error('away');
        sent.push(message);
      },
      failed: () => {},
    });
    const ends = [await alerts.start(), messenger.start()];
    return { alerts, end: () => ends.map((end) => end()) };
  };
  let { alerts, end } = await begin();
  return {
    read,
    rules,
    sent,
    alerts: () => alerts,
    types: () => sent.map(({ body }) => JSON.parse(body).type),
    pass: (ms: number) => world.run(world.clock.nowMs() + ms),
    stateOf: (name: string) => alerts.views('acme').find((one) => one.name === name)?.state,
    textOf: (name: string) => alerts.views('acme').find((one) => one.name === name)?.text,
    incidents: (): Promise<readonly Incident[]> => stores.incidents.list({ tenant: 'acme', isOpen: false, limit: 100 }),
    call: (change: Partial<CallEvent> = {}, times = 1) => {
      for (let n = 0; n < times; n++) alerts.emit({ ...eventAt(world.clock.wallMs()), ...change });
    },
    say: (result: TaskResult, times = 1, task = 'refund') => {
      for (let n = 0; n < times; n++) alerts.said(outcomeAt(world.clock.wallMs(), task, result));
    },
    restart: async () => {
      end();
      ({ alerts, end } = await begin());
    },
  };
};

const eventAt = (wallMs: number): CallEvent => ({
  ...{ callId: 'c', trace: 't', span: 's', tenant: 'acme', lineage: { root: 'c', depth: 0 }, node: 'hub-1' },
  principal: { kind: 'agent', id: 'triage' },
  target: { kind: 'agent', name: 'orders', operation: 'where' },
  ...{ role: 'hub', startedAtMs: wallMs - 10, durationMs: 10, status: 'ok', code: '', httpStatus: 200 },
  ...{ requestBytes: 0, replyBytes: 0, snapshotSeq: 1, attributes: {}, steps: [] },
});

const outcomeAt = (wallMs: number, task: string, result: TaskResult): AgentSpan => ({
  ...{ trace: 't', span: 'outcome/1', name: task, kind: 'internal', tenant: 'acme', status: 'unset', message: '' },
  ...{ startedAtMs: wallMs, durationMs: 0, receivedAtMs: wallMs, service: '', attributes: {}, left: 0 },
  principal: { kind: 'agent', id: 'orders' },
  outcome: { task, result },
});

const FAILED: Partial<CallEvent> = { status: 'unknown', code: 'upstream_broken', httpStatus: 0 };
const DENIED: Partial<CallEvent> = { status: 'denied', code: 'denied', httpStatus: 0 };

test('errors fire when both windows burn, once, and the incident is over a minute after it is well', async () => {
  const s = await scene({ e: { signal: 'errors', objectivePercent: 99, burn: 10, windowMs: 12 * MINUTE_MS } });
  s.call({}, 80);
  s.call(FAILED, 20);
  await s.pass(5_000);
  assert.equal(s.stateOf('e'), 'firing');
  assert.match(s.textOf('e') ?? '', /^20 % of 100 calls failed, and 20 % lately; 10 % is the most$/);
  await s.pass(30_000);
  // The short window forgets within a minute, the long one does not: a sixth of its calls failed.
  s.call({}, 20);
  await s.pass(3 * MINUTE_MS);
  assert.equal(s.stateOf('e'), 'ok');
  const [incident, ...others] = await s.incidents();
  assert.deepEqual(others, []);
  assert.ok(incident!.endedAtMs! - incident!.openedAtMs >= MINUTE_MS);
});

test('errors of long ago do not burn, and neither do few calls, what is the fault of callers, or what policy denies', async () => {
  const s = await scene({ e: { signal: 'errors', objectivePercent: 99, burn: 2, windowMs: 12 * MINUTE_MS } });
  s.call(FAILED, 19);
  await s.pass(5_000);
  assert.equal(s.stateOf('e'), 'ok', 'too few calls');
  const t = await scene({ e: { signal: 'errors', objectivePercent: 99, burn: 2, windowMs: 12 * MINUTE_MS } });
  t.call({ status: 'refused', code: 'bad_request', httpStatus: 0 }, 50);
  t.call(DENIED, 50);
  t.call({ ...FAILED, tenant: 'other' }, 50);
  t.call({ ...FAILED, attributes: { 'tree.found': 'told' } }, 50);
  t.call({ ...FAILED, startedAtMs: 0 }, 50);
  await t.pass(5_000);
  assert.equal(t.stateOf('e'), 'ok');
});

test('latency fires when more than one call in a hundred is too slow, of its own target only', async () => {
  const s = await scene({
    mine: { signal: 'latency', target: 'agent/orders', aboveMs: 100 },
    theirs: { signal: 'latency', target: 'agent/refunds', aboveMs: 100 },
  });
  s.call({}, 99);
  s.call({ durationMs: 101 }, 1);
  s.call({ ...DENIED, durationMs: 500 }, 50);
  await s.pass(5_000);
  assert.equal(s.stateOf('mine'), 'ok', 'one in a hundred may be slow');
  s.call({ durationMs: 101 }, 1);
  await s.pass(5_000);
  assert.equal(s.stateOf('mine'), 'firing');
  assert.equal(s.stateOf('theirs'), 'ok');
});

test('denials are pending until they have lasted, and nothing happens when they do not', async () => {
  const s = await scene({ d: { signal: 'denials', abovePercent: 30, windowMs: MINUTE_MS, forMs: 30_000 } });
  const deny = () => {
    s.call({}, 20);
    s.call(DENIED, 20);
  };
  deny();
  await s.pass(20_000);
  assert.equal(s.stateOf('d'), 'pending');
  s.call({}, 200);
  await s.pass(MINUTE_MS);
  assert.equal(s.stateOf('d'), 'ok');
  assert.deepEqual(await s.incidents(), []);
  deny();
  await s.pass(40_000);
  assert.equal(s.stateOf('d'), 'firing');
});

test('a budget fires by the share that is used, or by when it will be empty', async () => {
  const s = await scene({
    used: { signal: 'budget', budget: 'daily', abovePercent: 80 },
    soon: { signal: 'budget', budget: 'daily', withinMs: 60 * MINUTE_MS },
  });
  s.read.budgets = [{ name: 'daily', usedRatio: 0.8, runsOutInMs: 60 * MINUTE_MS }];
  await s.pass(5_000);
  assert.deepEqual([s.stateOf('used'), s.stateOf('soon')], ['ok', 'ok']);
  s.read.budgets = [{ name: 'daily', usedRatio: 0.81, runsOutInMs: 59 * MINUTE_MS }];
  await s.pass(5_000);
  assert.deepEqual([s.stateOf('used'), s.stateOf('soon')], ['firing', 'firing']);
  s.read.budgets = [];
  await s.pass(5 * MINUTE_MS);
  assert.deepEqual([s.stateOf('used'), s.stateOf('soon')], ['firing', 'firing'], 'what cannot be read is not well');
});

test('a breaker that opens and closes again and again is one incident', async () => {
  const s = await scene({ b: { signal: 'breaker', target: 'agent/orders' } });
  for (let n = 0; n < 5; n++) {
    s.read.breakers = [{ target: 'agent/orders', endpoint: 'orders@1', node: 'hub' }];
    await s.pass(20_000);
    s.read.breakers = [{ target: 'agent/refunds', endpoint: 'refunds@1', node: 'hub' }];
    await s.pass(20_000);
  }
  assert.equal((await s.incidents()).length, 1);
  await s.pass(MINUTE_MS);
  assert.equal(s.stateOf('b'), 'ok');
});

test('an incident is told of when it opens and when it is over, signed, once, also over a restart and an outage', async () => {
  const s = await scene({ b: { signal: 'breaker', webhook: 'https://pager.example/in' } });
  s.read.isAway = true;
  s.read.breakers = [{ target: 'agent/orders', endpoint: 'orders@1', node: 'hub' }];
  await s.pass(10_000);
  assert.deepEqual(s.types(), []);
  await s.restart();
  s.read.isAway = false;
  await s.pass(10_000);
  assert.deepEqual(s.types(), ['incident.opened']);
  await s.restart();
  await s.pass(10_000);
  assert.deepEqual(s.types(), ['incident.opened'], 'a restart does not repeat');
  assert.equal(s.stateOf('b'), 'firing', 'and does not forget');
  s.read.breakers = [];
  await s.pass(2 * MINUTE_MS);
  await s.restart();
  await s.pass(2 * MINUTE_MS);
  assert.deepEqual(s.types(), ['incident.opened', 'incident.ended']);
  const [opened, ended] = s.sent;
  const [id, timestamp] = [WEBHOOK_HEADERS.id, WEBHOOK_HEADERS.timestamp].map((name) => opened!.headers[name]);
  assert.equal(
    opened!.headers[WEBHOOK_HEADERS.signature],
    `ed25519=${Buffer.from(`${timestamp}.${id}.${opened!.body}`).toString('base64')}`,
  );
  assert.equal(JSON.parse(opened!.body).incident, JSON.parse(ended!.body).incident);
  assert.equal((await s.incidents()).length, 1);
});

test('after a restart what was firing is not over before there was time to see it', async () => {
  const s = await scene({ d: { signal: 'denials', abovePercent: 30, windowMs: 5 * MINUTE_MS } });
  s.call(DENIED, 50);
  await s.pass(5_000);
  await s.restart();
  await s.pass(4 * MINUTE_MS);
  assert.equal(s.stateOf('d'), 'firing');
  await s.pass(3 * MINUTE_MS);
  assert.equal(s.stateOf('d'), 'ok');
});

test('an alert that is removed or changed ends its incident, also while the hub was down', async () => {
  const s = await scene({ a: { signal: 'breaker' }, b: { signal: 'breaker' }, c: { signal: 'breaker' } });
  s.read.breakers = [{ target: 'agent/orders', endpoint: 'orders@1', node: 'hub' }];
  await s.pass(5_000);
  s.rules.delete('a');
  s.rules.set('b', { signal: 'breaker', target: 'agent/refunds' });
  await s.alerts().reread();
  const ended = async () => Object.fromEntries((await s.incidents()).map((one) => [one.alert, one.ended]));
  assert.deepEqual(await ended(), { a: 'the alert was removed', b: 'the alert was changed', c: '' });
  s.rules.delete('c');
  await s.restart();
  assert.equal((await ended())['c'], 'the alert was removed');
});

test('outcomes fire when too much work is not completed, by who said it and by task', async () => {
  const s = await scene({
    all: { signal: 'outcomes', abovePercent: 25 },
    orders: { signal: 'outcomes', abovePercent: 25, target: 'agent/orders', task: 'refund' },
    others: { signal: 'outcomes', abovePercent: 25, target: 'agent/triage' },
    answers: { signal: 'outcomes', abovePercent: 25, task: 'answer' },
    calls: { signal: 'denials', abovePercent: 1 },
  });
  s.say('completed', 20);
  await s.pass(5_000);
  assert.equal(s.stateOf('orders'), 'ok');
  s.say('failed', 3);
  s.say('escalated', 3);
  s.say('abandoned', 3);
  await s.pass(5_000);
  assert.deepEqual([s.stateOf('all'), s.stateOf('orders')], ['firing', 'firing']);
  assert.equal(s.textOf('orders'), '31 % of 29 outcomes were not `completed`; 25 % is the most');
  assert.equal(s.textOf('others'), '0 outcomes in the window, and it looks from 20 on');
  assert.deepEqual([s.stateOf('others'), s.stateOf('answers'), s.stateOf('calls')], ['ok', 'ok', 'ok']);
});

test('what somebody looks after stays open, and others hear of it between its beginning and its end, once, in order', async () => {
  const s = await scene({ b: { signal: 'breaker', webhook: 'https://pager.example/in' } });
  s.read.isAway = true;
  s.read.breakers = [{ target: 'agent/orders', endpoint: 'orders@1', node: 'hub' }];
  await s.pass(5_000);
  const seen = await s.alerts().acknowledge((await s.incidents())[0]!, 'user/ada', 'I look');
  assert.deepEqual(seen.acknowledged, { by: 'user/ada', atMs: seen.acknowledged!.atMs, note: 'I look' });
  assert.equal(s.stateOf('b'), 'firing');
  await assert.rejects(s.alerts().acknowledge(seen, 'user/bob', ''), /acknowledged already, by `user\/ada`/);
  await s.restart();
  s.read.isAway = false;
  s.read.breakers = [];
  await s.pass(3 * MINUTE_MS);
  assert.deepEqual(s.types(), ['incident.opened', 'incident.acknowledged', 'incident.ended']);
  assert.deepEqual(JSON.parse(s.sent[1]!.body).acknowledged, seen.acknowledged);
  const [over] = await s.incidents();
  assert.deepEqual([over!.told, over!.acknowledged], ['ended', seen.acknowledged], 'the end keeps who looked after it');
  await assert.rejects(s.alerts().acknowledge(over!, 'user/bob', ''), /is over/);
});

test('what is closed by hand is over, and opens again as another when it is still so a minute later, not sooner', async () => {
  const s = await scene({ b: { signal: 'breaker' } });
  s.read.breakers = [{ target: 'agent/orders', endpoint: 'orders@1', node: 'hub' }];
  await s.pass(5_000);
  const over = await s.alerts().close((await s.incidents())[0]!, 'user/ada', 'a test');
  assert.equal(over.ended, 'by user/ada: a test');
  assert.ok(over.endedAtMs !== null);
  assert.equal(s.stateOf('b'), 'pending');
  await assert.rejects(s.alerts().close(over, 'user/ada', 'again'), /is over/);
  await s.pass(20_000);
  s.read.breakers = [];
  await s.pass(10_000);
  s.read.breakers = [{ target: 'agent/orders', endpoint: 'orders@1', node: 'hub' }];
  await s.pass(25_000);
  assert.equal((await s.incidents()).length, 1, 'nor when it came back within the minute');
  await s.pass(10_000);
  assert.deepEqual(
    (await s.incidents()).map(({ ended }) => ended),
    ['', 'by user/ada: a test'],
  );
  assert.equal(s.stateOf('b'), 'firing');
});

test('what another hub opened is changed there', async () => {
  const s = await scene({ b: { signal: 'breaker' } });
  s.read.breakers = [{ target: 'agent/orders', endpoint: 'orders@1', node: 'hub' }];
  await s.pass(5_000);
  const theirs = { ...(await s.incidents())[0]!, id: 'f'.repeat(32), node: 'hub-2' };
  await assert.rejects(s.alerts().close(theirs, 'user/ada', 'x'), /opened by hub `hub-2`, which alone can change it/);
  await s.pass(5_000);
  assert.equal(s.stateOf('b'), 'firing', 'a no keeps nobody from looking');
});
