/** What the route handler promises its call, its endpoints, and whoever reads the trace. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Call, type Endpoint, Fault, type Reply } from '../contract/index.ts';
import { type Handler, type Verdict, VirtualWorld } from '../kernel/index.ts';
import { alwaysClosed, type BreakerLike } from './breakers.ts';
import type { Candidate } from './candidates.ts';
import { drain, undrain } from './drain.ts';
import { Fleet } from './fleet.ts';
import { route } from './layer.ts';
import { planner } from './plan.ts';
import { call, candidate, candidates, reply, scopeIn, snapshot } from './scene.ts';
import { fleetStatus } from './status.ts';

const which = { tenant: 'acme', kind: 'agent', name: 'booking' } as const;

/** A breaker that only writes down what it hears. */
const listening = () => {
  const heard: (Verdict | 'blame')[] = [];
  const breaker: BreakerLike = {
    ...alwaysClosed,
    settle: (_, verdict) => void heard.push(verdict),
    blame: () => void heard.push('blame'),
  };
  return { heard, breaker };
};

const scene = (upstreamFor: (endpoint: Endpoint) => Handler, members: readonly Candidate[] = candidates(2)) => {
  const world = new VirtualWorld(1);
  const { clock } = world;
  /** Time passes, and whatever promises have to say is said. */
  const advance = (byMs: number) => world.run(clock.nowMs() + byMs);
  const { heard, breaker } = listening();
  const fleet = new Fleet(() => breaker);
  const desired = snapshot();
  fleet.swap(desired.targets, () => members);
  const handler = route({ fleet, planOf: planner(desired), upstreamFor });
  const records = () => fleet.pool({ target: desired.targets[0]!, via: 'hub' }, clock.nowMs()).table.present;
  const record = (id: string) => records().find((one) => one.candidate.id === id)!;
  const inFlight = () => records().reduce((sum, one) => sum + one.inFlight, 0);
  return { clock, fleet, handler, records, record, inFlight, heard, ...scopeIn(world), advance };
};

const always =
  (work: () => Promise<Reply>): (() => Handler) =>
  () =>
  () =>
    work();

const failing = (fault: Fault) => always(() => Promise.reject(fault));

const faultOf = async (work: Promise<unknown>): Promise<Fault> => {
  try {
    await work;
  } catch (thrown) {
    return Fault.from(thrown);
  }
  throw new Error('nothing was thrown');
};

test('the reply says which endpoint and version answered, and the trace what there was to choose from', async () => {
  const seen: string[] = [];
  const { handler, scope, steps } = scene((endpoint) => async () => {
    seen.push(endpoint.id);
    return reply({ version: 'what the agent claims' });
  });
  const answer = await handler(call(), scope);
  assert.deepEqual([answer.endpoint, answer.version, answer.notes], [seen[0], '1', undefined]);
  assert.deepEqual(steps, [
    { name: 'route', attributes: { candidates: 2, eligible: 2, picked: seen[0], panic: false } },
  ]);
});

test('behind another node the reply knows the version', async () => {
  const members = [candidate('hub', { protocol: 'airspace', node: 'root', version: '' })];
  const named = scene(
    always(async () => reply({ version: '9' })),
    members,
  );
  assert.equal((await named.handler(call(), named.scope)).version, '9');
  const nameless = scene(
    always(async () => reply()),
    members,
  );
  assert.ok(!('version' in (await nameless.handler(call(), nameless.scope))));
});

test('panic is said in the reply', async () => {
  const members = [candidate('a', { state: 'silent' })];
  const { handler, scope } = scene(
    always(async () => reply({ notes: ['stale'] })),
    members,
  );
  assert.deepEqual((await handler(call(), scope)).notes, ['stale', 'panic']);
});

test('a call that has tried an endpoint goes to the other', async () => {
  const { handler, scope } = scene(always(async () => reply()));
  for (let i = 0; i < 10; i++) {
    const avoid = ['e0'];
    assert.equal((await handler(call({ avoid }), scope)).endpoint, 'e1');
    assert.deepEqual(avoid, ['e0', 'e1']);
  }
});

