/** What a hub answers about a route that moves, from more calls than it reads at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TraceFilter } from '../../contract/index.ts';
import { directly, many, SIDECARS, snapshot, through } from '../../topologies/evolution/fixture.ts';
import { type ArmsView, topologyPort } from './topology.ts';

const EACH_MS = 3;

/** A call every three milliseconds, one of so many of them directly. */
const watched = (calls: number, oneOf: number) => {
  const toMs = calls * EACH_MS;
  const events = many(calls, (id, n) => (n % oneOf === 0 ? directly : through)(id, { at: n * EACH_MS }))
    .map((event) => ({ ...event, span: `${event.callId}-${event.role}` }))
    .toReversed();
  let read = 0;
  const port = topologyPort({
    world: {
      clock: { nowMs: () => 0, wallMs: () => toMs, after: () => ({ cancel: () => {} }) },
      ...{ ids: { traceId: () => '', spanId: () => '', callId: () => '' }, random: () => 0 },
    },
    snapshot: () => snapshot(),
    nodes: { list: () => SIDECARS.map((node) => ({ node, state: 'ready' })) as never, find: () => [] },
    traces: {
      recent: async ({ untilMs = toMs, limit }: TraceFilter) => {
        const page = events.filter(({ startedAtMs }) => startedAtMs <= untilMs).slice(0, limit);
        read += page.length;
        return page;
      },
    },
    meter: { since: () => null } as never,
    flush: async () => {},
  });
  const arms = async () => (await port.arms('acme', 'orders', { sinceMs: 0, grows: 'mesh' })) as ArmsView;
  return { arms, read: () => read };
};

test('a small share of many calls is looked for further back, until there is enough of it to be judged', async () => {
  const { arms } = watched(6_000, 100);
  const { mesh, judgement } = await arms();
  assert.ok((mesh?.calls ?? 0) >= 30, `${mesh?.calls} calls`);
  assert.notEqual(judgement.kind, 'few');
});

test('where the newest calls have enough of it, nothing more is read', async () => {
  const { arms, read } = watched(6_000, 10);
  const { mesh } = await arms();
  assert.ok((mesh?.calls ?? 0) >= 30);
  assert.ok(read() < 7_500, `${read()} records`);
});
