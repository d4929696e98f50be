import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Call, FAULT_CODES, Fault, type FaultCode, type Reply } from '../contract/index.ts';
import { loopback, loopbackCall, loopbackReply, type Script } from './loopback.ts';
import { retry } from './retry.ts';
import { RetryBudgets } from './retry-budget.ts';
import { type Trial, trial } from './trial.ts';

interface Setting {
  readonly attempts?: number;
  readonly idempotent?: boolean;
  readonly budgets?: RetryBudgets;
  readonly call?: Partial<Call>;
  readonly deadlineMs?: number;
}

/** Plays one call to its end. */
const play = async (script: Script, setting: Setting = {}, on: Trial = trial()) => {
  let received = 0;
  const target = loopback((call, scope, execute, nth) => {
    received = nth;
    return script(call, scope, execute, nth);
  });
  const layer = retry({
    attemptsOf: () => setting.attempts ?? 3,
    idempotentOf: () => setting.idempotent ?? false,
    budgets: setting.budgets ?? new RetryBudgets(),
  });
  const scope = { ...on.scope, deadlineMs: setting.deadlineMs ?? Number.POSITIVE_INFINITY };
  const outcome = layer(target.handler)(loopbackCall(setting.call), scope).then(
    (reply): Reply | Fault => reply,
    (thrown): Reply | Fault => Fault.from(thrown),
  );
  await on.world.run();
  const result = await outcome;
  return {
    received,
    executions: target.ledger.length,
    fault: result instanceof Fault ? result : undefined,
    reply: result instanceof Fault ? undefined : result,
    endedAtMs: on.world.clock.nowMs(),
    steps: on.steps,
  };
};
const fails =
  (code: FaultCode, details = {}): Script =>
  () => {
    throw new Fault(code, 'scripted', details);
  };
const failsThenWorks =
  (times: number, code: FaultCode, details = {}): Script =>
  (call, scope, execute, nth) => {
    if (nth <= times) throw new Fault(code, 'scripted', details);
    execute();
    return loopbackReply({ body: call.body, endpoint: `e${nth}`, attempts: scope.deadlineMs > 0 ? 1 : 0 });
  };

for (const code of Object.keys(FAULT_CODES) as FaultCode[]) {
  const { retryable, executed } = FAULT_CODES[code];
  for (const idempotent of [false, true]) {
    const again = retryable && (executed === 'no' || idempotent);
    test(`${code} of ${idempotent ? 'an idempotent' : 'a'} call is ${again ? 'tried again' : 'final'} (O2, R4)`, async () => {
      assert.equal((await play(fails(code), { idempotent })).received, again ? 3 : 1);
    });
  }
}

test('a call that found a refusal first works at the second try, and says so', async () => {
  const { reply, received, steps } = await play(failsThenWorks(1, 'unreachable'));
  assert.equal(reply?.attempts, 2);
  assert.equal(received, 2);
  assert.deepEqual(
    steps.map(({ name, attempt, outcome, code }) => ({ name, attempt, outcome, code })),
    [
      { name: 'attempt', attempt: 1, outcome: 'failed', code: 'unreachable' },
      { name: 'attempt', attempt: 2, outcome: 'ok', code: '' },
    ],
  );
});

for (const [asked, gets] of [
  [1, 1],
  [2, 2],
  [3, 3],
  [50, 3],
] as const) {
  test(`a route that asks for ${asked} attempts gets ${gets} (R1)`, async () => {
    assert.equal((await play(fails('unreachable'), { attempts: asked })).received, gets);
  });
}

test('a call that another node retries is tried once (R1)', async () => {
  assert.equal((await play(fails('unreachable'), { call: { retriedElsewhere: true } })).received, 1);
});

test('a request body that streams is sent once', async () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {}
  const call = { body: { kind: 'stream', chunks: chunks() } } as const;
  assert.equal((await play(fails('refused'), { call })).received, 1);
});

test('an error that the target answered itself is final', async () => {
  const { received, reply } = await play(() => loopbackReply({ status: 503 }), { idempotent: true });
  assert.deepEqual([received, reply?.outcome], [1, 'failed']);
});

test('a stream that broke after its first byte is never started again', async () => {
  async function* breaks(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
    throw new Fault('upstream_broken', 'cut');
  }
  const { received, reply } = await play(() => loopbackReply({ body: { kind: 'stream', chunks: breaks() } }), {
    idempotent: true,
  });
  if (reply?.body.kind !== 'stream') assert.fail('expected a stream');
  const chunks = reply.body.chunks[Symbol.asyncIterator]();
  await chunks.next();
  await assert.rejects(chunks.next(), { code: 'upstream_broken' });
  assert.equal(received, 1);
});

