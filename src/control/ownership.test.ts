/** Who may change what, against the real plane: what a domain owns, what it does not, and every way around that we could think of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ApplyRequest, idOf, type Resource, type Rights, resourceKey, WHOLE_TENANT } from '../contract/index.ts';
import { VirtualWorld } from '../kernel/index.ts';
import { memoryStores } from '../stores/index.ts';
import { agent, bundle, domain, faultOf, key, NO_POLICY, route, user } from './fixture.ts';
import { ControlPlane } from './plane.ts';

const SALES: Rights = { kind: 'domains', tenant: 'default', domains: ['sales'] };

const wish = (resources: readonly unknown[], rights: Rights, more: Partial<ApplyRequest> = {}): ApplyRequest => ({
  tenant: 'default',
  resources,
  origins: resources.map((_, at) => `f.yaml:${at + 1}`),
  by: 'user/sara',
  rights,
  reason: '',
  dryRun: false,
  prune: false,
  ...more,
});

const OPERATION = { name: 'ask', effect: 'read', input: { type: 'object', properties: { n: { type: 'integer' } } } };
const seller = (spec: object = {}, metadata: object = {}) =>
  agent('seller', { domain: 'sales', labels: { tier: 'gold' }, ...metadata }, { operations: [OPERATION], ...spec });

/** company > sales > field, and finance beside sales. */
const EVERYTHING = [
  domain('company'),
  domain('sales', 'company'),
  domain('field', 'sales'),
  domain('finance', 'company'),
  seller(),
  agent('rep', { domain: 'field' }),
  agent('ledger', { domain: 'finance' }),
  agent('common'),
  bundle('org', 'org'),
  bundle('company', 'company'),
  bundle('sales', 'sales'),
  bundle('finance', 'finance'),
  user('sara'),
  key('sara-1', { kind: 'user', name: 'sara' }),
  route('all', { name: '*' }),
];

const bench = async () => {
  const { resources, nodes } = memoryStores();
  const plane = new ControlPlane({
    resources,
    nodes,
    compilePolicy: async () => NO_POLICY,
    clock: new VirtualWorld(1).clock,
    publish: () => {},
  });
  await plane.apply(wish(EVERYTHING, WHOLE_TENANT));
  const apply = (given: readonly unknown[], more: Partial<ApplyRequest> = {}) => plane.apply(wish(given, SALES, more));
  const refused = async (...given: readonly unknown[]): Promise<string> => {
    const before = (await resources.list()).revision;
    for (const dryRun of [true, false]) {
      const fault = await faultOf(apply(given, { dryRun }));
      assert.deepEqual([fault.code, (await resources.list()).revision], ['denied', before], fault.message);
    }
    return (await faultOf(plane.diff(wish(given, SALES)))).message;
  };
  const remove = (kind: Resource['kind'], name: string) =>
    plane.remove([{ tenant: 'default', kind, name }], 'user/sara', '', false, SALES);
  const names = async () =>
    (await plane.list({ tenant: null })).map(({ resource }) => resourceKey(idOf(resource))).sort();
  return { plane, resources, apply, refused, remove, names };
};

const text = (name: string, level: string, policies: string) => ({
  ...bundle(name, level),
  spec: { level, policies: { text: policies } },
});

test('a domain changes its own policy and that of domains below it', async () => {
  const { apply, remove } = await bench();
  await apply([text('sales', 'sales', '// tighter'), bundle('field', 'field')]);
  await apply([text('field', 'field', '// tighter'), text('sales', 'sales', '// tighter still')]);
  await remove('PolicyBundle', 'field');
  await remove('PolicyBundle', 'sales');
  await apply([bundle('sales-anew', 'sales')]);
});

