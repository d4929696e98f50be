import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type AuditRecord, auditText } from '../contract/index.ts';
import { memoryStores } from '../stores/index.ts';
import { ChainVerifier, type Checkpoint, type Finding } from './index.ts';

const chainOf = async (count: number): Promise<readonly AuditRecord[]> => {
  const { audit } = memoryStores();
  for (let n = 1; n <= count; n++)
    await audit.append([
      { tenant: 't', atMs: n, kind: 'call.sent', actor: 'agent/a', object: 'agent/b/c', callId: '', details: { n } },
    ]);
  return audit.read('t', 1, count);
};

const checkpoint = ({ seq, hash }: AuditRecord): Checkpoint => ({ tenant: 't', seq, hash, atMs: 1_000, node: 'hub-1' });

const verdict = (records: readonly AuditRecord[], checkpoints: readonly Checkpoint[] = []): string => {
  const verifier = new ChainVerifier('t', checkpoints);
  let found: Finding | undefined;
  for (const record of records) {
    found = verifier.take(record);
    if (found !== undefined) return `${found.what} at ${found.seq}`;
  }
  found = verifier.finish();
  return found === undefined ? `fine to ${verifier.verified.records}` : `${found.what} at ${found.seq}`;
};

/** Writes the chain anew from a record on, with all hashes right: what somebody with the disk can do. */
const rewritten = (records: readonly AuditRecord[], from: number, change: Partial<AuditRecord>): AuditRecord[] => {
  const anew = records.slice(0, from - 1);
  for (const record of records.slice(from - 1)) {
    const { seq, prev: _, hash: __, ...entry } = record.seq === from ? { ...record, ...change } : record;
    const prev = anew.at(-1)!.hash;
    anew.push({
      ...entry,
      seq,
      prev,
      hash: createHash('sha256')
        .update(auditText(entry, seq, prev))
        .digest('hex'),
    });
  }
  return anew;
};

test('seven ways to tamper with a chain, each named with its place', async () => {
  const records = await chainOf(20);
  const outside = [records[9]!, records[19]!].map(checkpoint);
  const at = (seq: number): AuditRecord => records[seq - 1]!;
  const without = (...seqs: number[]) => records.filter(({ seq }) => !seqs.includes(seq));
  assert.equal(verdict(records, outside), 'fine to 20');
  for (const [what, tampered, expected] of [
    ['a flipped byte', records.with(6, { ...at(7), actor: 'agent/A' }), 'changed at 7'],
    ['a deleted record', without(7), 'missing at 7'],
    ['two swapped', records.with(6, at(8)).with(7, at(7)), 'missing at 7'],
    ['one repeated', [...records.slice(0, 7), at(7), ...records.slice(7)], 'repeated at 7'],
    ['a cut tail', records.slice(0, 15), 'cut at 16'],
    ['a fork', rewritten(records, 12, { actor: 'nobody' }), 'rewritten at 11'],
    ['an old backup that went on', rewritten(records.slice(0, 18), 16, { atMs: 99 }), 'cut at 19'],
  ] as const)
    assert.equal(verdict(tampered, outside), expected, what);
});

test('a chain alone shows what was changed inside, and not that its end is gone', async () => {
  const records = await chainOf(10);
  assert.equal(verdict(records.slice(0, 7)), 'fine to 7');
  assert.equal(verdict(rewritten(records, 5, { actor: 'nobody' })), 'fine to 10');
  assert.equal(verdict(records.with(4, { ...records[4]!, prev: records[2]!.hash })), 'spliced at 5');
});

test('every field of a record is covered', async () => {
  const records = await chainOf(3);
  const changes: Partial<AuditRecord>[] = [
    { atMs: 9 },
    { kind: 'x' },
    { actor: 'x' },
    { object: 'x' },
    { callId: 'x' },
    { details: { n: 3 } },
    { details: {} },
    { details: { n: '2' } },
    { hash: records[0]!.hash },
  ];
  for (const change of changes)
    assert.equal(verdict(records.with(1, { ...records[1]!, ...change })), 'changed at 2', JSON.stringify(change));
  assert.equal(verdict(records.with(1, { ...records[1]!, tenant: 'other' })), 'spliced at 2');
});
