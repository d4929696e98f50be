import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Call, type CallEvent, Fault, type Reply, type Scope } from '../contract/index.ts';
import { Canceller, type Handler, rootScope, silentSpan } from '../kernel/index.ts';
import { Batcher, fanout, Histogram, Logger, Metrics, trace, traceRequest } from './index.ts';

const CALL: Call = {
  id: 'c'.repeat(32),
  credential: { kind: 'none' },
  principal: null,
  target: { kind: 'agent', name: 'orders', operation: 'where' },
  contentType: 'application/json',
  accept: '*/*',
  body: { kind: 'bytes', bytes: new Uint8Array(7) },
  headers: [],
  trace: { trace: 'a'.repeat(32), parentSpan: 'b'.repeat(16), sampled: true },
  lineage: { root: 'c'.repeat(32), depth: 0 },
  priority: 2,
  stream: false,
  via: [],
  retriedElsewhere: false,
};

const OK: Reply = {
  outcome: 'ok',
  status: 200,
  contentType: 'text/plain',
  headers: [],
  body: { kind: 'bytes', bytes: new Uint8Array(3) },
  endpoint: 'orders@1',
  attempts: 1,
};

/** A world in which time moves only when told to. */
const still = () => {
  let nowMs = 0;
  let id = 0;
  const due: { atMs: number; run: () => void }[] = [];
  const world = {
    clock: {
      nowMs: () => nowMs,
      wallMs: () => 1_700_000_000_000 + nowMs,
      after: (delayMs: number, run: () => void) => {
        const entry = { atMs: nowMs + delayMs, run };
        due.push(entry);
        return { cancel: () => void due.splice(due.indexOf(entry), 1) };
      },
    },
    ids: { traceId: () => String(++id), spanId: () => `span${++id}`, callId: () => String(++id) },
    random: () => 0.5,
  };
  const pass = (ms: number): void => {
    nowMs += ms;
    for (const entry of due.filter((one) => one.atMs <= nowMs)) entry.run();
  };
  return { world, pass };
};

const run = async (handler: Handler): Promise<{ event: CallEvent; outcome: unknown }> => {
  const events: CallEvent[] = [];
  const { world } = still();
  const { scope } = rootScope(world, silentSpan('root'));
  const traced = trace({ node: 'n1', role: 'hub', sink: { emit: (event) => events.push(event) }, snapshotSeq: 4 })(
    handler,
  );
  const outcome = await traced(CALL, scope).catch((fault: unknown) => fault);
  assert.equal(events.length, 1, 'one event per call');
  return { event: events[0]!, outcome };
};

test('a refused call leaves a record with its reason', async () => {
  const { event } = await run(async (_call, scope: Scope) => {
    scope.span.set({ 'principal.id': 'triage', 'principal.kind': 'agent', tenant: 'acme' });
    throw new Fault('denied', 'orders are for the shop only', { facts: { rule: 'org/one' } });
  });
  assert.equal(event.status, 'denied');
  assert.equal(event.code, 'denied');
  assert.equal(event.attributes['message'], 'orders are for the shop only');
  assert.deepEqual(event.principal, { kind: 'agent', id: 'triage' });
  assert.equal(event.tenant, 'acme');
  assert.equal(event.snapshotSeq, 4);
});

test('a streamed call is recorded when its stream ends, with the bytes that passed', async () => {
  const events: CallEvent[] = [];
  const { world, pass } = still();
  const { scope } = rootScope(world, silentSpan('root'));
  const body = async function* () {
    pass(40);
    yield new Uint8Array(10);
    yield new Uint8Array(5);
  };
  const traced = trace({ node: 'n', role: 'hub', sink: { emit: (event) => events.push(event) }, snapshotSeq: 1 })(
    async () => ({
      ...OK,
      body: { kind: 'stream', chunks: body() },
    }),
  );
  const reply = await traced(CALL, scope);
  assert.equal(events.length, 0, 'the reply is not the end');
  if (reply.body.kind === 'stream') for await (const _ of reply.body.chunks);
  assert.equal(events.length, 1);
  assert.equal(events[0]!.replyBytes, 15);
  assert.equal(events[0]!.durationMs, 40);
});

