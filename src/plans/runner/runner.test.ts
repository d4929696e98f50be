import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, type StepEnd } from '../../contract/index.ts';
import { memoryStores } from '../../stores/index.ts';
import { entryOf, type House, heldReply, house, NEVER, seen, startOf } from './fixture.ts';
import { PlanRunner } from './runner.ts';

test('a plan runs from its first step to its last, and answers what its output says', async () => {
  const { runner, run, sent } = house(
    {
      steps: [
        { id: 'find', call: 'agent/flights/find', input: { to: '${ input.to }' } },
        {
          id: 'book',
          call: 'agent/flights/book',
          input: { flight: '${ steps.find.result.id }', seats: '${ input.seats + 1 }' },
        },
        { id: 'tell', call: 'agent/mail/send', input: '${ steps.book.result }' },
      ],
      output: { booked: '${ steps.book.result.ref }', told: '${ steps.tell.result }' },
    },
    {
      'agent/flights/find': (input) => ({ id: `to ${(input as { to: string }).to}` }),
      'agent/flights/book': (input) => ({ ref: input }),
      'agent/mail/send': (input) => input,
    },
  );
  runner.start();
  const { state, output, message } = await run({ to: 'Rome', seats: 1 });
  assert.deepEqual({ state, message }, { state: 'done', message: '' });
  const ref = { flight: 'to Rome', seats: 2 };
  assert.deepEqual(output, { booked: ref, told: { ref } });
  assert.deepEqual(
    sent.map(({ target }) => target.operation),
    ['find', 'book', 'send'],
  );
  await runner.stop();
});

const ECHO = { 'agent/a/go': (input: unknown) => input, 'agent/a/undo': (input: unknown) => input };
const kinds = async ({ store }: House, id: string): Promise<readonly string[]> =>
  (await store.events('t', id, 0, 1_000)).map((event) =>
    'step' in event ? `${event.kind} ${event.step}` : event.kind === 'wished' ? event.wish.wish : event.kind,
  );

test('a fan-out calls once for each item, so many at once, and keeps the order of their results', async () => {
  let now = 0;
  let most = 0;
  const one = house(
    {
      steps: [
        { id: 'each', call: 'agent/a/go', forEach: 'input.list', input: { n: '${ item * 2 + index }' }, parallel: 3 },
      ],
      output: '${ steps.each.results.map(r, r.n) }',
    },
    {
      'agent/a/go': async (input) => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setImmediate(resolve));
        now -= 1;
        return input;
      },
    },
  );
  one.runner.start();
  const { output } = await one.run({ list: [10, 20, 30, 40, 50, 60, 70] });
  assert.deepEqual(output, [20, 41, 62, 83, 104, 125, 146]);
  assert.equal(most, 3);
  await one.runner.stop();
});

test('what a condition says no to is skipped, and what needs it with it; any of several is enough for a join', async () => {
  const one = house(
    {
      steps: [
        { id: 'a', call: 'agent/a/go', when: 'input.n > 1', input: 'a' },
        { id: 'b', call: 'agent/a/go', when: 'input.n <= 1', input: 'b' },
        { id: 'c', call: 'agent/a/go', needs: ['a'], input: 'c' },
        { id: 'd', call: 'agent/a/go', needs: ['a', 'b'], join: 'any', input: '${ steps.b.state }' },
      ],
    },
    ECHO,
  );
  one.runner.start();
  const { output } = await one.run({ n: 1 });
  assert.deepEqual(output, { c: null, d: 'ok' });
  assert.equal(one.sent.length, 2);
  await one.runner.stop();
});

test('a step whose answer came too late went well without a result, and is asked again where that does no harm', async () => {
  const late = (): never => {
    throw new Fault('timeout', 'the answer came after its time', { executed: 'yes' });
  };
  let looks = 0;
  const undone: unknown[] = [];
  const ended = async (last: object) => {
    const one = house(
      {
        steps: [
          { id: 'look', call: 'agent/a/look', attempts: 2, backoffMs: 1 },
          { id: 'b', call: 'agent/a/late', needs: ['look'], compensate: { call: 'agent/a/undo', input: 'b' } },
          { id: 'c', call: 'agent/a/go', needs: ['b'], input: 'c', ...last },
        ],
      },
      {
        ...ECHO,
        'agent/a/late': late,
        'agent/a/look': () => (++looks === 1 ? late() : 'seen'),
        'agent/a/undo': (input) => undone.push(input),
      },
      { operations: { 'agent/a/look': { idempotent: true } } },
    );
    one.runner.start();
    const { state, output } = await one.run();
    await one.runner.stop();
    return { state, output };
  };
  assert.deepEqual(await ended({}), { state: 'done', output: { c: 'c' } });
  assert.deepEqual([looks, undone], [2, []]);
  assert.equal((await ended({ input: '${ steps.b.result.id }' })).state, 'compensated');
  assert.deepEqual(undone, ['b']);
});

