/** `airspace audit show` against the real admin door on loopback, with records that were touched. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type AuditRecord, auditText, GENESIS } from '../contract/index.ts';
import { served } from '../doors/admin/testing/served.ts';
import { line } from './testing/line.ts';

const record = (seq: number, prev: string, given: Partial<AuditRecord> = {}): AuditRecord => {
  const entry = {
    ...{ tenant: 'default', atMs: 1_000 * seq, kind: 'call.refused', actor: 'agent/clerk', object: 'agent/bank/pay' },
    ...{ callId: 'b'.repeat(32), details: { code: 'denied', rules: ['org/no'] }, ...given },
  };
  return {
    ...entry,
    seq,
    prev,
    hash: createHash('sha256')
      .update(auditText(entry, seq, prev))
      .digest('hex'),
  };
};

const CHAIN = [record(1, GENESIS)];
for (const seq of [2, 3, 4]) CHAIN.push(record(seq, CHAIN.at(-1)!.hash));

const showing = async (records: readonly AuditRecord[], ...argv: string[]) => {
  await using door = await served({
    audit: {
      read: async (_: string, from: number, limit: number) => records.filter(({ seq }) => seq >= from).slice(0, limit),
      nodes: {
        read: async (_: string, chain: { node: string }, from: number, limit: number) =>
          records
            .filter(({ seq }) => seq >= from)
            .slice(0, limit)
            .map((one) => ({ ...one, object: `of ${chain.node}` })),
      },
    } as never,
  });
  return await line(['audit', 'show', ...argv, '--url', door.url, '--key', 'operator']);
};

test('a record is shown whole, with what it hangs on', async () => {
  const { exit, stdout } = await showing(CHAIN, '3');
  assert.equal(exit, 0);
  assert.match(stdout, /^record 3\n {2}time {5}1970-01-01T00:00:03.000Z\n {2}kind {5}call\.refused\n/);
  assert.match(stdout, /details\n {2}code: "denied"\n {2}rules\[0\]: "org\/no"\n/);
  assert.match(stdout, /\nok {4}it fits its hash and record 2 before it; airspace audit verify looks at all\n$/);
  assert.match((await showing(CHAIN, '1')).stdout, /it fits its hash, and is the first/);
  const { record: found, ok } = JSON.parse((await showing(CHAIN, '4', '-o', 'json')).stdout) as {
    record: AuditRecord;
    ok: boolean;
  };
  assert.deepEqual([found, ok], [CHAIN[3], true]);
});

test('one that was touched, or hangs on nothing, is bad, in whatever format', async () => {
  const touched = CHAIN.map((one) => (one.seq === 3 ? { ...one, actor: 'agent/nobody' } : one));
  const without = CHAIN.filter(({ seq }) => seq !== 2);
  const other = CHAIN.map((one) => (one.seq === 2 ? record(2, GENESIS, { actor: 'agent/other' }) : one));
  for (const [records, said] of [
    [touched, /changed/],
    [without, /missing/],
    [other, /\w/],
  ] as const) {
    const text = await showing(records, '3');
    assert.equal(text.exit, 1, text.stdout);
    assert.match(text.stdout.trimEnd().split('\n').at(-1)!, /^BAD {3}/);
    assert.match(text.stdout, said);
    const json = await showing(records, '3', '-o', 'json');
    assert.deepEqual([json.exit, (JSON.parse(json.stdout) as { ok: boolean }).ok], [1, false]);
  }
});

test('the chain of a node is another one, and what is no record is named', async () => {
  assert.match((await showing(CHAIN, '3', '--node', 'sc-a')).stdout, /what {5}of sc-a/);
  const none = await showing(CHAIN, '9');
  assert.equal(none.exit, 4);
  assert.match(none.stderr, /there is no record 9 here\n {2}try: airspace audit ls/);
  for (const word of ['0', 'x', '1e3', '9'.repeat(16)]) assert.equal((await showing(CHAIN, word)).exit, 2, word);
});

test('details of strangers draw nothing', async () => {
  const bad = '\u001b[2J\u202e\r\nok    forged';
  const hostile = record(1, GENESIS, { details: { [bad]: bad }, actor: bad, object: bad });
  const { stdout } = await showing([hostile], '1');
  for (const char of ['\u001b', '\u202e', '\r']) assert.ok(!stdout.includes(char));
  assert.equal(stdout.split('\n').filter((one) => one.startsWith('ok ')).length, 1);
});
