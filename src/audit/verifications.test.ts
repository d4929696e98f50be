/** The chain is read again by the node itself: what came out is said, and what was touched is named. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type AuditHead, type AuditRecord, auditText, GENESIS } from '../contract/index.ts';
import { type Chain, Verifications } from './verifications.ts';

const chainOf = (count: number): readonly AuditRecord[] => {
  const records: AuditRecord[] = [];
  for (let seq = 1; seq <= count; seq++) {
    const entry = { tenant: 't', atMs: seq, kind: 'k', actor: 'user/ada', object: 'o', callId: '', details: {} };
    const prev = records.at(-1)?.hash ?? GENESIS;
    records.push({
      ...entry,
      seq,
      prev,
      hash: createHash('sha256')
        .update(auditText(entry, seq, prev))
        .digest('hex'),
    });
  }
  return records;
};

const over = (records: readonly AuditRecord[], head: Pick<AuditHead, 'seq' | 'hash'>, id = 't'): Chain => ({
  ...{ id, tenant: 't', head: async () => head },
  read: async (from, limit) => records.filter(({ seq }) => seq >= from).slice(0, limit),
});
const headOf = (records: readonly AuditRecord[]) => ({
  seq: records.length,
  hash: records.at(-1)?.hash ?? GENESIS,
});

let turns = 0;
const still = {
  ...{ nowMs: () => 7, wallMs: () => 1_000.5 },
  after: (_: number, run: () => void) => {
    turns++;
    queueMicrotask(run);
    return { cancel: () => {} };
  },
};

const lastOf = async (chain: Chain) => {
  const verifications = new Verifications(still);
  verifications.start(chain, 'user/udo');
  await verifications.settled();
  return verifications.view(chain.id).last;
};

test('a chain that is well is read to its head, whatever its length, and nobody has looked before somebody asks', async () => {
  for (const count of [0, 1, 500, 1_001]) {
    const records = chainOf(count);
    assert.deepEqual(await lastOf(over(records, headOf(records))), {
      ...{
        by: 'user/udo',
        atMs: 1_000,
        tookMs: 0,
        records: count,
        hash: headOf(records).hash,
        finding: null,
        problem: '',
      },
    });
  }
  assert.ok(turns >= 4, 'calls have their turn after each page');
  assert.deepEqual(new Verifications(still).view('t'), { running: null, last: null });
});

test('what was touched is named at its place', async () => {
  const records = chainOf(700);
  const touched = (change: (record: AuditRecord) => AuditRecord): readonly AuditRecord[] =>
    records.map((record) => (record.seq === 600 ? change(record) : record));
  const cases: readonly (readonly [string, readonly AuditRecord[], string, number])[] = [
    ['changed', touched((record) => ({ ...record, actor: 'user/eve' })), 'changed', 600],
    ['taken out', records.filter(({ seq }) => seq !== 600), 'missing', 600],
    ['cut', records.slice(0, 650), 'cut', 651],
    ['written anew', chainOf(700).map((record) => ({ ...record })), 'rewritten', 700],
  ];
  for (const [name, found, what, seq] of cases) {
    const head = name === 'written anew' ? { seq: 700, hash: 'f'.repeat(64) } : headOf(records);
    const last = await lastOf(over(found, head));
    assert.deepEqual([last?.finding?.what, last?.finding?.seq], [what, seq], name);
  }
});

test('a store that cannot be read is no finding, and what is being read is not begun again', async () => {
  const broken: Chain = {
    ...over([], { seq: 3, hash: '' }),
    read: () => Promise.reject(new Error('the disk is gone')),
  };
  const last = await lastOf(broken);
  assert.deepEqual([last?.finding, last?.problem, last?.records], [null, 'the disk is gone', 0]);
  const records = chainOf(3);
  let heads = 0;
  const verifications = new Verifications(still);
  const counted: Chain = {
    ...over(records, headOf(records)),
    head: async () => {
      heads++;
      return headOf(records);
    },
  };
  verifications.start(counted, 'user/udo');
  verifications.start(counted, 'user/eve');
  assert.equal(verifications.view('t').running?.by, 'user/udo');
  await verifications.settled();
  assert.equal(heads, 1);
  verifications.start(counted, 'user/eve');
  await verifications.settled();
  assert.equal(verifications.view('t').last?.by, 'user/eve');
});