test('a failed plan takes back what ran, latest first, and says so', async () => {
  const one = house(
    {
      steps: [
        { id: 'a', call: 'agent/a/go', input: 1, compensate: { call: 'agent/a/undo', input: '${ steps.a.result }' } },
        {
          id: 'b',
          call: 'agent/a/go',
          needs: ['a'],
          input: 2,
          compensate: { call: 'agent/a/undo', input: '${ steps.b.result }' },
        },
        { id: 'c', call: 'agent/a/fail', needs: ['b'] },
      ],
    },
    { ...ECHO, 'agent/a/fail': () => Promise.reject(new Fault('bad_request', 'not so')) },
  );
  one.runner.start();
  const { state, message } = await one.run();
  assert.deepEqual([state, message], ['compensated', 'step `c` failed: not so']);
  const undone = one.sent.filter(({ target }) => target.operation === 'undo').map(({ step }) => step?.step);
  assert.deepEqual(undone, ['~b', '~a']);
  await one.runner.stop();
});

test('who takes a step back is waited for, however often nobody is there, and it is stuck once it fails for good', async () => {
  const back = (fault: () => Fault | undefined) => {
    const steps = [
      { id: 'a', call: 'agent/a/go', compensate: { call: 'agent/a/undo', attempts: 2, backoffMs: 1 } },
      { id: 'b', call: 'agent/a/fail', needs: ['a'] },
    ];
    let tries = 0;
    const one = house(
      { steps },
      {
        ...ECHO,
        'agent/a/fail': () => Promise.reject(new Fault('bad_request', 'not so')),
        'agent/a/undo': () => {
          tries += 1;
          const thrown = tries <= 6 ? fault() : undefined;
          if (thrown !== undefined) throw thrown;
        },
      },
      { operations: { 'agent/a/undo': { idempotent: true } } },
    );
    one.runner.start();
    return { one, tries: () => tries };
  };
  const away = back(() => new Fault('unreachable', 'nobody there'));
  assert.equal((await away.one.run()).state, 'compensated');
  assert.equal(away.tries(), 7);
  await away.one.runner.stop();

  const broken = back(() => new Fault('bad_request', 'there is no such thing'));
  const { state, message } = await broken.one.run();
  assert.deepEqual([state, broken.tries()], ['stuck', 1], message);
  await broken.one.runner.stop();
});

test('what certainly did not run is tried again, with the same key and another call', async () => {
  let tries = 0;
  const agents = {
    'agent/a/go': () => {
      tries += 1;
      if (tries < 3) throw new Fault('unreachable', 'nobody there');
      return tries;
    },
  };
  const one = house({ steps: [{ id: 'a', call: 'agent/a/go', backoffMs: 10 }] }, agents);
  one.runner.start();
  const { state } = await one.run();
  assert.equal(state, 'done');
  assert.equal(new Set(one.sent.map(({ idempotencyKey }) => idempotencyKey)).size, 1);
  assert.equal(new Set(one.sent.map(({ id }) => id)).size, 3);
  await one.runner.stop();
});

test('what may have run is sent once, and the run is held until somebody says what became of it', async () => {
  const agents = { 'agent/a/go': () => Promise.reject(new Fault('upstream_broken', 'gone')), 'agent/a/next': () => 2 };
  const one = house(
    {
      steps: [
        { id: 'a', call: 'agent/a/go', backoffMs: 1 },
        { id: 'b', call: 'agent/a/next', needs: ['a'] },
      ],
    },
    agents,
  );
  one.runner.start();
  const id = await one.begin();
  await seen(one, id, (run) => run.state === 'held');
  assert.equal(one.sent.length, 1);
  const call = one.sent[0]!.id;
  const atMs = Date.now();
  const reply = {
    outcome: 'ok',
    status: 200,
    contentType: 'application/json',
    body: new TextEncoder().encode('7'),
  } as const;
  const kept = { ...reply, code: '', message: '', endpoint: '', attempts: 1 };
  const step = {
    ...{ run: id, step: 'a', call, outcome: 'ok', code: '', message: '', executed: 'yes', retryable: false },
    ...{ costMicros: 0, reply: { contentType: reply.contentType, body: reply.body } },
  } as StepEnd;
  assert.ok(
    await one.stores.calls.resolve({ tenant: 't', id: call, verdict: 'executed', reply: kept, step, audit: [], atMs }),
  );
  one.runner.wake('t', id);
  const { run } = await one.runner.looks.finished('t', id, NEVER);
  assert.equal(run.state, 'done');
  assert.deepEqual(
    one.sent.map(({ target }) => target.operation),
    ['go', 'next'],
  );
  await one.runner.stop();
});