const CONSEQUENCES: readonly (readonly [string, () => Promise<Reply>, Verdict])[] = [
  ['an answer', async () => reply(), 'success'],
  ['a 404 of the target', async () => reply({ outcome: 'failed', status: 404 }), 'success'],
  ['a 500 of the target', async () => reply({ outcome: 'failed', status: 500 }), 'failure'],
  ['a broken connection', () => Promise.reject(new Fault('upstream_broken', 'x')), 'failure'],
  ['a refused connection', () => Promise.reject(new Fault('unreachable', 'x')), 'unreachable'],
  ['a fault of a node further down', () => Promise.reject(new Fault('unreachable', 'x', { remote: true })), 'nothing'],
  ['a cancellation', () => Promise.reject(new Fault('cancelled', 'x')), 'nothing'],
  ['a denial', () => Promise.reject(new Fault('denied', 'x')), 'nothing'],
  ['our own mistake', () => Promise.reject(new Error('x')), 'nothing'],
  [
    'an upstream that throws at once',
    () => {
      throw new Fault('unreachable', 'x');
    },
    'unreachable',
  ],
];

for (const [what, work, verdict] of CONSEQUENCES) {
  test(`${what} counts as ${verdict}, once, and gives its place back`, async () => {
    const { handler, scope, heard, inFlight } = scene(always(work));
    await handler(call(), scope).catch(() => {});
    assert.deepEqual(heard, [verdict]);
    assert.equal(inFlight(), 0);
  });
}

test('an upstream that cannot even be made gives its place back', async () => {
  const { handler, scope, inFlight } = scene(() => {
    throw new Fault('internal', 'x');
  });
  await faultOf(handler(call(), scope));
  assert.equal(inFlight(), 0);
});

test('a failed call counts as its timeout, however fast it failed (H4)', async () => {
  const { handler, scope, record } = scene(failing(new Fault('unreachable', 'x')), [candidate('a')]);
  await faultOf(handler(call(), scope));
  assert.equal(record('a').latencyMs, 2000);
});

const timingOut = (afterMs: number) => {
  const made = scene(
    () => (_: Call, scope) =>
      new Promise((_resolve, reject) => scope.clock.after(afterMs, () => reject(new Fault('timeout', 'x')))),
  );
  const run = async () => {
    const outcome = faultOf(made.handler(call(), made.scope));
    await made.advance(afterMs);
    await outcome;
  };
  return { ...made, run };
};

test('callers with tiny deadlines cannot talk an endpoint out of its pool', async () => {
  const { run, records, heard } = timingOut(1);
  for (let i = 0; i < 50; i++) await run();
  assert.deepEqual(new Set(heard), new Set(['nothing']));
  for (const record of records()) assert.equal(record.failures, 0);
});

test('a timeout after a fair time speaks against the endpoint', async () => {
  const { run, heard } = timingOut(1000);
  await run();
  assert.deepEqual(heard, ['unreachable']);
});

/** A stream that the test feeds. */
const pipe = () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  return { answer: async () => reply({ body: { kind: 'stream', chunks: readable } }), writer };
};

const readAll = async (answer: Reply): Promise<number> => {
  assert.equal(answer.body.kind, 'stream');
  let bytes = 0;
  if (answer.body.kind === 'stream') for await (const chunk of answer.body.chunks) bytes += chunk.byteLength;
  return bytes;
};

test('a stream is in flight until it ends, but its length is not its latency', async () => {
  const { answer, writer } = pipe();
  const { handler, scope, advance, record, inFlight, heard } = scene(always(answer), [candidate('a')]);
  const begun = await handler(call({ stream: true }), scope);
  const reading = readAll(begun);
  await advance(60_000);
  assert.equal(inFlight(), 1);
  assert.deepEqual(heard, ['success']);
  await writer.write(new Uint8Array(3));
  await writer.close();
  assert.equal(await reading, 3);
  assert.equal(inFlight(), 0);
  assert.equal(record('a').latencyMs, 0);
  assert.deepEqual(heard, ['success']);
});

test('a stream that breaks later is blamed after all', async () => {
  const { answer, writer } = pipe();
  const { handler, scope, heard, record } = scene(always(answer), [candidate('a')]);
  const begun = await handler(call({ stream: true }), scope);
  const reading = faultOf(readAll(begun));
  await writer.abort(new Fault('upstream_broken', 'x'));
  await reading;
  assert.deepEqual(heard, ['success', 'blame']);
  assert.equal(record('a').failures, 1);
});

