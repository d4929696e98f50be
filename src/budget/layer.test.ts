import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, type Principal } from '../contract/index.ts';
import { loopbackReply } from '../kernel/index.ts';
import { answering, budget, faultOf, json, PRICE, read, setUp, streaming } from './fixture.ts';

const USAGE = { usage: { prompt_tokens: 10, completion_tokens: 20 } };
const ASK = json({ prompt: 'hello', max_tokens: 100 });

test('of 200 calls at the same time on a budget for 37, 37 run and 37 are booked', async () => {
  const { send, ran, books } = setUp({ budgets: [budget({ limit: 37 })] });
  const settled = await Promise.allSettled(Array.from({ length: 200 }, () => send()));
  assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 37);
  assert.equal(ran(), 37);
  assert.deepEqual(await books(), { cap: [37, 0] });
});

test('a call beyond the budget is refused in words that say how much is left and until when', async () => {
  const { send, notices } = setUp({
    budgets: [budget({ unit: 'micros', limit: 500_000, window: { every: 'day', timezone: 'UTC' } })],
    price: { ...PRICE, inputPerMTok: 0, outputPerMTok: 0, perCall: 750_000 },
  });
  const fault = await faultOf(send());
  assert.equal(fault.code, 'budget_exhausted');
  assert.equal(fault.executed, 'no');
  assert.match(
    fault.message,
    /budget `cap` has \$0\.50 left and this call asks for \$0\.75; raise it or wait until 2026-01-02T00:00:00.000Z/,
  );
  assert.deepEqual(notices, ['refused cap']);
});

test('every budget that a call falls under is charged, and no other', async () => {
  const alice: Principal = { kind: 'agent', tenant: 'acme', id: 'alice', domain: 'shop', roles: [] };
  const scopes = [
    budget({ name: 'org', scope: { kind: 'organisation' } }),
    budget({ name: 'shop', scope: { kind: 'domain', name: 'shop' } }),
    budget({ name: 'above', scope: { kind: 'domain', name: 'sales' } }),
    budget({ name: 'beside', scope: { kind: 'domain', name: 'office' } }),
    budget({ name: 'alice', scope: { kind: 'agent', name: 'alice' } }),
    budget({ name: 'bob', scope: { kind: 'agent', name: 'bob' } }),
    budget({ name: 'red', scope: { kind: 'team', name: 'red' } }),
    budget({ name: 'user', scope: { kind: 'user', name: 'ann' } }),
    budget({ name: 'big', scope: { kind: 'target', target: 'agent', name: 'big' } }),
    budget({ name: 'small', scope: { kind: 'target', target: 'agent', name: 'small' } }),
    budget({ name: 'classed', class: 'research' }),
    budget({ name: 'elsewhere', tenant: 'other' }),
    budget({ name: 'session', per: 'session' }),
    budget({ name: 'tree', per: 'tree' }),
    budget({ name: 'each', per: 'agent' }),
  ].map((one) => ({ ...one, limit: 10 }));
  const { send, books } = setUp({ budgets: scopes, constraints: { budgetClass: 'night+research' } });
  await send({
    principal: { ...alice, teams: ['red'] },
    session: 's1',
    lineage: { root: 'r'.repeat(32), depth: 1 },
  });
  assert.deepEqual(Object.keys(await books()).sort(), [
    ...['above', 'alice', 'big', 'classed', 'each agent/alice', 'org', 'red', 'session session/s1', 'shop'],
    `tree tree/${'r'.repeat(32)}`,
  ]);
  await send({ principal: { ...alice, kind: 'user', id: 'ann' } });
  const begun = { begun: 'user/ann', hops: [], calls: 1, endsAtMs: 1e9 };
  await send({ tree: { ...begun, origin: { kind: 'user', tenant: 'acme', id: 'ann', roles: [] } } });
  await send({ tree: { ...begun, origin: null } });
  const after = await books();
  assert.deepEqual(
    [after['user'], after['session'], after['each'], after['org']],
    [
      [2, 0],
      [3, 0],
      [1, 0],
      [4, 0],
    ],
  );
});