test('status words: refused before it ran, unknown when it may have run, failed when the target said so', async () => {
  const cases: readonly (readonly [Handler, string])[] = [
    [async () => OK, 'ok'],
    [async () => ({ ...OK, outcome: 'failed', status: 500 }), 'failed'],
    [() => Promise.reject(new Fault('unavailable', 'none')), 'refused'],
    [() => Promise.reject(new Fault('upstream_broken', 'cut')), 'unknown'],
    [() => Promise.reject(new Fault('slow_consumer', 'slow')), 'failed'],
    [() => Promise.reject(new Fault('cancelled', 'gone')), 'cancelled'],
    [() => Promise.reject(new Fault('unauthenticated', 'who')), 'denied'],
  ];
  for (const [handler, status] of cases) assert.equal((await run(handler)).event.status, status);
});

test('names of targets that nobody knows to exist make no series of their own', async () => {
  const metrics = new Metrics();
  const { event } = await run(async (_call, scope: Scope) => {
    scope.span.set({ 'principal.id': 'triage', 'principal.kind': 'agent', tenant: 'acme' });
    return OK;
  });
  for (let n = 0; n < 100; n++) {
    const target = { kind: 'agent', name: `ghost-${n}`, operation: `run-${n}` } as const;
    metrics.emit({ ...event, target, status: 'refused', code: 'not_found' });
    metrics.emit({ ...event, target, status: 'denied', code: 'unauthenticated', principal: null });
    metrics.emit({ ...event, target, status: 'refused', code: 'loop_detected' });
  }
  metrics.emit({ ...event, status: 'denied', code: 'denied' });
  assert.deepEqual(
    metrics.targets(null).map(({ kind, target, calls }) => [kind, target, calls]),
    [
      ['unknown', 'unknown', 300],
      [event.target.kind, event.target.name, 1],
    ],
  );
  assert.doesNotMatch(await metrics.text(), /ghost/);
});

test('a sink that throws does not keep the event from the others', () => {
  const seen: string[] = [];
  const bad = {
    emit: () => {
      throw new Error('full');
    },
  };
  fanout(bad, { emit: () => seen.push('second') }).emit({} as CallEvent);
  assert.deepEqual(seen, ['second']);
});

test('a batcher writes everything once, in order, and counts what it had to drop', async () => {
  const { world, pass } = still();
  const written: number[] = [];
  const batcher = new Batcher(
    async (events) => {
      written.push(...events.map((event) => event.durationMs));
    },
    { clock: world.clock, batch: 3, capacity: 5 },
  );
  for (let i = 0; i < 8; i++) batcher.emit({ durationMs: i } as CallEvent);
  assert.equal(batcher.dropped, 3);
  pass(250);
  await batcher.flush();
  assert.deepEqual(written, [0, 1, 2, 3, 4]);
});

test('a full batch is written at once, and what is left of the next when its time comes', async () => {
  const { world, pass } = still();
  const written: number[] = [];
  const batcher = new Batcher(
    async (events) => {
      written.push(events.length);
    },
    { clock: world.clock, batch: 3, flushMs: 250 },
  );
  for (let i = 0; i < 4; i++) batcher.emit({ durationMs: i } as CallEvent);
  await new Promise(setImmediate);
  assert.deepEqual(written, [3]);
  pass(250);
  await new Promise(setImmediate);
  assert.deepEqual(written, [3, 1]);
});

