import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AgentSpan, type CallEvent, Fault, type Principal, type SaidOutcome } from '../contract/index.ts';
import { VirtualWorld } from '../kernel/index.ts';
import { MOST_OUTCOMES_PER_TRACE, MOST_PER_TRACE } from './intake.ts';
import { MOST_OUTCOMES_PER_MINUTE, Outcomes } from './outcomes.ts';

const TRACE = 'a'.repeat(32);
const CALL = 'c'.repeat(32);
const agent = (id: string): Principal => ({ kind: 'agent', tenant: 'default', id, roles: [] });
const [WORKER, ORDERS, STRANGER] = [agent('worker'), agent('orders'), agent('stranger')];

const said = (change: Partial<SaidOutcome> = {}, outcome: Partial<SaidOutcome['outcome']> = {}): SaidOutcome => ({
  ...{ subject: { trace: TRACE }, note: '', ...change },
  outcome: { task: 'refund', result: 'completed', ...outcome },
});

/** A store that keeps each once by its trace and id, as the real ones do. */
const outcomes = () => {
  const world = new VirtualWorld(1);
  const store: AgentSpan[] = [];
  const kept: AgentSpan[] = [];
  const most: number[] = [];
  const event = {
    ...{ callId: CALL, trace: TRACE, span: 'b'.repeat(16), principal: { kind: 'agent', id: 'worker' } },
    target: { kind: 'agent', name: 'orders', operation: 'where' },
  } as unknown as CallEvent;
  const isSame = (a: AgentSpan, b: AgentSpan): boolean => a.trace === b.trace && a.span === b.span;
  return {
    ...{ world, store, kept, most },
    outcomes: new Outcomes({
      clock: world.clock,
      events: async (tenant, call) => (tenant === 'default' && call === CALL ? [event] : []),
      store: {
        append: async (spans, mostPerTrace) => {
          most.push(mostPerTrace);
          return spans.map((span) => {
            if (store.some((one) => isSame(one, span))) return 'repeated';
            store.push(span);
            return 'kept';
          });
        },
        trace: async (_, trace) => store.filter((one) => one.trace === trace),
      },
      kept: (one) => kept.push(one),
    }),
  };
};

const refused = (code: string, words: RegExp) => (thrown: unknown) =>
  thrown instanceof Fault && thrown.code === code && words.test(thrown.message);

test('an outcome is kept once, by who said it of what', async () => {
  const { outcomes: taker, kept, most } = outcomes();
  const first = await taker.say(WORKER, said({ note: 'all of it' }, { score: 0.9 }));
  assert.deepEqual(first, { trace: TRACE, task: 'refund', result: 'completed', score: 0.9, isRepeated: false });
  assert.equal((await taker.say(WORKER, said({}, { score: 0.9 }))).isRepeated, true);
  assert.equal((await taker.say(ORDERS, said())).isRepeated, false, 'another sayer');
  assert.equal((await taker.say(WORKER, said({}, { task: 'answer' }))).isRepeated, false, 'another task');
  assert.equal((await taker.say(WORKER, said({ subject: { trace: 'd'.repeat(32) } }))).isRepeated, false);
  assert.equal(kept.length, 4);
  assert.deepEqual(kept[0]!.outcome, { task: 'refund', result: 'completed', score: 0.9 });
  assert.deepEqual([kept[0]!.principal, kept[0]!.message], [{ kind: 'agent', id: 'worker' }, 'all of it']);
  assert.deepEqual(new Set(most), new Set([MOST_PER_TRACE + MOST_OUTCOMES_PER_TRACE]));
  assert.doesNotMatch(kept[0]!.span, /^[0-9a-f]{16}$/, 'nobody can say a span that has this id');
});

test('something else about the same task is a conflict that names what was said', async () => {
  const { outcomes: taker, kept } = outcomes();
  await taker.say(WORKER, said({}, { score: 0.5 }));
  const words = /task `refund` .* it was completed with the score 0\.5, and an outcome is said once/;
  await assert.rejects(taker.say(WORKER, said({}, { result: 'failed' })), refused('conflict', words));
  await assert.rejects(taker.say(WORKER, said({}, { score: 0.6 })), refused('conflict', words));
  assert.equal(kept.length, 1);
});

test('of a call only those say anything who made it or answered it, and it hangs below that call', async () => {
  const { outcomes: taker, kept } = outcomes();
  const ofCall = said({ subject: { call: CALL } });
  for (const who of [WORKER, ORDERS]) assert.equal((await taker.say(who, ofCall)).trace, TRACE);
  assert.deepEqual(
    kept.map(({ trace, parentSpan }) => [trace, parentSpan]),
    [
      [TRACE, 'b'.repeat(16)],
      [TRACE, 'b'.repeat(16)],
    ],
  );
  const notFound = refused('not_found', /there is no call .* that you made or answered/);
  await assert.rejects(taker.say(STRANGER, ofCall), notFound);
  await assert.rejects(taker.say({ ...WORKER, tenant: 'acme' }, ofCall), notFound);
  await assert.rejects(taker.say({ ...ORDERS, kind: 'user' }, ofCall), notFound);
});

test('what is said of a session is kept apart from all traces', async () => {
  const { outcomes: taker, kept } = outcomes();
  const ofSession = said({ subject: { session: 's-1' } });
  assert.deepEqual(await taker.say(WORKER, ofSession), {
    ...{ session: 's-1', task: 'refund', result: 'completed', isRepeated: false },
  });
  assert.equal((await taker.say(WORKER, ofSession)).isRepeated, true);
  assert.deepEqual([kept[0]!.trace, kept[0]!.outcome?.session], ['session/s-1', 's-1']);
});

test('a sayer has so many a minute, whatever others say', async () => {
  const { outcomes: taker, world } = outcomes();
  for (let at = 0; at < MOST_OUTCOMES_PER_MINUTE; at++) await taker.say(WORKER, said({}, { task: `t${at}` }));
  await assert.rejects(taker.say(WORKER, said({}, { task: 'more' })), refused('rate_limited', /600 outcomes/));
  await taker.say(ORDERS, said({}, { task: 'theirs' }));
  await world.run(60_000);
  await taker.say(WORKER, said({}, { task: 'more' }));
});

test('each end of a run is one, also of a run that is tried again', async () => {
  const { outcomes: taker, kept } = outcomes();
  const run = { tenant: 'default', id: CALL, plan: 'trip', trace: TRACE };
  const failed = { outcome: { task: 'trip', result: 'failed' }, note: 'no rooms' } as const;
  await taker.ofRun(run, failed, 9);
  await taker.ofRun(run, failed, 9);
  await taker.ofRun(run, { outcome: { task: 'trip', result: 'completed' }, note: '' }, 14);
  assert.deepEqual(
    kept.map(({ principal, outcome, message }) => [`${principal.kind}/${principal.id}`, outcome?.result, message]),
    [
      ['plan/trip', 'failed', 'no rooms'],
      ['plan/trip', 'completed', ''],
    ],
  );
});
