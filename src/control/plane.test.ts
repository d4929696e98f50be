import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ApplyRequest, Fault, type Snapshot, WHOLE_TENANT } from '../contract/index.ts';
import { VirtualWorld } from '../kernel/index.ts';
import { memoryStores } from '../stores/index.ts';
import type { CompilePolicy } from './compile.ts';
import { agent, bundle, domain, faultOf, key, NO_POLICY, route, user } from './fixture.ts';
import { ControlPlane } from './plane.ts';

const bench = (compilePolicy: CompilePolicy = async () => NO_POLICY) => {
  const { resources, nodes } = memoryStores();
  const published: Snapshot[] = [];
  const parts = {
    resources,
    nodes,
    compilePolicy,
    clock: new VirtualWorld(1).clock,
    publish: (snapshot: Snapshot) => void published.push(snapshot),
  };
  return { resources, published, parts, plane: new ControlPlane(parts) };
};

const wish = (resources: readonly unknown[], more: Partial<ApplyRequest> = {}): ApplyRequest => ({
  tenant: 'default',
  resources,
  origins: resources.map((_, at) => `f.yaml:${at + 1}`),
  by: 'ada',
  rights: WHOLE_TENANT,
  reason: 'test',
  dryRun: false,
  prune: false,
  ...more,
});
const changes = (diffs: readonly { readonly key: string; readonly change: string }[]): Record<string, string> =>
  Object.fromEntries(diffs.map(({ key: name, change }) => [name, change]));

test('what is applied is committed, compiled and published once', async () => {
  const { plane, published } = bench();
  const result = await plane.apply(wish([domain('d'), agent('a', { domain: 'd' })]));
  assert.deepEqual([result.revision, result.snapshotSeq, result.warnings], [1, 1, []]);
  assert.deepEqual(changes(result.diffs), { 'default/Agent/a': 'create', 'default/Domain/d': 'create' });
  assert.equal(published.length, 1);
  assert.deepEqual([published[0]!.seq, published[0]!.revision, published[0]!.targets[0]!.domain], [1, 1, 'd']);
});

test('what policy has to remark is a warning for the tenants that change, and for nobody else', async () => {
  const { parts } = bench();
  const plane = new ControlPlane({ ...parts, remarksOn: (_, tenant) => [`${tenant}: slow`] });
  assert.deepEqual((await plane.apply(wish([domain('d')]))).warnings, ['default: slow']);
  assert.deepEqual((await plane.apply(wish([domain('d')]))).warnings, []);
});

test('applying the same again changes nothing: no revision, no snapshot, no version', async () => {
  const { plane, published } = bench();
  await plane.apply(wish([agent('a'), agent('b')]));
  const again = await plane.apply(wish([agent('b', { labels: {} }), agent('a')]));
  assert.deepEqual([again.revision, again.snapshotSeq], [1, 1]);
  assert.deepEqual(changes(again.diffs), { 'default/Agent/a': 'none', 'default/Agent/b': 'none' });
  assert.equal(published.length, 1);
});

test('only what differs gets a new version, and the diff names the fields', async () => {
  const { plane } = bench();
  const endpoints = (weight: number) => ({ endpoints: [{ url: 'http://h:1' }, { url: 'http://h:2', weight }] });
  await plane.apply(wish([agent('a', {}, endpoints(1)), agent('b')]));
  const request = wish([agent('a', { labels: { tier: 'gold' } }, endpoints(2)), agent('b')]);
  const diffs = await plane.diff(request);
  assert.deepEqual(diffs[0]!.paths, ['metadata.labels.tier', 'spec.endpoints[1].weight']);
  await plane.apply(request);
  const stored = await plane.list({ tenant: 'default' });
  assert.deepEqual(
    stored.map(({ resource, version }) => [resource.metadata.name, version]),
    [
      ['a', 2],
      ['b', 1],
    ],
  );
});

test('afterwards a revision still says what it changed, from which version to which', async () => {
  const { plane } = bench();
  await plane.apply(wish([agent('a'), agent('b')]));
  await plane.apply(wish([agent('a', { labels: { tier: 'gold' } })], { prune: true }));
  const seen = async (revision: number) =>
    (await plane.changes(revision)).map((one) => [one.key, one.change, one.paths, one.fromVersion, one.toVersion]);
  assert.deepEqual(await seen(2), [
    ['default/Agent/a', 'update', ['metadata.labels.tier'], 1, 2],
    ['default/Agent/b', 'delete', [], 1, null],
  ]);
  assert.deepEqual(
    (await seen(1)).map(([key, change, , from, to]) => [key, change, from, to]),
    [
      ['default/Agent/a', 'create', null, 1],
      ['default/Agent/b', 'create', null, 1],
    ],
  );
  assert.deepEqual(await seen(0), []);
  assert.equal((await faultOf(plane.changes(9))).code, 'not_found');
});