test('a domain changes how its targets run', async () => {
  const { apply } = await bench();
  const operations = [{ ...OPERATION, description: 'answers questions' }];
  const result = await apply([
    seller({
      description: 'sells',
      endpoints: [{ url: 'http://10.0.0.1:9', weight: 5, labels: { zone: 'a' } }],
      health: {},
      concurrency: 7,
      timeoutMs: 100,
      operations,
    }),
    agent('rep', { domain: 'field' }, { concurrency: 3 }),
  ]);
  assert.deepEqual(result.diffs[1]?.paths, [
    'spec.concurrency',
    'spec.description',
    'spec.endpoints[0]',
    'spec.health',
    'spec.operations[0].description',
    'spec.timeoutMs',
  ]);
});

const operation = (change: object) => seller({ operations: [{ ...OPERATION, ...change }] });
const ORGANISATION = 'the organisation';
const FINANCE = 'domain `finance`';

/** What is asked for, the field that the refusal names, and whose that is. */
const NOT_THEIRS: readonly (readonly [what: string, resource: unknown, field: string, owner: string])[] = [
  ['a label', seller({}, { labels: { tier: 'silver' } }), 'metadata.labels.tier', ORGANISATION],
  ['a new label', seller({}, { labels: { tier: 'gold', open: 'yes' } }), 'metadata.labels.open', ORGANISATION],
  ['no domain', seller({}, { domain: undefined }), 'metadata.domain', ORGANISATION],
  ['a domain below', seller({}, { domain: 'field' }), 'metadata.domain', ORGANISATION],
  ['an effect', operation({ effect: 'write' }), 'spec.operations[0].effect', ORGANISATION],
  ['idempotency', operation({ idempotent: true }), 'spec.operations[0].idempotent', ORGANISATION],
  [
    'what arguments look like',
    operation({ input: { type: 'object', properties: { n: { type: 'string' } } } }),
    'spec.operations[0].input.properties.n.type',
    ORGANISATION,
  ],
  [
    'an argument called description',
    operation({ input: { ...OPERATION.input, description: 'x' } }),
    'spec.operations[0].input.description',
    ORGANISATION,
  ],
  ['the name of an operation', operation({ name: 'tell' }), 'spec.operations[0].name', ORGANISATION],
  ['one more operation', seller({ operations: [OPERATION, { name: 'tell' }] }), 'spec.operations[1]', ORGANISATION],
  [
    'a target of another domain',
    agent('ledger', { domain: 'finance' }, { concurrency: 1 }),
    'spec.concurrency',
    FINANCE,
  ],
  ['a target of nobody', agent('common', {}, { concurrency: 1 }), 'spec.concurrency', ORGANISATION],
  ['a target moved in', agent('ledger', { domain: 'sales' }), 'metadata.domain', ORGANISATION],
  ['a new target', agent('mine', { domain: 'sales' }), 'metadata.name', ORGANISATION],
  ['policy of the organisation', text('org', 'org', '// looser'), 'spec.policies.text', ORGANISATION],
  ['policy of the level above', text('company', 'company', '// looser'), 'spec.policies.text', 'domain `company`'],
  ['policy of the level beside', text('finance', 'finance', '// looser'), 'spec.policies.text', FINANCE],
  ['a bundle that leaves its level', bundle('sales', 'finance'), 'spec.level', FINANCE],
  ['a bundle that is taken over', bundle('finance', 'field'), 'spec.level', FINANCE],
  ['a second bundle for the parent', bundle('company-2', 'company'), 'spec.level', 'domain `company`'],
  ['a bundle of no level', bundle('x', 'nowhere'), 'spec.level', 'domain `nowhere`'],
  ['the parent of its domain', domain('sales'), 'spec.parent', ORGANISATION],
  ['a ring of domains', domain('company', 'sales'), 'spec.parent', ORGANISATION],
  ['a domain taken in', domain('finance', 'sales'), 'spec.parent', ORGANISATION],
  ['a new domain', domain('shadow', 'sales'), 'metadata.name', ORGANISATION],
  ['its own roles', user('sara', ['admin']), 'spec.roles[0]', ORGANISATION],
  ['a new user', user('friend', ['admin']), 'metadata.name', ORGANISATION],
  ['a key', key('k', { kind: 'user', name: 'sara' }), 'metadata.name', ORGANISATION],
  ['a route', route('mine', { name: 'seller' }), 'metadata.name', ORGANISATION],
];