test('the last try does not hide what an earlier one may have done', async () => {
  const { fault } = await play(
    (_call, _scope, execute, nth) => {
      if (nth > 1) throw new Fault('unreachable', 'down');
      execute();
      throw new Fault('upstream_broken', 'cut');
    },
    { idempotent: true },
  );
  assert.deepEqual([fault?.code, fault?.executed], ['unreachable', 'unknown']);
});

test('a caller that leaves during a pause is told what the tries so far did', async () => {
  const on = trial();
  on.world.clock.after(1, () => on.canceller.cancel(new Fault('cancelled', 'gone')));
  const { fault, received } = await play(fails('unreachable', { retryAfterMs: 500 }), {}, on);
  assert.deepEqual([fault?.code, fault?.executed, received], ['cancelled', 'no', 1]);
  assert.equal(on.canceller.listening, 0);
});

test('Retry-After is a floor (R3)', async () => {
  const { endedAtMs, reply } = await play(failsThenWorks(1, 'refused', { retryAfterMs: 4000 }));
  assert.equal(reply?.outcome, 'ok');
  assert.ok(endedAtMs >= 4000);
});

test('nobody waits for a time that lies beyond the deadline (R3)', async () => {
  const { endedAtMs, received, fault } = await play(fails('refused', { retryAfterMs: 4000 }), { deadlineMs: 3000 });
  assert.deepEqual([endedAtMs, received, fault?.retryAfterMs], [0, 1, 4000]);
});

test('pauses lie between nothing and 100 ms, then 200 ms (R3)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const on = trial(seed);
      const atMs: number[] = [];
      await play(
        (_call, scope) => {
          atMs.push(scope.clock.nowMs());
          throw new Fault('unreachable', 'down');
        },
        {},
        on,
      );
      assert.ok(atMs[1]! - atMs[0]! <= 100 && atMs[2]! - atMs[1]! <= 200);
    }),
    { numRuns: 50 },
  );
});

test('the tries know each other: route adds its picks to one list (R5)', async () => {
  const seen: string[][] = [];
  const { steps } = await play((call, _scope, _execute, nth) => {
    seen.push([...(call.avoid ?? assert.fail('no list'))]);
    call.avoid?.push(`e${nth}`);
    throw new Fault('unreachable', 'down');
  });
  assert.deepEqual(seen, [[], ['e1'], ['e1', 'e2']]);
  assert.deepEqual(
    steps.map((step) => step['endpoint']),
    ['e1', 'e2', 'e3'],
  );
});

test('one resting endpoint does not make a call wait for it: another may be well', async () => {
  const { endedAtMs, reply } = await play((call, _scope, _execute, nth) => {
    call.avoid?.push(`e${nth}`);
    if (nth === 1) throw new Fault('unavailable', 'rests', { retryAfterMs: 5000 });
    return loopbackReply();
  });
  assert.equal(reply?.outcome, 'ok');
  assert.ok(endedAtMs <= 100);
});

test('successes pay for retries, failed replies do not (R2)', async () => {
  for (const [status, pays] of [
    [200, true],
    [500, false],
  ] as const) {
    const budgets = new RetryBudgets();
    const budget = budgets.of('acme/agent/orders', 0);
    while (budget.take(0));
    for (let nth = 0; nth < 10; nth += 1) await play(() => loopbackReply({ status }), { budgets });
    assert.equal(budget.take(0), pays);
  }
});

test('retries of one target end with its budget, and the budget of another is untouched (R2)', async () => {
  const budgets = new RetryBudgets();
  const on = trial();
  const target = loopback(fails('unreachable'));
  let tries = 0;
  const counted = retry({ attemptsOf: () => 3, idempotentOf: () => false, budgets })((call, scope) => {
    tries += 1;
    return target.handler(call, scope);
  });
  const many = Array.from({ length: 100 }, () => counted(loopbackCall(), on.scope).catch(() => {}));
  await on.world.run(50);
  await on.world.run();
  await Promise.all(many);
  assert.ok(tries >= 110 && tries <= 111, `${tries} tries`);
  tries = 0;
  const other = counted(loopbackCall({ target: { kind: 'agent', name: 'billing', operation: 'x' } }), on.scope);
  await Promise.all([assert.rejects(other), on.world.run()]);
  assert.equal(tries, 3);
});