test('a stream that nobody reads is over when its call is cancelled', async () => {
  const { answer } = pipe();
  const { handler, scope, canceller, inFlight, heard, advance } = scene(always(answer));
  await handler(call({ stream: true }), scope);
  canceller.cancel(new Fault('cancelled', 'x'));
  await advance(0);
  assert.equal(inFlight(), 0);
  assert.deepEqual(heard, ['success']);
});

test('when no endpoint is eligible the trace names the reason of each', async () => {
  const { handler, scope, steps } = scene(
    always(async () => reply()),
    [candidate('a', { state: 'draining' })],
  );
  assert.equal((await faultOf(handler(call(), scope))).code, 'unavailable');
  assert.deepEqual(steps, [
    { name: 'route', attributes: { candidates: 1, eligible: 0, refused: ['`a` is draining'] } },
  ]);
});

const held = () => {
  const waiting: (() => void)[] = [];
  const made = scene(
    always(() => new Promise((resolve) => void waiting.push(() => resolve(reply())))),
    [candidate('a')],
  );
  const release = async () => {
    for (const run of waiting.splice(0)) run();
    await made.advance(0);
  };
  return { ...made, release };
};

test('a drain lets no new call in, breaks none, and is over when the last one is', async () => {
  const { handler, scope, fleet, clock, advance, release } = held();
  const working = handler(call(), scope);
  let over = false;
  const draining = drain(fleet, which, 'a', 10_000, clock).finally(() => {
    over = true;
  });
  await advance(5000);
  assert.equal(over, false);
  assert.match((await faultOf(handler(call(), scope))).message, /`a` is draining/);
  await release();
  assert.deepEqual(await draining, { inFlight: 0 });
  assert.equal((await working).endpoint, 'a');
  undrain(fleet, which, 'a', clock);
  const again = handler(call(), scope);
  await release();
  assert.equal((await again).endpoint, 'a');
});

test('a drain ends at its deadline and says what is left', async () => {
  const { handler, scope, fleet, clock, advance, release } = held();
  const working = handler(call(), scope);
  const draining = drain(fleet, which, 'a', 100, clock);
  await advance(100);
  assert.deepEqual(await draining, { inFlight: 1 });
  await release();
  await working;
});

test('a drain outlives the snapshot it was asked under', async () => {
  const { handler, scope, fleet, clock } = held();
  await drain(fleet, which, 'a', 100, clock);
  fleet.swap(snapshot().targets, () => [candidate('a'), candidate('b')]);
  void handler(call(), scope);
  assert.deepEqual(
    fleetStatus(fleet, 'acme', clock.nowMs())[0]?.endpoints.map(({ id, obstacle, inFlight }) => [
      id,
      obstacle,
      inFlight,
    ]),
    [
      ['a', 'draining', 0],
      ['b', null, 1],
    ],
  );
});

test('an endpoint that is not there cannot be drained', async () => {
  const { fleet, clock } = held();
  const fault = await faultOf(drain(fleet, which, 'nobody', 100, clock));
  assert.deepEqual([fault.code, fault.message.includes('known: `a`')], ['not_found', true]);
});

test('the status of a tenant shows its own targets only, and what calls have taught', async () => {
  const { handler, scope, fleet, clock } = scene(failing(new Fault('unreachable', 'x')), [candidate('a')]);
  await faultOf(handler(call(), scope));
  assert.deepEqual(fleetStatus(fleet, 'rival', 0), []);
  const [only] = fleetStatus(fleet, null, clock.nowMs());
  assert.deepEqual(only?.endpoints, [
    {
      id: 'a',
      url: 'http://a.test',
      protocol: 'direct',
      node: '',
      version: '1',
      weight: 100,
      state: 'ready',
      obstacle: null,
      inFlight: 0,
      requests: 1,
      failures: 1,
      latencyMs: 2000,
      warmth: 1,
      ejectedForMs: 0,
      breaker: 'closed',
      reachable: true,
    },
  ]);
});

test('a target that left the snapshot leaves no pool behind', async () => {
  const { handler, scope, fleet, clock } = scene(always(async () => reply()));
  await handler(call(), scope);
  assert.equal(fleetStatus(fleet, null, clock.nowMs()).length, 1);
  fleet.swap([], () => []);
  assert.deepEqual(fleetStatus(fleet, null, clock.nowMs()), []);
});