test('what a model reports is booked to the micro, and is on the trace', async () => {
  const { send, books, spans } = setUp({
    kind: 'model',
    budgets: [
      budget({ name: 'usd', unit: 'micros', limit: 1_000_000 }),
      budget({ name: 'tok', unit: 'tokens', limit: 10_000 }),
    ],
    price: { ...PRICE, perCall: 7 },
    script: answering(USAGE),
  });
  await send({ body: ASK });
  assert.deepEqual(await books(), { usd: [7 + 10 + 200, 0], tok: [30, 0] });
  assert.deepEqual(
    [
      spans[0]?.['cost.micros'],
      spans[0]?.['usage.input_tokens'],
      spans[0]?.['usage.output_tokens'],
      spans[0]?.['usage.flags'],
    ],
    [217, 10, 20, undefined],
  );
});

test('usage in the words of every model API is understood', async () => {
  const cases: readonly (readonly [unknown, number])[] = [
    [{ usage: { prompt_tokens: 10, completion_tokens: 20, prompt_tokens_details: { cached_tokens: 4 } } }, 6 + 200 + 1],
    [
      { usage: { input_tokens: 10, output_tokens: 20, cache_read_input_tokens: 10, cache_creation_input_tokens: 5 } },
      10 + 200 + 1 + 5,
    ],
    [{ usage: { inputTokens: 1, outputTokens: 1 } }, 11],
  ];
  for (const [reply, micros] of cases) {
    const { send, books } = setUp({
      kind: 'model',
      budgets: [budget({ unit: 'micros', limit: 1e6 })],
      price: PRICE,
      script: answering(reply),
    });
    await send({ body: ASK });
    assert.deepEqual(await books(), { cap: [micros, 0] }, JSON.stringify(reply));
  }
});

test('usage that cannot be is not believed: T23', async () => {
  const counted = 13; // 36 bytes of payload, three to a token, and one more for what the cap added
  const cases: readonly (readonly [unknown, string, (spent: number) => boolean])[] = [
    [{ usage: { prompt_tokens: -5, completion_tokens: 20 } }, 'invalid', (spent) => spent >= 200 + counted - 2],
    [{ usage: { prompt_tokens: 10, completion_tokens: 0.5 } }, 'invalid', (spent) => spent > 10],
    [{ usage: { prompt_tokens: 10, completion_tokens: 1e15 } }, 'clamped', (spent) => spent === 10 + 400 * 10],
    [{ usage: { prompt_tokens: 10, completion_tokens: '20' } }, 'invalid', (spent) => spent > 10],
    [{ usage: {} }, 'missing', (spent) => spent > 10],
    [{ text: 'a reply without usage' }, 'missing', (spent) => spent > 100],
  ];
  for (const [reply, flag, holds] of cases) {
    const { send, books, spans } = setUp({
      kind: 'model',
      budgets: [budget({ unit: 'micros', limit: 1e6 })],
      price: PRICE,
      script: answering(reply),
    });
    await send({ body: ASK });
    const [spent, reserved] = (await books())['cap']!;
    assert.ok(holds(spent), `${JSON.stringify(reply)} was booked as ${spent}`);
    assert.equal(reserved, 0);
    assert.ok(String(spans[0]?.['usage.flags']).includes(flag));
  }
});

test('where money is counted, a model without a price is refused, and so is what spends', async () => {
  const money = [budget({ unit: 'micros', limit: 1e6 })];
  const model = await faultOf(setUp({ kind: 'model', budgets: money }).send({ body: ASK }));
  assert.deepEqual([model.code, model.facts['code']], ['denied', 'PRICE_UNKNOWN']);
  assert.match(model.message, /model `big` has no price for `ask`, and budget `cap` counts money; declare `price`/);
  const spending = await faultOf(setUp({ budgets: money, operation: { effect: 'spend' } }).send());
  assert.equal(spending.facts['code'], 'PRICE_UNKNOWN');
  assert.equal((await setUp({ budgets: money }).send()).status, 200, 'what only reads costs nothing of its own');
  assert.equal(
    (await setUp({ kind: 'model', budgets: [budget()] }).send({ body: ASK })).status,
    200,
    'calls are counted without prices',
  );
});

