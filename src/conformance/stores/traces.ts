/** Promises about finished calls: found by any id that somebody has, and only by those who may see them. */
import assert from 'node:assert/strict';
import type { CallEvent, Stores } from '../../contract/index.ts';
import type { StoreCheck } from './check.ts';
import { refused } from './expect.ts';
import { event, HOSTILE, hexId } from './samples.ts';

const TRACE = 'aaaabbbbccccddddeeeeffff00001111';
const CALL = '9999888877776666555544443333ffff';

const spansOf = (events: readonly CallEvent[]): readonly string[] => events.map((each) => each.span);

const traceOf = async (stores: Stores, id: string, tenant: string | null = 'default') =>
  spansOf(await stores.traces.trace(tenant, id));

export const traceChecks = (promise: StoreCheck): void => {
  promise('an event comes back as it was written', async ({ traces }) => {
    const whole = event(1, {
      parentSpan: 'ffffffffffffffff',
      principal: { kind: 'user', id: 'ada', domain: 'sales' },
      session: 's',
      attributes: { 'gen_ai.model': 'small', tokens: 12.5, cached: false, tags: ['a', 'b'] },
      steps: [{ span: 'b', name: 'decide', offsetMs: 0.1, durationMs: 0.2, attributes: { effect: 'allow' } }],
    });
    const nobody = event(2, { principal: null });
    await traces.append([whole, nobody]);
    await traces.append([]);
    assert.deepEqual(await traces.trace('default', whole.trace), [whole]);
    assert.deepEqual(await traces.trace('default', nobody.trace), [nobody]);
  });

  promise(
    'a trace is all its events by start time, found by trace id or by the id of any of its calls',
    async (stores) => {
      await stores.traces.append([
        event(3, { trace: TRACE, span: 'third', startedAtMs: 30 }),
        event(1, { trace: TRACE, span: 'first', startedAtMs: 10, callId: CALL }),
        event(2, { trace: TRACE, span: 'second', startedAtMs: 20, callId: CALL, node: 'sidecar-1' }),
        event(4),
      ]);
      const all = ['first', 'second', 'third'];
      assert.deepEqual(await traceOf(stores, TRACE), all);
      assert.deepEqual(await traceOf(stores, CALL), all);
      assert.deepEqual(await traceOf(stores, hexId(3)), all);
      assert.deepEqual(await traceOf(stores, 'f'.repeat(32)), []);
    },
  );

  promise('a prefix of 8 or more digits finds its trace', async (stores) => {
    await stores.traces.append([event(1, { trace: TRACE, callId: CALL, span: 'it' }), event(2, { callId: hexId(2) })]);
    for (const prefix of [TRACE.slice(0, 8), TRACE.slice(0, 31), CALL.slice(0, 8), CALL.slice(0, 20)])
      assert.deepEqual(await traceOf(stores, prefix), ['it'], prefix);
    assert.deepEqual(await traceOf(stores, 'aaaabbbbcd'), []);
    assert.deepEqual(await traceOf(stores, 'aaaabbb%'), []);
    await refused(stores.traces.trace('default', TRACE.slice(0, 7)), 'bad_request', TRACE.slice(0, 7), 8);
    await refused(stores.traces.trace('default', ''), 'bad_request');
  });

  promise('an ambiguous prefix is refused and names the matches', async (stores) => {
    const other = `${TRACE.slice(0, 10)}${'1'.repeat(22)}`;
    await stores.traces.append([event(1, { trace: TRACE }), event(2, { trace: other })]);
    const fault = await refused(stores.traces.trace('default', TRACE.slice(0, 8)), 'bad_request', TRACE, other);
    assert.deepEqual(fault.facts, { matches: [other, TRACE].sort() });
    assert.equal((await stores.traces.trace('default', TRACE.slice(0, 11))).length, 1);
    await stores.traces.append([event(3, { trace: '1'.repeat(32), callId: `${TRACE.slice(0, 12)}${'2'.repeat(20)}` })]);
    await refused(stores.traces.trace('default', TRACE.slice(0, 11)), 'bad_request', TRACE, '1'.repeat(32));
    assert.equal((await stores.traces.trace('default', TRACE)).length, 1);
  });

  promise('an event that is delivered twice is kept once', async (stores) => {
    await stores.traces.append([event(1), event(2)]);
    await stores.traces.append([event(2), event(3), event(3), event(3, { node: 'other node' })]);
    assert.equal((await stores.traces.recent({ limit: 10 })).length, 4);
  });

  promise('recent calls are newest first, and each filter narrows them', async (stores) => {
    const denied = { status: 'denied', code: 'denied' } as const;
    await stores.traces.append([
      event(2, { target: { kind: 'agent', name: 'quoter', operation: 'quote' } }),
      event(4, { ...denied, principal: { kind: 'user', id: 'ada' } }),
      event(1, { tenant: 'other' }),
      event(3, { ...denied, principal: null }),
    ]);
    const recent = async (filter: Partial<Parameters<Stores['traces']['recent']>[0]>) =>
      (await stores.traces.recent({ limit: 10, ...filter })).map(({ callId }) => Number.parseInt(callId, 16));
    assert.deepEqual(await recent({}), [4, 3, 2, 1]);
    assert.deepEqual(await recent({ limit: 2 }), [4, 3]);
    assert.deepEqual(await recent({ limit: 0 }), []);
    assert.deepEqual(await recent({ tenant: 'default' }), [4, 3, 2]);
    assert.deepEqual(await recent({ status: 'denied' }), [4, 3]);
    assert.deepEqual(await recent({ target: 'quoter' }), [2]);
    assert.deepEqual(await recent({ principal: 'ada' }), [4]);
    assert.deepEqual(await recent({ principal: '' }), []);
    assert.deepEqual(await recent({ principal: 'caller', tenant: 'other' }), [1]);
    assert.deepEqual(await recent({ sinceMs: event(3).startedAtMs }), [4, 3]);
    assert.deepEqual(await recent({ untilMs: event(3).startedAtMs }), [3, 2, 1]);
    assert.deepEqual(await recent({ status: 'denied', principal: 'ada', tenant: 'default', limit: 1 }), [4]);
  });

  promise('a tenant sees its own events only, in every query', async (stores) => {
    const shared = { trace: TRACE, callId: CALL };
    const nearby = `${TRACE.slice(0, 10)}${'1'.repeat(22)}`;
    await stores.traces.append([
      event(1, { ...shared, tenant: 'one', span: 'of one' }),
      event(2, { ...shared, tenant: 'two', span: 'of two' }),
      event(3, { trace: nearby, tenant: 'two', span: 'nearby' }),
    ]);
    for (const id of [TRACE, CALL, TRACE.slice(0, 8), CALL.slice(0, 8)])
      assert.deepEqual(await traceOf(stores, id, 'one'), ['of one'], id);
    assert.deepEqual(await traceOf(stores, nearby, 'one'), []);
    for (const tenant of ['three', '', '%', '*']) {
      assert.deepEqual(await traceOf(stores, TRACE, tenant), []);
      assert.deepEqual(await stores.traces.recent({ tenant, limit: 10 }), []);
    }
    assert.deepEqual(await traceOf(stores, TRACE, null), ['of one', 'of two']);
    await refused(stores.traces.trace('two', TRACE.slice(0, 8)), 'bad_request', nearby);
  });

  promise('pruning removes what began before the instant', async (stores) => {
    await stores.traces.append([1, 2, 3].map((id) => event(id)));
    assert.equal(await stores.traces.prune(event(3).startedAtMs), 2);
    assert.equal(await stores.traces.prune(event(3).startedAtMs), 0);
    assert.deepEqual(await stores.traces.recent({ limit: 10 }), [event(3)]);
  });

  promise('a batch of 2,000 events is kept and pruned whole', async (stores) => {
    await stores.traces.append(Array.from({ length: 2_000 }, (_, id) => event(id)));
    await stores.traces.append([event(2_000)]);
    assert.equal((await stores.traces.recent({ limit: 5_000 })).length, 2_001);
    assert.equal(await stores.traces.prune(Number.MAX_SAFE_INTEGER), 2_001);
  });

  promise('hostile strings in events come back unchanged, and find nothing that is not theirs', async (stores) => {
    for (const [at, text] of HOSTILE.entries()) {
      const hostile = event(at, {
        tenant: text,
        principal: { kind: text, id: text },
        node: text,
        session: text,
        code: text,
      });
      const named = { ...hostile, target: { ...hostile.target, name: text }, attributes: { text } };
      await stores.traces.append([named]);
      assert.deepEqual(await stores.traces.trace(text, named.callId), [named]);
      assert.deepEqual(await stores.traces.recent({ tenant: text, target: text, principal: text, limit: 9 }), [named]);
      if (text.length >= 8) assert.deepEqual(await stores.traces.trace(null, text), []);
    }
  });

  promise('calls whose names are long are found by them, and not for others that begin alike', async ({ traces }) => {
    const [a, b] = ['a', 'b'].map((end) => '🛩'.repeat(2_000) + end) as [string, string];
    const of = (at: number, name: string) =>
      event(at, { principal: { kind: 'user', id: name }, target: { kind: 'tool', name, operation: name } });
    await traces.append([of(1, a), of(2, b)]);
    assert.deepEqual(await traces.recent({ tenant: 'default', target: a, principal: a, status: 'ok', limit: 9 }), [
      of(1, a),
    ]);
    assert.deepEqual(await traces.recent({ tenant: 'default', principal: b, limit: 9 }), [of(2, b)]);
  });

  promise('events that were flushed are there after reopen', async (stores, again) => {
    await stores.traces.append([event(1), event(2)]);
    const { traces } = await again();
    assert.deepEqual(await traces.recent({ limit: 10 }), [event(2), event(1)]);
  });
};