test('a signal that comes before anybody waits for it is kept', async () => {
  const one = house(
    {
      steps: [
        { id: 'a', call: 'agent/a/go', input: 1 },
        { id: 'w', wait: { signal: 'paid' }, needs: ['a'] },
        { id: 'b', call: 'agent/a/go', input: '${ steps.w.result.sum }' },
      ],
    },
    ECHO,
  );
  const id = await one.begin();
  await one.runner.wish('t', id, { wish: 'signal', name: 'paid', body: '{"sum":12}' }, 'user/ann');
  one.runner.start();
  const { output } = await one.runner.looks.finished('t', id, NEVER);
  assert.equal(output?.json, '{"b":12}');
  await assert.rejects(one.runner.wish('t', id, { wish: 'pause' }, 'user/ann'), /is over/);
  await one.runner.stop();
});

test('a wait is over when its time is, and no run needs a timer of its own', async () => {
  const one = house(
    {
      steps: [
        { id: 'w', wait: { ms: 30 } },
        { id: 'a', call: 'agent/a/go', needs: ['w'] },
      ],
    },
    ECHO,
  );
  one.runner.start();
  const many = await Promise.all(Array.from({ length: 50 }, () => one.run()));
  assert.ok(many.every(({ state }) => state === 'done'));
  assert.deepEqual(one.runner.figures, { runs: 0, calls: 0 });
  await one.runner.stop();
});

test('a cancelled run begins nothing more, and takes back what ran', async () => {
  const one = house(
    {
      steps: [
        { id: 'a', call: 'agent/a/go', input: 1, compensate: { call: 'agent/a/undo' } },
        { id: 'w', wait: { signal: 'never' }, needs: ['a'] },
        { id: 'b', call: 'agent/a/go', needs: ['w'] },
      ],
    },
    ECHO,
  );
  one.runner.start();
  const id = await one.begin();
  await seen(one, id, ({ dueMs, holder }) => dueMs !== null && holder === '' && one.sent.length === 1);
  await one.runner.wish('t', id, { wish: 'cancel' }, 'user/ann');
  const { run, message } = await one.runner.looks.finished('t', id, NEVER);
  assert.deepEqual([run.state, message], ['cancelled', '`user/ann` cancelled it']);
  assert.deepEqual(
    one.sent.map(({ step }) => step?.step),
    ['a', '~a'],
  );
  await one.runner.stop();
});

test('a failed run is tried again from a step, and what ran well is not run again', async () => {
  let isWell = false;
  const agents = {
    ...ECHO,
    'agent/a/fail': () => (isWell ? 'well' : Promise.reject(new Fault('bad_request', 'not so'))),
  };
  const one = house(
    {
      onFailure: 'stop',
      steps: [
        { id: 'a', call: 'agent/a/go' },
        { id: 'b', call: 'agent/a/fail', needs: ['a'] },
        { id: 'c', call: 'agent/a/go', needs: ['b'] },
      ],
    },
    agents,
  );
  one.runner.start();
  const first = await one.run();
  assert.equal(first.state, 'failed');
  await assert.rejects(one.runner.wish('t', first.id, { wish: 'retry', from: 'a' }, 'user/ann'), /did not fail/);
  isWell = true;
  await one.runner.wish('t', first.id, { wish: 'retry', from: 'b' }, 'user/ann');
  await seen(one, first.id, ({ state }) => state === 'done');
  assert.deepEqual(
    one.sent.map(({ step }) => step?.step),
    ['a', 'b', 'b', 'c'],
  );
  await one.runner.stop();
});