test('a model call without a cap gets one, and one that asks for more than is left gets what is left', async () => {
  const seen: unknown[] = [];
  const setting = {
    kind: 'model' as const,
    budgets: [budget({ unit: 'micros' as const, limit: 2_000 })],
    price: PRICE,
    script: ((call, _scope, execute) => {
      execute();
      seen.push(JSON.parse(Buffer.from(call.body.kind === 'bytes' ? call.body.bytes : []).toString()).max_tokens);
      return loopbackReply({ body: json(USAGE) });
    }) as NonNullable<Parameters<typeof setUp>[0]['script']>,
  };
  await setUp({ ...setting, budgets: [budget({ unit: 'micros', limit: 1e6 })] }).send({ body: json({}) });
  const tight = setUp(setting);
  await tight.send({ body: json({ max_tokens: 5_000 }) });
  assert.equal(seen[0], 4_096);
  assert.ok((seen[1] as number) < 200 && (seen[1] as number) > 150, `got ${seen[1]}`);
  const spentThen = (await tight.books())['cap']![0];
  assert.equal(spentThen, 210);
  const nothing = setUp({ ...setting, budgets: [budget({ unit: 'micros', limit: 100 })] });
  assert.equal((await faultOf(nothing.send({ body: json({ max_tokens: 5_000 }) }))).code, 'budget_exhausted');
});

test('a stream sets aside what it writes as it writes, and is cut where the budget ends', async () => {
  const pieces = Array.from({ length: 400 }, () => 'twelve bytes'.repeat(2));
  const asking = json({ stream: true, max_tokens: 100_000 });
  const rich = setUp({
    kind: 'model',
    budgets: [budget({ unit: 'tokens', limit: 1e6 })],
    script: streaming(pieces, { choices: [], ...USAGE }),
  });
  await read(await rich.send({ body: asking }));
  assert.deepEqual(await rich.books(), { cap: [30, 0] }, 'the last event says what it was');
  const poor = setUp({ kind: 'model', budgets: [budget({ unit: 'tokens', limit: 1_500 })], script: streaming(pieces) });
  const reply = await poor.send({ body: asking });
  const fault = await faultOf(read(reply));
  assert.deepEqual([fault.code, fault.executed, fault.facts['budget']], ['budget_exhausted', 'yes', 'cap']);
  await poor.world.run();
  const [spent, reserved] = (await poor.books())['cap']!;
  assert.ok(spent <= 1_500 && spent > 500, `booked ${spent}`);
  assert.equal(reserved, 0);
  assert.deepEqual(poor.notices, ['cut cap', 'flagged cap']);
});

test('a stream whose reader leaves is booked as far as it came', async () => {
  const { send, books, world, spans } = setUp({
    kind: 'model',
    budgets: [budget({ unit: 'tokens', limit: 1e6 })],
    script: streaming(Array.from({ length: 50 }, () => 'abc')),
  });
  const { body } = await send({ body: json({ stream: true, max_tokens: 1_000 }) });
  assert.ok(body.kind === 'stream');
  const chunks = body.chunks[Symbol.asyncIterator]();
  for (let n = 0; n < 10; n++) await chunks.next();
  await chunks.return?.();
  await world.run();
  const [spent, reserved] = (await books())['cap']!;
  assert.ok(spent >= 10 && spent < 40, `booked ${spent}`);
  assert.equal(reserved, 0);
  assert.deepEqual(spans[0]?.['usage.flags'], ['cut', 'missing']);
});

test('a call that never ran costs nothing; one that may have run costs all that was set aside', async () => {
  const failing = (executed: 'no' | 'unknown') =>
    setUp({
      budgets: [budget({ limit: 5 })],
      operation: { idempotent: false },
      script: () => {
        throw new Fault('upstream_invalid', 'odd', { executed });
      },
    });
  const never = failing('no');
  await faultOf(never.send());
  assert.deepEqual(await never.books(), { cap: [0, 0] });
  const perhaps = failing('unknown');
  await faultOf(perhaps.send());
  assert.deepEqual(await perhaps.books(), { cap: [1, 0] });
});

test('a try that may have run is paid for, and so is the one that repeats it', async () => {
  const flaky = (limit: number) =>
    setUp({
      budgets: [budget({ limit })],
      script: (_call, _scope, execute, nth) => {
        execute();
        if (nth === 1) throw new Fault('upstream_broken', 'it broke');
        return loopbackReply();
      },
    });
  const rich = flaky(2);
  const sent = rich.send();
  await rich.world.run();
  assert.equal((await sent).status, 200);
  assert.deepEqual(await rich.books(), { cap: [2, 0] });
  const poor = flaky(1);
  const refused = faultOf(poor.send());
  await poor.world.run();
  const fault = await refused;
  assert.deepEqual([fault.code, fault.executed], ['budget_exhausted', 'unknown']);
  assert.equal(poor.ran(), 1, 'the second try had no budget');
  assert.deepEqual(await poor.books(), { cap: [1, 0] });
});