test('a destination that fails loses its batch and no more', async () => {
  const { world } = still();
  let fail = true;
  let written = 0;
  const batcher = new Batcher(
    async (events) => {
      if (fail) throw new Error('away');
      written += events.length;
    },
    { clock: world.clock },
  );
  batcher.emit({} as CallEvent);
  await batcher.flush();
  fail = false;
  batcher.emit({} as CallEvent);
  await batcher.flush();
  assert.equal(batcher.dropped, 1);
  assert.equal(written, 1);
});

test('quantiles are within 4 % of the exact ones', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 60_000_000 }), { minLength: 1, maxLength: 300 }), (micros) => {
      const histogram = new Histogram();
      for (const value of micros) histogram.record(value / 1000);
      const sorted = micros.toSorted((a, b) => a - b);
      for (const q of [0.5, 0.9, 0.99, 1]) {
        const exact = sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1]! / 1000;
        const found = histogram.quantile(q);
        assert.ok(found >= exact * 0.96 && found <= exact * 1.04 + 0.001, `${q}: ${found} instead of ${exact}`);
      }
    }),
  );
});

test('metrics: hostile label values cannot break a line, and hostile names cannot fill memory', async () => {
  const metrics = new Metrics();
  const { event: anonymous } = await run(async () => OK);
  const event: CallEvent = { ...anonymous, principal: { kind: 'agent', id: 'triage' } };
  metrics.emit({ ...event, tenant: 'a"} 1\nevil_total 5' });
  const lines = (await metrics.text()).split('\n');
  assert.ok(lines.every((line) => line === '' || line.startsWith('#') || line.startsWith('airspace_')));
  for (let i = 0; i < 6_000; i++) metrics.emit({ ...event, target: { ...event.target, name: `n${i}` } });
  assert.ok(metrics.targets(null).length <= 1_001);
});

test('logs: one JSON object a line with trace context; calls that went well stay out at level info', async () => {
  const { world } = still();
  const lines: string[] = [];
  const logger = new Logger({ node: 'hub-1', clock: world.clock, write: (line) => lines.push(line) });
  logger.emit((await run(async () => OK)).event);
  logger.emit((await run(() => Promise.reject(new Fault('denied', 'no\n\u001b[31m')))).event);
  assert.equal(lines.length, 1);
  const record = JSON.parse(lines[0]!);
  assert.equal(record.trace_id, CALL.trace.trace);
  assert.equal(record.call_id, CALL.id);
  assert.equal(lines[0]!.indexOf('\n'), lines[0]!.length - 1, 'a newline in a message cannot forge a record');
  assert.equal(logger.recent(10).length, 1);
});

test('OTLP: steps are children of the call and nanoseconds keep their digits', async () => {
  const { event } = await run(async (_call, scope) => {
    scope.span.step('decide', scope.clock.nowMs(), { effect: 'allow', tries: 2, share: 0.5, rules: ['org/a'] });
    return OK;
  });
  const request = traceRequest([{ ...event, startedAtMs: 1_700_000_000_000.25 }], [], 'otel');
  const [call, step] = request.resourceSpans[0]!.scopeSpans[0]!.spans;
  assert.equal(call!.startTimeUnixNano, '1700000000000250000');
  assert.equal(step!.parentSpanId, event.span);
  assert.deepEqual(
    step!.attributes.map((a) => a.key),
    ['airspace.effect', 'airspace.tries', 'airspace.share', 'airspace.rules'],
  );
});

test('the record closes on cancellation although nobody reads the stream', async () => {
  const events: CallEvent[] = [];
  const { world } = still();
  const canceller = new Canceller();
  const { scope } = rootScope(world, silentSpan('root'));
  const never = async function* (): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
  };
  const traced = trace({ node: 'n', role: 'hub', sink: { emit: (event) => events.push(event) }, snapshotSeq: 1 })(
    async () => ({
      ...OK,
      body: { kind: 'stream', chunks: never() },
    }),
  );
  await traced(CALL, { ...scope, signal: canceller });
  canceller.cancel(new Fault('cancelled', 'gone'));
  assert.equal(events[0]?.status, 'cancelled');
});
