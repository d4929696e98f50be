import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentSpan, CallEvent, Principal, SaidSpan, SpanOutcome } from '../contract/index.ts';
import { VirtualWorld } from '../kernel/index.ts';
import { Intake, MOST_PER_MINUTE, MOST_PER_TRACE } from './intake.ts';

const TRACE = 'a'.repeat(32);
const WORKER: Principal = { kind: 'agent', tenant: 'default', id: 'worker', roles: [] };

const said = (span: string, trace = TRACE): SaidSpan => ({
  ...{ trace, span, name: 'think', kind: 'internal', status: 'ok', message: '', service: '', attributes: {} },
  ...{ startedAtMs: 1, durationMs: 1, left: 0 },
});

const intake = (outcome: (span: AgentSpan) => SpanOutcome = () => 'kept') => {
  const world = new VirtualWorld(1);
  const kept: AgentSpan[] = [];
  const forwarded: AgentSpan[] = [];
  const most: number[] = [];
  const seen = [{ span: 'node-call', steps: [{ span: 'node-step' }] }] as unknown as readonly CallEvent[];
  return {
    ...{ world, kept, forwarded, most },
    intake: new Intake({
      clock: world.clock,
      events: async (tenant, trace) => (tenant === 'default' && trace === TRACE ? seen : []),
      store: {
        append: async (spans, mostPerTrace) => {
          most.push(mostPerTrace);
          kept.push(...spans);
          return spans.map(outcome);
        },
      },
      forward: (spans) => forwarded.push(...spans),
    }),
  };
};

test('who sent a span is who said it, whatever is in it', async () => {
  const { intake: taker, kept, forwarded, most } = intake();
  const forged = { ...said('s1'), principal: { kind: 'node', id: 'hub' }, tenant: 'other' };
  assert.deepEqual(await taker.take(WORKER, [forged]), { rejected: 0, message: '' });
  assert.deepEqual([kept[0]!.tenant, kept[0]!.principal], ['default', { kind: 'agent', id: 'worker' }]);
  assert.deepEqual(forwarded, kept);
  assert.deepEqual([most, taker.counts.kept], [[MOST_PER_TRACE], 1]);
});

test('an id that a node uses in the same trace is refused, of a call and of its steps', async () => {
  const { intake: taker, kept } = intake();
  const taken = await taker.take(WORKER, [
    said('node-call'),
    said('node-step'),
    said('own'),
    said('node-call', 'b'.repeat(32)),
  ]);
  assert.equal(taken.rejected, 2);
  assert.match(taken.message, /^2: their span ids belong to spans of others/);
  assert.deepEqual(
    kept.map(({ span }) => span),
    ['own', 'node-call'],
  );
  assert.equal(taker.counts.left.clashed, 2);
});

test('an agent has so many spans a minute, whatever others say, and more in the next', async () => {
  const { intake: taker, kept, world } = intake();
  const many = Array.from({ length: MOST_PER_MINUTE + 5 }, (_, at) => said(`s${at}`));
  const taken = await taker.take(WORKER, many);
  assert.equal(taken.rejected, 5);
  assert.match(taken.message, /5: more than 6000 spans in this minute/);
  assert.equal((await taker.take(WORKER, [said('more')])).rejected, 1);
  assert.equal((await taker.take({ ...WORKER, id: 'other' }, [said('theirs')])).rejected, 0);
  assert.equal((await taker.take({ ...WORKER, tenant: 'acme' }, [said('of another tenant')])).rejected, 0);
  await world.run(60_000);
  assert.equal((await taker.take(WORKER, [said('next minute')])).rejected, 0);
  assert.equal(kept.length, MOST_PER_MINUTE + 3);
  assert.equal(taker.counts.left.rate, 6);
});

test('what the store does not keep is told; what was said before is not told again, nor handed on', async () => {
  const outcomes: Record<string, SpanOutcome> = { a: 'kept', b: 'repeated', c: 'clashed', d: 'crowded' };
  const { intake: taker, forwarded } = intake(({ span }) => outcomes[span]!);
  const invalid = new Map([['`name` must be a text', 2]]);
  const taken = await taker.take(
    WORKER,
    ['a', 'b', 'c', 'd'].map((span) => said(span)),
    invalid,
  );
  assert.equal(taken.rejected, 4);
  assert.equal(
    taken.message,
    '2: `name` must be a text; 1: their span ids belong to spans of others in the same trace; 1: their trace has 5000 spans of agents already',
  );
  assert.deepEqual(
    forwarded.map(({ span }) => span),
    ['a'],
  );
  assert.deepEqual(taker.counts, { kept: 1, left: { invalid: 2, rate: 0, clashed: 1, crowded: 1, full: 0 } });
});