for (const [what, resource, field, owner] of NOT_THEIRS)
  test(`a domain does not change ${what}, and hears whose it is`, async () => {
    const { refused } = await bench();
    const { kind, metadata } = resource as Resource;
    const named = `f.yaml:1: ${kind} \`${metadata.name}\`: \`${field}\` belongs to ${owner}`;
    const message = await refused(resource);
    assert.ok(message.startsWith(named), message);
    assert.match(message, new RegExp(`; ask an administrator of ${owner}( \\(and|$)`));
  });

test('one change that is not theirs keeps all the others out', async () => {
  const { refused } = await bench();
  const message = await refused(seller({ concurrency: 2 }), text('sales', 'sales', '// x'), user('sara', ['operator']));
  assert.match(message, /^f\.yaml:3: User `sara`/);
});

test('every change that is not theirs is told at once', async () => {
  const { apply } = await bench();
  const fault = await faultOf(apply([seller({}, { labels: {} }), domain('sales'), bundle('x', 'company')]));
  assert.equal((fault.facts['problems'] as readonly string[]).length, 3);
});

test('the whole folder is applied by a domain as long as it says of others what is so', async () => {
  const { apply } = await bench();
  const { diffs } = await apply([...EVERYTHING, text('field', 'field', '// new')]);
  assert.deepEqual(
    diffs.filter(({ change }) => change !== 'none').map(({ key: changed }) => changed),
    ['default/PolicyBundle/field'],
  );
});