test('one bad resource keeps all of them out, and every problem is told', async () => {
  const { plane, published } = bench();
  const fault = await faultOf(plane.apply(wish([agent('good'), agent('Bad'), agent('good'), { kind: 'Agnet' }])));
  assert.equal(fault.code, 'bad_request');
  assert.equal((fault.facts['problems'] as readonly string[]).length, 3);
  assert.match(fault.message, /^f\.yaml:2: Agent `Bad`: .* \(and 2 more problems\)$/);
  assert.deepEqual(await plane.list({ tenant: null }), []);
  assert.equal(published.length, 0);
});

test('a policy that does not compile is never committed', async () => {
  const { plane, published } = bench(async () => {
    throw new Fault('bad_request', 'org.cedar:3:1: unexpected token', {
      facts: { problems: ['org.cedar:3:1: unexpected token'] },
    });
  });
  const fault = await faultOf(plane.apply(wish([bundle('p', 'org')])));
  assert.equal(fault.message, 'org.cedar:3:1: unexpected token');
  assert.deepEqual([await plane.list({ tenant: null }), published], [[], []]);
});

test('a dry run says all that a real one would, and leaves nothing behind', async () => {
  const { plane, published, resources } = bench();
  await plane.apply(wish([agent('a')]));
  const dry = await plane.apply(wish([agent('b'), route('r', { name: 'nobody' })], { dryRun: true, prune: true }));
  assert.deepEqual(changes(dry.diffs), {
    'default/Agent/a': 'delete',
    'default/Agent/b': 'create',
    'default/Route/r': 'create',
  });
  assert.deepEqual([dry.revision, dry.snapshotSeq, dry.warnings.length], [1, 1, 1]);
  await faultOf(plane.apply(wish([agent('Bad')], { dryRun: true })));
  assert.equal((await resources.list()).revision, 1);
  assert.equal(published.length, 1);
});

test('pruning stays inside the tenant of its author', async () => {
  const { plane } = bench();
  await plane.apply(wish([agent('a')], { tenant: 'acme' }));
  await plane.apply(wish([agent('a'), agent('b')]));
  await plane.apply(wish([agent('b')], { prune: true }));
  const left = (await plane.list({ tenant: null })).map(
    ({ resource }) => `${resource.metadata.tenant}/${resource.metadata.name}`,
  );
  assert.deepEqual(left, ['acme/a', 'default/b']);
});

test('what others refer to cannot be pruned or removed from under them', async () => {
  const { plane } = bench();
  await plane.apply(wish([user('ada'), key('k', { kind: 'user', name: 'ada' })]));
  const fault = await faultOf(
    plane.remove([{ tenant: 'default', kind: 'User', name: 'ada' }], 'ada', '', false, WHOLE_TENANT),
  );
  assert.match(
    fault.message,
    /^default\/Key\/k: Key `k`: `spec\.principal\.name` names the User `ada`, which does not exist/,
  );
  const none = await faultOf(
    plane.remove([{ tenant: 'default', kind: 'User', name: 'bob' }], 'ada', '', false, WHOLE_TENANT),
  );
  assert.deepEqual([none.code, none.message], ['not_found', 'there is no `default/User/bob`']);
});

test('conditions on revision and versions hold, also on a dry run', async () => {
  const { plane } = bench();
  await plane.apply(wish([agent('a')]));
  for (const dryRun of [true, false]) {
    const stale = await faultOf(plane.apply(wish([agent('b')], { ifRevision: 0, dryRun })));
    assert.deepEqual([stale.code, stale.facts['expected'], stale.facts['actual']], ['conflict', 0, 1]);
    const taken = await faultOf(plane.apply(wish([agent('a')], { ifVersions: { 'default/Agent/a': 0 }, dryRun })));
    assert.equal(taken.message, '`default/Agent/a` is at version 1, not 0; look again and apply on top of it');
  }
  assert.equal(
    (await plane.apply(wish([agent('b')], { ifRevision: 1, ifVersions: { 'default/Agent/b': 0 } }))).revision,
    2,
  );
});