test('a call that another node has charged is not charged again, and a node without a ledger refuses what it would have to', async () => {
  const { send, books } = setUp({ budgets: [budget()] });
  for (let n = 0; n < 3; n++) await send({ via: ['hub-0'] });
  assert.deepEqual(await books(), {});
  const poor = setUp({ budgets: [budget()], poor: true });
  assert.equal((await faultOf(poor.send())).facts['code'], 'NO_LEASE');
  assert.equal((await poor.send({ via: ['hub-0'] })).status, 200);
});

test('the same call again, by its idempotency key, is paid once', async () => {
  const { send, books } = setUp({ budgets: [budget({ limit: 5 })] });
  for (let n = 0; n < 3; n++) await send({ idempotencyKey: 'k' });
  assert.deepEqual(await books(), { cap: [1, 0] });
});

test('beyond a soft limit somebody is told once, a person is asked, or another model takes the calls', async () => {
  const half = (deed: 'event' | 'ask' | 'model') =>
    budget({ unit: 'calls', limit: 4, soft: { percent: 50, do: deed, model: 'small' } });
  const told = setUp({ budgets: [half('event')] });
  for (let n = 0; n < 4; n++) await told.send();
  assert.deepEqual(told.notices, ['soft cap']);
  assert.deepEqual(
    told.spans.map((span) => span['budget.soft']),
    [undefined, undefined, ['cap'], ['cap']],
  );
  const asked = setUp({ budgets: [half('ask')] });
  for (let n = 0; n < 2; n++) await asked.send();
  assert.deepEqual((await faultOf(asked.send())).code, 'approval_required');
  const models: unknown[] = [];
  const moved = setUp({
    kind: 'model',
    budgets: [half('model')],
    script: (call, _scope, execute) => {
      execute();
      models.push([
        call.target.name,
        JSON.parse(Buffer.from(call.body.kind === 'bytes' ? call.body.bytes : []).toString()).model,
      ]);
      return loopbackReply();
    },
  });
  for (let n = 0; n < 3; n++) await moved.send({ body: json({ model: 'big', max_tokens: 5 }) });
  assert.deepEqual(models, [
    ['big', 'big'],
    ['big', 'big'],
    ['small', 'small'],
  ]);
  assert.equal(moved.spans[2]?.['budget.moved'], 'big -> small');
});

test('a call that goes to another provider, because the first was away, is paid for there', async () => {
  const { send, books, ran } = setUp({
    budgets: [budget({ limit: 2 })],
    script: (call, _scope, execute) => {
      if (call.target.name === 'away') throw new Fault('unavailable', 'nobody there', { remote: true });
      execute();
      return loopbackReply();
    },
  });
  const id = 'a'.repeat(32);
  const target = (name: string) => ({ kind: 'agent', name, operation: 'ask' }) as const;
  const asking = (asked: number, name: string) =>
    send({ id, target: target(name), detour: { asked, more: true }, body: json({ asked }) });
  for (const [asked, name] of ['away', 'away', 'big'].entries()) await asking(asked, name).catch(() => {});
  assert.equal(ran(), 1);
  assert.deepEqual(await books(), { cap: [1, 0] });
});

test('a call with a price and without a budget writes nothing, and its trace says what it cost', async () => {
  const { send, spans, ledger } = setUp({ kind: 'model', budgets: [], price: PRICE, script: answering(USAGE) });
  await send({ body: ASK });
  assert.equal(spans[0]?.['cost.micros'], 210);
  assert.deepEqual(await ledger.entries({ tenant: 'acme', limit: 9 }), []);
});

test('a detached call that may have run and is run again after a restart is paid twice', async () => {
  const hang = Promise.withResolvers<never>();
  const { send, stores, journal, world, books } = setUp({
    budgets: [budget({ limit: 5 })],
    script: (_call, _scope, execute, nth) => {
      execute();
      return nth === 1 ? hang.promise : loopbackReply();
    },
  });
  const principal = { kind: 'agent', tenant: 'acme', id: 'caller', roles: [] } as const;
  await send({ detach: true, principal, credential: { kind: 'known', principal } });
  await world.run(0);
  const left = await stores.calls.open();
  assert.deepEqual([left.map(({ state }) => state), await books()], [['dispatched'], { cap: [0, 1] }]);
  await journal.recover(left);
  await world.run(100);
  assert.deepEqual(await books(), { cap: [2, 0] });
});