test('a checkout that lies elsewhere is no change of policy that is not theirs', async () => {
  const { plane, apply } = await bench();
  const from = (folder: string, name: string, policies = '') => ({
    ...bundle(name, name),
    spec: { level: name, policies: { text: policies, source: `${folder}/${name}.cedar` } },
  });
  await plane.apply(wish([from('old', 'company'), from('old', 'sales')], WHOLE_TENANT));
  const { diffs } = await apply([from('new', 'company'), from('new', 'sales')]);
  assert.deepEqual(
    diffs.map(({ key: name, change, paths }) => [name, change, paths]),
    [
      ['default/PolicyBundle/company', 'none', []],
      ['default/PolicyBundle/sales', 'update', ['spec.policies.source']],
    ],
  );
  const fault = await faultOf(apply([from('new', 'company', '// looser')]));
  assert.match(fault.message, /`spec\.policies\.text` belongs to domain `company`[^(]*$/);
});

test('a prune takes away only what the one who prunes may delete', async () => {
  const { apply, names, plane } = await bench();
  await plane.apply(wish([agent('seller')], WHOLE_TENANT, { tenant: 'acme' }));
  const before = await names();
  await apply([bundle('field', 'field')], { prune: true });
  const kept = before.filter((name) => name !== 'default/PolicyBundle/sales');
  assert.deepEqual(await names(), [...kept, 'default/PolicyBundle/field'].sort());
});

test('what a domain may not create it may not delete either', async () => {
  const { remove, resources } = await bench();
  for (const [kind, name] of [
    ['Agent', 'seller'],
    ['PolicyBundle', 'company'],
    ['PolicyBundle', 'org'],
    ['Domain', 'field'],
    ['User', 'sara'],
    ['Key', 'sara-1'],
    ['Route', 'all'],
  ] as const) {
    const fault = await faultOf(remove(kind, name));
    assert.equal(fault.code, 'denied', name);
    assert.match(fault.message, /and so does deleting it; ask an administrator of/);
  }
  assert.equal((await resources.list()).revision, 1);
});

test('a target that was deleted is not made again by its domain, and neither is one that moved', async () => {
  const { plane, refused } = await bench();
  await plane.remove([{ tenant: 'default', kind: 'Agent', name: 'seller' }], 'ada', '', false, WHOLE_TENANT);
  assert.match(await refused(seller()), /`metadata\.name` belongs to the organisation, and so does creating it/);
  await plane.apply(wish([seller({}, { domain: 'finance' })], WHOLE_TENANT));
  assert.match(await refused(seller()), /`metadata\.domain` belongs to the organisation/);
  assert.match(await refused(seller({ concurrency: 9 }, { domain: 'finance' })), /belongs to domain `finance`/);
});

test('a domain goes back to a revision that differs in what is its own, and to no other', async () => {
  const { plane, apply } = await bench();
  const back = (to: number) => plane.rollback(to, 'user/sara', '', false, SALES);
  await apply([text('sales', 'sales', '// two')]);
  assert.equal((await back(1)).revision, 3);
  await plane.apply(wish([seller({}, { labels: { tier: 'iron' } })], WHOLE_TENANT));
  const fault = await faultOf(back(3));
  assert.match(
    fault.message,
    /^revision 3, default\/Agent\/seller: Agent `seller`: `metadata\.labels\.tier` belongs to/,
  );
});

test('of other tenants a domain learns nothing, not even from a rollback that would change them', async () => {
  const { plane, apply } = await bench();
  await plane.apply(wish([agent('secret')], WHOLE_TENANT, { tenant: 'acme' }));
  const fault = await faultOf(plane.rollback(1, 'user/sara', '', false, SALES));
  assert.deepEqual([fault.code, fault.message], ['denied', 'it would also change what is not in your tenant']);
  assert.deepEqual(fault.facts, { count: 1, problems: [fault.message] });
  const gone = [{ tenant: 'acme', kind: 'Agent' as const, name: 'secret' }];
  assert.doesNotMatch((await faultOf(plane.remove(gone, '', '', false, SALES))).message, /secret/);
  assert.equal(
    (await faultOf(apply([{ ...agent('secret'), metadata: { name: 'secret', tenant: 'acme' } }]))).code,
    'bad_request',
  );
});

test('a domain of the same name in another tenant opens nothing here', async () => {
  const { plane } = await bench();
  const elsewhere: Rights = { kind: 'domains', tenant: 'acme', domains: ['sales'] };
  const fault = await faultOf(plane.apply(wish([bundle('field', 'field')], elsewhere)));
  assert.equal(fault.code, 'denied');
});

test('where a target runs that answers facts is decided above, since policies of all levels read the answer', async () => {
  const { plane, refused, apply } = await bench();
  const fact = {
    apiVersion: 'airspace.dev/v1',
    kind: 'Fact',
    metadata: { name: 'owner' },
    spec: { for: [{ name: 'ledger' }], ask: { name: 'seller', operation: 'ask' }, as: { type: 'object' } },
  };
  await plane.apply(wish([fact], WHOLE_TENANT));
  assert.match(
    await refused(seller({ endpoints: [{ url: 'http://10.0.0.9:1' }] })),
    /`spec\.endpoints\[0\]` belongs to the organisation because the Fact `owner` asks it; ask an administrator of the organisation/,
  );
  await apply([seller({ concurrency: 2 })]);
});

test('whoever administers a domain that is not there is told', async () => {
  const { plane } = await bench();
  const sara = { ...user('sara'), spec: { administers: ['slaes'] } };
  const fault = await faultOf(plane.apply(wish([sara], WHOLE_TENANT)));
  assert.match(
    fault.message,
    /`spec\.administers` names the Domain `slaes`, which does not exist, did you mean `sales`\?/,
  );
});

test('a key knows what its user administers', async () => {
  const { plane } = await bench();
  await plane.apply(wish([{ ...user('sara'), spec: { administers: ['sales'] } }], WHOLE_TENANT));
  assert.deepEqual(plane.snapshot?.keys[0]?.principal.administers, ['sales']);
});