test('of two at once on the same revision one wins and one hears of a conflict', async () => {
  const { plane } = bench();
  const both = await Promise.allSettled([
    plane.apply(wish([agent('a')], { ifRevision: 0 })),
    plane.apply(wish([agent('b')], { ifRevision: 0 })),
  ]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['fulfilled', 'rejected'],
  );
});

test('many at once without conditions are all kept, one after the other', async () => {
  const { plane, published } = bench();
  await Promise.all(Array.from({ length: 20 }, (_, at) => plane.apply(wish([agent(`a${at}`)]))));
  assert.equal((await plane.list({ tenant: 'default' })).length, 20);
  assert.deepEqual(
    published.map(({ seq, revision }) => [seq, revision]),
    Array.from({ length: 20 }, (_, at) => [at + 1, at + 1]),
  );
});

test('two replicas over one store lose nothing and never publish an old configuration under a new number', async () => {
  const { plane, parts, published } = bench();
  const other = new ControlPlane(parts);
  await Promise.all(
    Array.from({ length: 6 }, (_, at) => (at % 2 === 0 ? plane : other).apply(wish([agent(`a${at}`)]))),
  );
  assert.equal((await plane.list({ tenant: 'default' })).length, 6);
  const bySeq = [...published].sort((a, b) => a.seq - b.seq);
  assert.deepEqual(
    bySeq.map(({ revision }) => revision),
    [1, 2, 3, 4, 5, 6],
  );
  assert.deepEqual(
    bySeq.map(({ targets }) => targets.length),
    [1, 2, 3, 4, 5, 6],
  );
  assert.equal((await plane.refresh()).revision, 6);
});

test('a rollback is a new revision and a higher number with the old content', async () => {
  const { plane, published } = bench();
  await plane.apply(wish([agent('a')]));
  await plane.apply(wish([agent('a', { labels: { x: 'y' } }), agent('b')]));
  const result = await plane.rollback(1, 'ada', 'b was a mistake', false, WHOLE_TENANT);
  assert.deepEqual([result.revision, result.snapshotSeq], [3, 3]);
  assert.deepEqual(changes(result.diffs), { 'default/Agent/a': 'update', 'default/Agent/b': 'delete' });
  assert.equal((await plane.history(1))[0]!.rollbackOf, 1);
  assert.deepEqual(
    published[2]!.targets.map(({ name, labels }) => [name, labels]),
    [['a', {}]],
  );
  assert.equal((await plane.rollback(1, 'ada', 'again', false, WHOLE_TENANT)).revision, 3);
  assert.equal((await faultOf(plane.rollback(9, 'ada', '', false, WHOLE_TENANT))).code, 'not_found');
});

test('a rollback that brings a deleted key back says so', async () => {
  const { plane } = bench();
  await plane.apply(wish([user('ada'), key('k', { kind: 'user', name: 'ada' })]));
  await plane.remove([{ tenant: 'default', kind: 'Key', name: 'k' }], 'ada', 'leaked', false, WHOLE_TENANT);
  const dry = await plane.rollback(1, 'ada', '', true, WHOLE_TENANT);
  assert.deepEqual(dry.warnings, [
    '`default/Key/k` was deleted since and works again now; remove it if it was revoked',
  ]);
});

test('keys know domain and roles of whom they stand for', async () => {
  const { plane, published } = bench();
  await plane.apply(
    wish([
      domain('d'),
      agent('a', { domain: 'd' }),
      user('ada', ['approver']),
      key('k1', { kind: 'agent', name: 'a' }),
      key('k2', { kind: 'user', name: 'ada' }, { expiresAt: '2030-01-01T00:00:00Z' }),
    ]),
  );
  const [one, two] = published[0]!.keys;
  assert.deepEqual(one!.principal, { kind: 'agent', name: 'a', domain: 'd', roles: [] });
  assert.deepEqual(two!.principal, { kind: 'user', name: 'ada', domain: '', roles: ['approver'] });
  assert.equal(two!.expiresAtMs, Date.parse('2030-01-01T00:00:00Z'));
});

test('a restart publishes what is stored under a higher number, and once', async () => {
  const { parts, published, plane } = bench();
  await plane.apply(wish([agent('a')]));
  const restarted = new ControlPlane(parts);
  const snapshot = await restarted.refresh();
  assert.deepEqual([snapshot.seq, snapshot.revision], [2, 1]);
  await restarted.refresh();
  assert.equal(published.length, 2);
});