test('a run over its time is given up', async () => {
  const one = house({ deadlineMs: 40, steps: [{ id: 'w', wait: { signal: 'never' } }] }, ECHO);
  one.runner.start();
  const { state, message } = await one.run();
  assert.deepEqual([state, message], ['failed', 'its time is over']);
  await one.runner.stop();
});

test('a step beyond the price of the run is refused before it is sent', async () => {
  const price = {
    inputPerMTok: 0,
    outputPerMTok: 0,
    cacheReadPerMTok: 0,
    cacheWritePerMTok: 0,
    perCall: 400_000,
    bytesPerToken: 3,
  };
  const one = house(
    {
      maxCost: '0.5 USD',
      steps: [
        { id: 'a', call: 'agent/a/go' },
        { id: 'b', call: 'agent/a/undo', needs: ['a'] },
      ],
    },
    { ...ECHO, 'agent/a/go': () => 1 },
    { operations: { 'agent/a/go': { price }, 'agent/a/undo': { price } } },
  );
  one.runner.start();
  const { state, message } = await one.run();
  assert.equal(state, 'failed');
  assert.match(message, /come to \$0.40, and this step may cost \$0.40: that is beyond its `maxCost` of \$0.50/);
  assert.equal(one.sent.length, 1);
  await one.runner.stop();
});

test('bytes that are no JSON go on as they came, and cannot be looked into', async () => {
  const picture = new Uint8Array([0xff, 0xd8, 0, 1]);
  const seenBytes: unknown[] = [];
  const one = house(
    {
      steps: [
        { id: 'draw', call: 'agent/a/draw' },
        { id: 'keep', call: 'agent/a/keep', input: '${ steps.draw.result }' },
        { id: 'look', call: 'agent/a/keep', input: '${ steps.draw.result.size }', optional: true },
      ],
      output: '${ steps.look.error }',
    },
    { 'agent/a/draw': () => picture, 'agent/a/keep': (input) => seenBytes.push(input) },
  );
  one.runner.start();
  const { output } = await one.run();
  assert.match(String(output), /no JSON/);
  assert.deepEqual(
    seenBytes.map((bytes) => [...(bytes as Uint8Array)]),
    [[...picture]],
  );
  await one.runner.stop();
});

test('labels of what went into a call stay with what comes out of it', async () => {
  const one = house(
    {
      steps: [
        { id: 'a', call: 'agent/a/go', input: 1 },
        { id: 'b', call: 'agent/a/undo', input: { x: '${ steps.a.result }' } },
      ],
    },
    ECHO,
  );
  one.runner.start();
  const { id } = await one.run();
  const { output } = await one.runner.looks.finished('t', id, NEVER);
  assert.deepEqual(output?.taint, ['agent/a']);
  assert.ok((await kinds(one, id)).includes('dispatched b'));
  await one.runner.stop();
});

test('another node takes over when the first one is silent, and sends nothing that may be under way', async () => {
  const stores = memoryStores();
  const plan = {
    steps: [
      { id: 'a', call: 'agent/a/go' },
      { id: 'b', call: 'agent/a/undo', needs: ['a'] },
    ],
  };
  let isDead = true;
  const hang = new Promise<never>(() => {});
  const agents = { ...ECHO, 'agent/a/go': () => (isDead ? hang : 1) };
  const first = house(plan, agents, { stores, holder: 'first', options: { leaseMs: 50 } });
  first.runner.start();
  const id = await first.begin();
  await seen(first, id, () => first.sent.length === 1);
  first.kill();
  isDead = false;
  const second = house(plan, agents, { stores, holder: 'second', options: { leaseMs: 50 } });
  second.runner.start();
  await seen(second, id, ({ epoch, holder }) => epoch === 2 && holder === '');
  assert.equal(second.sent.length, 0);
  assert.deepEqual(await kinds(second, id), ['started', 'intent a', 'dispatched a']);
  await second.runner.stop();
});

test('what a planner proposes runs after it has passed, and what may not be called ends the run with a reason', async () => {
  const planner = { call: 'agent/mind/plan', allow: ['agent/a/*'] };
  const proposing = (call: string) =>
    house(
      { planner },
      { ...ECHO, 'agent/mind/plan': () => ({ steps: [{ id: 'x', call, input: 5 }] }), 'agent/bank/pay': () => 1 },
    );
  const good = proposing('agent/a/go');
  good.runner.start();
  assert.deepEqual((await good.run()).output, { x: 5 });
  await good.runner.stop();
  const bad = proposing('agent/bank/pay');
  bad.runner.start();
  const { state, message } = await bad.run();
  assert.equal(state, 'failed');
  assert.match(message, /proposed cannot run: it calls `agent\/bank\/pay`, which `allow` does not name/);
  assert.deepEqual(
    bad.sent.map(({ target }) => target.name),
    ['mind'],
  );
  await bad.runner.stop();
});

