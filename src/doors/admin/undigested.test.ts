import assert from 'node:assert/strict';
import { test } from 'node:test';
import { API_VERSION, type Resource, type ResourceDiff, type RevisionChange } from '../../contract/index.ts';
import { served } from './testing/served.ts';

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;

const key = (digit: string): Resource => ({
  ...{ apiVersion: API_VERSION, kind: 'Key', metadata: { name: 'orders-1', tenant: 'default', labels: {} } },
  spec: { principal: { kind: 'agent', name: 'orders' }, secretHash: digest(digit) },
});

const diffs: readonly ResourceDiff[] = [
  { key: 'default/Key/orders-1', change: 'update', before: key('a'), after: key('b'), paths: ['spec.secretHash'] },
  { key: 'default/Key/orders-2', change: 'create', before: null, after: key('c'), paths: [] },
  { key: 'default/Key/orders-3', change: 'delete', before: key('d'), after: null, paths: [] },
  { key: 'default/Key/orders-4', change: 'none', before: key('e'), after: key('e'), paths: [] },
];

const result = { revision: 4, snapshotSeq: 7, diffs, warnings: [] };

const door = () =>
  served({
    control: {
      apply: async () => result,
      diff: async () => diffs,
      list: async () => [{ resource: key('a'), version: 1, revision: 1 }],
      remove: async () => result,
      history: async () => [],
      changes: async () => diffs.map((diff): RevisionChange => ({ ...diff, fromVersion: 1, toVersion: 2 })),
      rollback: async () => result,
    },
  });

type Seen = { readonly spec: { readonly secretHash?: string } } | null;

test('no route shows a digest of a secret, not even to an administrator', async () => {
  await using open = await door();
  const bodies = { resources: [{}], ids: [{ kind: 'Key', name: 'orders-1' }] };
  const answers = await Promise.all([
    open.get('/v1/resources', 'admin'),
    open.get('/v1/revisions/2', 'admin'),
    open.post('/v1/resources:diff', 'admin', { resources: bodies.resources }),
    open.post('/v1/resources:apply', 'admin', { resources: bodies.resources }),
    open.post('/v1/resources:delete', 'admin', { ids: bodies.ids }),
    open.post('/v1/revisions/2:rollback', 'admin', {}),
  ]);
  for (const answer of answers) {
    assert.equal(answer.status, 200, answer.url);
    const text = await answer.text();
    assert.match(text, /"orders-1"/, answer.url);
    assert.doesNotMatch(text, /sha256/, answer.url);
  }
});

test('that a secret became another one is said without either', async () => {
  await using open = await door();
  const { items } = (await (await open.get('/v1/revisions/2', 'viewer')).json()) as {
    items: { before: Seen; after: Seen }[];
  };
  const digests = items.map(({ before, after }) => [before?.spec.secretHash, after?.spec.secretHash]);
  assert.deepEqual(digests, [
    ['set', 'changed'],
    [undefined, undefined],
    [undefined, undefined],
    [undefined, undefined],
  ]);
});