test('whatever is applied, rolled back or removed: numbers only rise and the diff tells the truth', async () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const step = fc.oneof(
    fc.record({ apply: fc.uniqueArray(name), prune: fc.boolean(), timeoutMs: fc.constantFrom(1, 2) }),
    fc.record({ rollback: fc.nat(5) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const { plane, published, resources } = bench();
      for (const one of steps) {
        const before = await resources.list();
        const result =
          'apply' in one
            ? await plane.apply(
                wish(
                  one.apply.map((each) => agent(each, {}, { timeoutMs: one.timeoutMs })),
                  { prune: one.prune },
                ),
              )
            : await plane.rollback(Math.min(one.rollback, before.revision), 'x', '', false, WHOLE_TENANT);
        const changed = result.diffs.some(({ change }) => change !== 'none');
        assert.equal((await resources.list()).revision, before.revision + (changed ? 1 : 0));
      }
      published.forEach((snapshot, at) => {
        assert.equal(snapshot.seq, at + 1);
      });
    }),
    { numRuns: 60 },
  );
});

test('the answer to an apply counts what was asked for, not everything that there is', async () => {
  const { plane } = bench();
  await plane.apply(wish([agent('a'), agent('b'), agent('c')]));
  const { diffs } = await plane.apply(wish([agent('b'), agent('d')]));
  assert.deepEqual(changes(diffs), { 'default/Agent/b': 'none', 'default/Agent/d': 'create' });
  const pruned = await plane.apply(wish([agent('d')], { prune: true }));
  assert.deepEqual(changes(pruned.diffs), {
    'default/Agent/a': 'delete',
    'default/Agent/b': 'delete',
    'default/Agent/c': 'delete',
    'default/Agent/d': 'none',
  });
});

test('what another hub committed is published once it is followed, and following what is out publishes nothing', async () => {
  const { plane, parts } = bench();
  const seen: Snapshot[] = [];
  const other = new ControlPlane({ ...parts, publish: (snapshot) => void seen.push(snapshot) });
  await other.refresh();
  await plane.apply(wish([agent('a')]));
  await other.follow();
  assert.deepEqual(
    seen.map(({ revision, targets }) => [revision, targets.length]),
    [
      [0, 0],
      [1, 1],
    ],
  );
  assert.ok(seen[1]!.seq > plane.snapshot!.seq);
  await other.follow();
  assert.equal(seen.length, 2);
});

test('a release that is tried again in the same way is another trial, and hubs that follow say so too', async () => {
  const { parts } = bench();
  const candidate = { tenant: 'default', release: 'r', mode: 'canary', percent: 5, policy: NO_POLICY } as const;
  let sinceMs = 1;
  const trials = { candidates: async () => [{ ...candidate, sinceMs }], published: async () => {} };
  const plane = new ControlPlane({ ...parts, trials });
  await plane.refresh();
  sinceMs = 2;
  await plane.follow();
  assert.deepEqual(
    plane.snapshot!.candidates!.map((one) => one.sinceMs),
    [2],
  );
});

test('a key that is applied without its digest keeps the secret that it has', async () => {
  const { plane, published } = bench();
  const owner = { kind: 'agent', name: 'a' };
  await plane.apply(wish([agent('a'), key('a-1', owner)]));
  const bare = { apiVersion: 'airspace.dev/v1', kind: 'Key', metadata: { name: 'a-1' }, spec: { principal: owner } };
  const again = await plane.apply(wish([bare]));
  assert.deepEqual(changes(again.diffs), { 'default/Key/a-1': 'none' });
  const narrowed = { ...bare, spec: { ...bare.spec, scopes: ['call'] } };
  const [diff] = (await plane.apply(wish([narrowed]))).diffs;
  assert.deepEqual(diff!.paths, ['spec.scopes']);
  assert.equal(published.at(-1)!.keys[0]!.secretHash, `sha256:${'a'.repeat(64)}`);
});

test('a key that was never there has no secret to keep, and its author is told what to do', async () => {
  const { plane } = bench();
  const bare = {
    ...{ apiVersion: 'airspace.dev/v1', kind: 'Key', metadata: { name: 'a-1' } },
    spec: { principal: { kind: 'agent', name: 'a' } },
  };
  const fault = await faultOf(plane.apply(wish([agent('a'), bare])));
  assert.equal(fault.code, 'bad_request');
  assert.match(fault.message, /^f\.yaml:2: Key `a-1`: `spec\.secretHash` is missing, .*`airspace key create`/);
});
