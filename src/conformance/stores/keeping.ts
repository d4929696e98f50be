/** Promises about what a node keeps for its hub and remembers about itself, and about what nodes hand over: each once, without gaps. */
import assert from 'node:assert/strict';
import type { AuditRecord, NumberedEvent, Stores } from '../../contract/index.ts';
import { GENESIS } from '../../contract/index.ts';
import type { StoreCheck } from './check.ts';
import type { OpenersCheck } from './openers.ts';
import { auditEntry, event, HOSTILE } from './samples.ts';

const numbered = (from: number, to: number): readonly NumberedEvent[] =>
  Array.from({ length: to - from + 1 }, (_, at) => ({ seq: from + at, event: event(from + at) }));

/** A chain as another store wrote it. */
const chainOf = async ({ audit }: Stores, count: number, tenant = 'default'): Promise<readonly AuditRecord[]> => {
  for (let n = 1; n <= count; n++)
    await audit.append([auditEntry('k', { tenant, atMs: n, details: { text: HOSTILE[n % HOSTILE.length]! } })]);
  return audit.read(tenant, 1, count);
};

const stored = async ({ traces }: Stores): Promise<number> => (await traces.recent({ limit: 10_000 })).length;

export const keepingChecks = (promise: StoreCheck): void => {
  promise(
    'marks come back after reopen: what is raised never becomes lower, what is put does',
    async (stores, again) => {
      assert.deepEqual(await stores.marks.read(), {});
      await stores.marks.write({ put: { wall: 9_007_199_254_740_000 }, raise: { 'seq snapshot': 7, 'seq kills': 3 } });
      await stores.marks.write({ put: { wall: 5 }, raise: { 'seq snapshot': 6, 'seq kills': 4 } });
      const { marks } = await again();
      assert.deepEqual(await marks.read(), { wall: 5, 'seq snapshot': 7, 'seq kills': 4 });
    },
  );

  promise(
    'a spool numbers events from 1 without gaps, and never gives a number twice, also after reopen',
    async (stores, again) => {
      assert.deepEqual(await stores.spool.next(10), []);
      await Promise.all([stores.spool.add([event(1), event(2)], 100), stores.spool.add([event(3)], 100)]);
      const three = await stores.spool.next(10);
      assert.deepEqual(three, numbered(1, 3));
      assert.equal(await stores.spool.waiting(), 3);
      await stores.spool.remove(3);
      const { spool } = await again();
      assert.deepEqual(await spool.next(10), []);
      assert.equal(await spool.waiting(), 0);
      await spool.add([event(4)], 100);
      assert.deepEqual(await spool.next(10), numbered(4, 4));
    },
  );

  promise('a spool that is full lets the oldest go, and counts them over a reopen', async (stores, again) => {
    for (let n = 1; n <= 12; n++) await stores.spool.add([event(n)], 10);
    assert.deepEqual(await stores.spool.next(3), numbered(3, 5));
    const { spool } = await again();
    assert.equal(await spool.dropped(), 2);
    assert.deepEqual(await spool.add([event(13), event(14)], 10), { dropped: 2 });
    assert.equal(await spool.dropped(), 4);
    assert.equal(await spool.waiting(), 10);
  });

  promise(
    'events of a node are taken once by their numbers, also after reopen, and another epoch begins anew',
    async (stores, again) => {
      assert.deepEqual(await stores.traces.take('n', 'a', numbered(1, 3)), { before: 0 });
      assert.deepEqual(await stores.traces.take('n', 'a', numbered(2, 5)), { before: 3 });
      assert.equal(await stored(stores), 5);
      const reopened = await again();
      assert.deepEqual(await reopened.traces.take('n', 'a', numbered(1, 5)), { before: 5 });
      assert.deepEqual(await reopened.traces.take('other', 'a', numbered(6, 6)), { before: 0 });
      assert.deepEqual(await reopened.traces.take('n', 'b', [{ seq: 1, event: event(7) }]), { before: 0 });
      assert.equal(await stored(reopened), 7);
    },
  );

  promise(
    'a chain of a node is taken once and in order: what is there already changes nothing, also after reopen',
    async (stores, again) => {
      const chain = await chainOf(stores, 5);
      const head = (seq: number) => ({ tenant: 'default', seq, hash: chain[seq - 1]?.hash ?? GENESIS });
      assert.deepEqual(await stores.nodeAudit.append('n', 'default', chain.slice(0, 2)), { ...head(2), problem: null });
      assert.deepEqual(await stores.nodeAudit.append('n', 'default', chain.slice(0, 4)), { ...head(4), problem: null });
      const reopened = await again();
      assert.deepEqual(await reopened.nodeAudit.append('n', 'default', chain.slice(1, 3)), {
        ...head(4),
        problem: null,
      });
      assert.deepEqual(await reopened.nodeAudit.append('n', 'default', chain.slice(4)), { ...head(5), problem: null });
      assert.deepEqual(await reopened.nodeAudit.read('n', 'default', 1, 10), chain);
      assert.deepEqual(await reopened.nodeAudit.read('n', 'default', 4, 1), chain.slice(3, 4));
      assert.deepEqual(await reopened.nodeAudit.read('m', 'default', 1, 10), []);
    },
  );

  promise('a chain of a node has no gap and one past: whatever else comes is named and not kept', async (stores) => {
    const chain = await chainOf(stores, 4);
    const { nodeAudit } = stores;
    const problemOf = async (records: readonly AuditRecord[]) =>
      (await nodeAudit.append('n', 'default', records)).problem;
    assert.equal(await problemOf(chain.slice(1)), 'gap');
    assert.deepEqual(await nodeAudit.heads(null), []);
    assert.equal(await problemOf(chain.slice(0, 2)), null);
    assert.equal(await problemOf(chain.slice(3)), 'gap');
    assert.equal(await problemOf([{ ...chain[1]!, hash: 'f'.repeat(64) }]), 'fork');
    assert.equal(await problemOf([{ ...chain[2]!, prev: 'f'.repeat(64) }]), 'fork');
    assert.deepEqual(await nodeAudit.read('n', 'default', 1, 10), chain.slice(0, 2));
  });

  promise('chains of nodes are told apart by node and tenant, and listed for their owner', async (stores) => {
    const ours = await chainOf(stores, 1);
    const theirs = await chainOf(stores, 2, 'theirs');
    await stores.nodeAudit.append('n', 'default', ours);
    await stores.nodeAudit.append('n', 'default', theirs);
    await stores.nodeAudit.append('m', 'theirs', theirs);
    const short = (heads: Awaited<ReturnType<Stores['nodeAudit']['heads']>>) =>
      heads.map(({ node, tenant, seq }) => `${node} ${tenant} ${seq}`);
    assert.deepEqual(short(await stores.nodeAudit.heads(null)), ['m theirs 2', 'n default 1', 'n theirs 2']);
    assert.deepEqual(short(await stores.nodeAudit.heads('theirs')), ['m theirs 2']);
  });
};

export const keepingOpenersChecks = (promise: OpenersCheck): void => {
  promise('two openers: what a node sends to both is kept once', async (one, other) => {
    const chain = await chainOf(one, 20);
    for (let round = 0; round < 10; round++) {
      const [from, to] = [round * 2, round * 2 + 2];
      await Promise.all([
        one.nodeAudit.append('n', 'default', chain.slice(from, to)),
        other.nodeAudit.append('n', 'default', chain.slice(from, to)),
        one.traces.take('n', 'a', numbered(from + 1, to)),
        other.traces.take('n', 'a', numbered(from + 1, to)),
      ]);
    }
    assert.deepEqual(await one.nodeAudit.read('n', 'default', 1, 100), chain);
    assert.deepEqual(await other.nodeAudit.append('n', 'default', chain), {
      tenant: 'default',
      seq: 20,
      hash: chain.at(-1)!.hash,
      problem: null,
    });
    assert.equal(await stored(other), 20);
  });
};
