/** The audit and what its lines lead to: long chains are searched in bites, and of a revision and of breakers each sees what is theirs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditFilter, AuditRecord, BreakerView, RevisionChange } from '../../contract/index.ts';
import type { AuditPort } from './ports.ts';
import { type Served, served } from './testing/served.ts';

const record = (seq: number): AuditRecord => ({
  ...{ tenant: 'default', atMs: seq, kind: 'k', actor: 'user/ada', object: 'o', callId: '', details: {} },
  ...{ seq, prev: '', hash: '' },
});

/** A chain of so many records of which each 30,000th fits. */
const auditOf = (length: number, asked: AuditFilter[]): AuditPort => ({
  search: async (filter) => {
    asked.push(filter);
    const { beforeSeq = 0, fromSeq = 1, limit } = filter;
    return Array.from({ length }, (_, at) => length - at)
      .filter((seq) => seq < beforeSeq && seq >= fromSeq && seq % 30_000 === 0)
      .slice(0, limit)
      .map(record);
  },
  read: async (_, from) => [record(from)],
  head: async (tenant) => ({ tenant, seq: length, hash: '', publicKey: '' }),
  verification: () => ({ running: null, last: null }),
  verify: async () => ({ running: null, last: null }),
  nodes: { read: async () => [], heads: async () => [] },
});

interface Page {
  readonly items: readonly AuditRecord[];
  readonly before: number | null;
}

const pageOf = async (door: Served, query: string): Promise<Page> =>
  (await (await door.get(`/v1/audit?${query}`, 'auditor')).json()) as Page;

test('a question about a long chain looks at a part of it and says where to go on, until nothing older can fit', async () => {
  const asked: AuditFilter[] = [];
  await using door = await served({ audit: auditOf(100_000, asked) });
  const found: number[] = [];
  let before: number | null = 100_001;
  while (before !== null) {
    const page: Page = await pageOf(door, `object=o&before=${before}`);
    found.push(...page.items.map(({ seq }) => seq));
    before = page.before;
  }
  assert.deepEqual(found, [90_000, 60_000, 30_000]);
  assert.equal(asked.length, 5);
  assert.ok(asked.every(({ beforeSeq = 0, fromSeq = 0 }) => beforeSeq - fromSeq <= 20_000));
  const first = await pageOf(door, 'limit=1');
  assert.deepEqual([first.items[0]?.seq, first.before], [90_000, 90_000], 'a full page goes on behind its last record');
  asked.length = 0;
  const old = await pageOf(door, 'until=35000');
  assert.deepEqual([old.items[0]?.seq, asked[0]?.beforeSeq], [30_000, 36_000], 'it begins near that time');
  const young = await pageOf(door, 'since=85000');
  assert.equal(young.before, null, 'what comes before was written before');
  assert.equal((await door.get('/v1/audit?before=0', 'auditor')).status, 400);
});

test('a verification is asked for by whom it says, about a chain of the tenant', async () => {
  await using door = await served();
  const { status } = await door.post('/v1/audit:verify', 'auditor', { node: 'n1' });
  assert.equal(status, 202);
  assert.deepEqual(door.asked, [
    { verify: { tenant: 'default', by: 'user/udo', chain: { node: 'n1', tenant: 'default' } } },
  ]);
  assert.deepEqual(await (await door.get('/v1/audit/verification', 'auditor')).json(), { running: null, last: null });
});

test('of a revision everybody sees what is theirs', async () => {
  const change = (key: string, domain: string): RevisionChange => {
    const [tenant, kind, name] = key.split('/');
    const after = { kind, metadata: { tenant, name, domain } } as unknown as NonNullable<RevisionChange['after']>;
    return { key, change: 'create', before: null, after, paths: [], fromVersion: null, toVersion: 1 };
  };
  const there = [
    change('default/Agent/orders', 'operations'),
    change('default/Agent/kb', ''),
    change('acme/Agent/x', 'operations'),
  ];
  await using plain = await served();
  await using door = await served({ control: { ...CONTROL, changes: async () => there } });
  const seen = async (key: string): Promise<readonly string[]> => {
    const { items } = (await (await door.get('/v1/revisions/3', key)).json()) as { items: RevisionChange[] };
    return items.map(({ key: name }) => name);
  };
  assert.deepEqual(await seen('viewer'), ['default/Agent/orders', 'default/Agent/kb']);
  assert.deepEqual(await seen('steward'), ['default/Agent/orders']);
  assert.deepEqual(await seen('foreign'), ['acme/Agent/x']);
  await plain.get('/v1/revisions/3', 'viewer');
  assert.deepEqual(plain.asked, [{ changes: 3 }]);
});

const never = async (): Promise<never> => {
  throw new Error('nobody should ask this');
};
const CONTROL = {
  apply: never,
  diff: never,
  list: never,
  remove: never,
  history: never,
  changes: never,
  rollback: never,
};

test('of breakers each sees those of their domain, whichever node has them', async () => {
  const breaker = (target: string, domain: string, node: string): BreakerView => ({
    ...{ target, domain, node, endpoint: `${target}@1`, state: 'open', changes: [] },
  });
  const asked: string[] = [];
  const list = (tenant: string): readonly BreakerView[] => {
    asked.push(tenant);
    return [breaker('agent/kb', '', 'hub-1'), breaker('agent/orders', 'operations', 'hub-2/sidecar-1')];
  };
  await using door = await served({ breakers: { list, force: never } });
  const seen = async (key: string): Promise<readonly string[]> => {
    const { items } = (await (await door.get('/v1/breakers', key)).json()) as { items: BreakerView[] };
    return items.map(({ target, node }) => `${target} ${node}`);
  };
  assert.deepEqual(await seen('viewer'), ['agent/kb hub-1', 'agent/orders hub-2/sidecar-1']);
  assert.deepEqual(await seen('steward'), ['agent/orders hub-2/sidecar-1']);
  assert.deepEqual(asked, ['default', 'default']);
});

test('who holds a breaker says why, and for a day at most', async () => {
  await using door = await served();
  const status = async (body: object): Promise<number> =>
    (await door.post('/v1/breakers:force', 'operator', { endpoint: 'a@b', mode: 'open', reason: 'x', ...body })).status;
  for (const wrong of [
    { endpoint: '' },
    { endpoint: 'a b' },
    { endpoint: 'a\u0007' },
    { endpoint: 'x'.repeat(256) },
    { mode: 'half_open' },
    { reason: ' ' },
    { reason: 'x'.repeat(501) },
    { forMs: 0 },
    { forMs: 86_400_001 },
    { forMs: 1_000.5 },
    { node: '' },
    { by: 'user/eve' },
  ])
    assert.equal(await status(wrong), 400, JSON.stringify(wrong));
  assert.deepEqual(door.asked, []);
  assert.equal(await status({ forMs: 86_400_000, node: 'hub-2/sidecar-1' }), 200);
  assert.equal(await status({}), 200);
  assert.deepEqual(
    door.asked.map((one) => (one as { request: object }).request),
    [
      { endpoint: 'a@b', mode: 'open', reason: 'x', forMs: 86_400_000, node: 'hub-2/sidecar-1' },
      { endpoint: 'a@b', mode: 'open', reason: 'x', forMs: 600_000 },
    ],
  );
});