test('a run that begins while the runner looks for others is taken up at once', async () => {
  const one = house({ steps: [{ id: 'a', call: 'agent/a/go' }] }, ECHO, { options: { pollMs: 3_600_000 } });
  one.runner.start();
  assert.equal((await one.run()).state, 'done');
  await one.runner.stop();
});

test('a planner that takes its time is asked once, whatever happens to the run meanwhile', async () => {
  const { promise: thought, resolve: think } = Promise.withResolvers<void>();
  const one = house(
    { planner: { call: 'agent/mind/plan', allow: ['agent/a/*'] } },
    {
      ...ECHO,
      'agent/mind/plan': async () => {
        await thought;
        return { steps: [{ id: 'x', call: 'agent/a/go', input: 5 }] };
      },
    },
  );
  one.runner.start();
  const id = await one.begin();
  await seen(one, id, () => one.sent.length === 1);
  await one.runner.wish('t', id, { wish: 'pause' }, 'user/ann');
  await one.runner.wish('t', id, { wish: 'resume' }, 'user/ann');
  await seen(one, id, ({ state, seq }) => state === 'running' && seq >= 5);
  think();
  assert.equal((await one.runner.looks.finished('t', id, NEVER)).run.state, 'done');
  assert.deepEqual(
    one.sent.map(({ target }) => target.name),
    ['mind', 'a'],
  );
  await one.runner.stop();
});

test('people who are asked only after the run was cancelled are not left with the question', async () => {
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const { promise: sent, resolve: noteSent } = Promise.withResolvers<string>();
  const { promise: withdrawn, resolve: withdraw } = Promise.withResolvers<string>();
  const one = house({ steps: [{ id: 'a', call: 'agent/a/go' }] }, ECHO);
  const runner = new PlanRunner({
    ...one.parts,
    handler: () => async (call) => {
      noteSent(call.id);
      await asked;
      return heldReply(call.id);
    },
    withdraw: async (_tenant, call) => withdraw(call),
  });
  runner.start();
  const id = await runner
    .begin(startOf('f'.repeat(32), {}), entryOf({ steps: [{ id: 'a', call: 'agent/a/go' }] }))
    .then((run) => run.id);
  const call = await sent;
  await runner.wish('t', id, { wish: 'cancel' }, 'user/ann');
  assert.equal((await runner.looks.finished('t', id, NEVER)).run.state, 'cancelled');
  ask();
  assert.equal(await withdrawn, call);
  await runner.stop();
});

test('progress counts every item and what takes back, and says nothing that an agent wrote', async () => {
  const steps = [
    { id: 'each', call: 'agent/a/go', forEach: '[1, 2, 3]', compensate: { call: 'agent/a/undo' } },
    { id: 'b', call: 'agent/a/bad', needs: ['each'], attempts: 1 },
  ];
  const told: string[] = [];
  for (const fails of [false, true]) {
    const bad = () => {
      if (fails) throw new Fault('bad_request', 'WRITTEN BY AN AGENT', { executed: 'no' });
      return 'WRITTEN BY AN AGENT';
    };
    const one = house({ steps }, { ...ECHO, 'agent/a/bad': bad });
    one.runner.start();
    const { id } = await one.run();
    for await (const { message } of one.runner.looks.progress('t', id, NEVER)) told.push(message);
    await one.runner.stop();
  }
  assert.deepEqual(told, ['4 of 4 steps are over', '7 of 7 steps are over']);
});

test('who follows a run sees every event once, in order, to its end', async () => {
  const one = house(
    {
      steps: [
        { id: 'a', call: 'agent/a/go' },
        { id: 'b', call: 'agent/a/go', needs: ['a'] },
      ],
    },
    ECHO,
  );
  one.runner.start();
  const id = await one.begin();
  const seqs: number[] = [];
  for await (const { seq } of one.runner.looks.follow('t', id, 0, NEVER)) seqs.push(seq);
  assert.deepEqual(
    seqs,
    Array.from({ length: seqs.length }, (_, at) => at + 1),
  );
  assert.equal(seqs.length, 8);
  await one.runner.stop();
});
