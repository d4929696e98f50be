/** What holds for call trees in every topology, with real nodes and agents that know nothing of Airspace. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import type { CallEvent } from '../../src/contract/index.ts';
import { type Fleet, resource, type Shape, startFleet } from './fleet.ts';
import { callOn, MANNERS, type Manner } from './relay.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-trees-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** Agents may call each other, and `ann` may ask `a` only. Nobody who came from her may reach `d`. */
const POLICY = `
@id("agents") @reason("agents may work together")
permit (principal is Agent, action, resource);
@id("ann-asks-a") @reason("ann may ask a")
permit (principal is User, action, resource) when { resource in Agent::"a" };
@id("not-for-ann") @reason("ann is kept away from d") @code("KEPT_AWAY")
forbid (principal, action, resource in Agent::"d")
when { context.origin has user && context.origin.user == User::"ann" };
`;

const limits = (spec: object): unknown => resource('TreeLimits', 'org', { level: 'org', ...spec });

const through = async (fleet: Fleet, manner: Manner, next: Readonly<Record<string, string>>) => {
  fleet.fresh();
  const { status } = await callOn(fleet.ann, 'a', { manner, next });
  assert.equal(status, 200);
  return fleet.ledger;
};

for (const shape of ['hub', 'mesh', 'hierarchy'] as const satisfies readonly Shape[])
  describe(`call trees: ${shape}`, async () => {
    const fleet = await startFleet({ dir: scratch, shape, agents: ['a', 'b', 'd'], policy: POLICY });
    after(() => fleet.stop());

    for (const manner of MANNERS)
      test(`${manner}: rules see who began the tree`, async () => {
        const { ran, refusals } = await through(fleet, manner, { a: 'b', b: 'd' });
        assert.deepEqual([ran, refusals.map(({ code }) => code)], [['a', 'b'], ['KEPT_AWAY']]);
      });

    test('every record has the root, the depth and the way', async () => {
      const { headers } = await through(fleet, 'token', { a: 'b' });
      const trace = headers.get('b')?.['traceparent']?.split('-')[1] ?? '';
      const events = await handedUp(fleet, trace, ({ lineage, target }) => target.name === 'b' && lineage.depth === 1);
      const roots = new Set(events.map(({ lineage }) => lineage.root));
      assert.equal(roots.size, 1);
      const below = events.filter(({ target }) => target.name === 'b');
      for (const { lineage, attributes } of below) {
        assert.equal(lineage.depth, 1);
        assert.deepEqual(attributes['chain'], ['user/ann', 'agent/a/ask', 'agent/b/ask']);
      }
    });

    test('a token that an agent got is good at the hub, by the key that it has there', async () => {
      const { headers } = await through(fleet, 'token', {});
      const run = headers.get('a')?.['airspace-run'] ?? '';
      const { code } = await callOn(fleet.atHub.get('a')!, 'd', { next: {} }, { 'airspace-run': run });
      assert.equal(code, 'KEPT_AWAY', 'who began is proven to the hub');
      const other = await callOn(fleet.atHub.get('b')!, 'd', { next: {} }, { 'airspace-run': run });
      assert.deepEqual([other.status, other.code], [403, 'RUN_TOKEN_OF_ANOTHER']);
    });

    describe('where the rights are an intersection', () => {
      for (const manner of MANNERS)
        test(`${manner}: a call needs the rights of whoever began it, too`, async () => {
          const before = await through(fleet, manner, { a: 'b' });
          assert.deepEqual(before.ran, ['a', 'b'], 'not unless a level says so');
          await fleet.apply([limits({ delegation: 'intersection' })]);
          const { ran, refusals } = await through(fleet, manner, { a: 'b' });
          await fleet.apply([limits({})]);
          assert.deepEqual(ran, ['a']);
          assert.deepEqual(
            refusals.map(({ status, code }) => [status, code]),
            [[403, 'NO_PERMIT']],
          );
          assert.match(refusals[0]?.detail ?? '', /^user `ann`, who began this, may not: /);
        });
    });

    test('agents that answer first and call afterwards begin trees of their own, as many as they may', async () => {
      await fleet.apply([limits({ rootsPerMinute: 3 })]);
      fleet.fresh();
      const { ran, refusals, news } = fleet.ledger;
      const refused = once(news, 'refused', { signal: AbortSignal.timeout(PATIENCE_MS) });
      await callOn(fleet.ann, 'a', { manner: 'stripped', next: { a: 'b', b: 'a' }, later: true });
      await refused;
      await fleet.apply([limits({})]);
      assert.equal(refusals[0]?.status, 429);
      assert.ok(ran.length <= 7, `${ran.length} ran`);
    });
  });

const PATIENCE_MS = 10_000;

/** Nodes hand their records up in batches, and over HTTP nobody is told when one has come: the hub has to be asked. */
const handedUp = async (fleet: Fleet, trace: string, wanted: (event: CallEvent) => boolean) => {
  for (const endMs = performance.now() + PATIENCE_MS; ; ) {
    const seen = await fleet.events(trace);
    if (seen.some(wanted) || performance.now() > endMs) return seen;
    await new Promise((next) => setTimeout(next, 20));
  }
};
