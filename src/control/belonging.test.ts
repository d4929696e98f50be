import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Resource, type Snapshot, WHOLE_TENANT } from '../contract/index.ts';
import { belonging } from './belonging.ts';
import { agent, bundle, domain, key, user } from './fixture.ts';

const target = (name: string, home: string, tenant = 'default'): Snapshot['targets'][number] => ({
  tenant,
  kind: 'agent',
  name,
  domain: home,
  labels: {},
  endpoints: [],
  operations: [],
  health: null,
  concurrency: 1,
  timeoutMs: null,
});
const place = (name: string, parent: string) => ({ tenant: 'default', name, parent, delegated: false });

const SNAPSHOT = {
  targets: [target('seller', 'sales'), target('rep', 'field'), target('common', ''), target('seller', 'sales', 'acme')],
  domains: [place('company', ''), place('sales', 'company'), place('field', 'sales')],
};
const SALES = belonging({ kind: 'domains', tenant: 'default', domains: ['sales'] }, SNAPSHOT);

const resource = (given: Record<string, unknown>, tenant = 'default') =>
  ({ ...given, metadata: { ...(given['metadata'] as object), tenant } }) as unknown as Resource;

test('what lies in a domain or below it belongs to it, and nothing above, beside or nowhere', () => {
  assert.deepEqual(
    ['sales', 'field', 'company', '', 'org', 'nowhere'].map((name) => SALES.domain(name)),
    [true, true, false, false, false, false],
  );
  assert.deepEqual(
    ['seller', 'rep', 'common', 'nobody'].map((name) => SALES.target('agent', name)),
    [true, true, false, false],
  );
});

test('bundles belong to their level, keys to nobody below the organisation, and nothing to another tenant', () => {
  const theirs: readonly (readonly [Resource, boolean])[] = [
    [resource(agent('seller', { domain: 'sales' })), true],
    [resource(agent('common')), false],
    [resource(bundle('p', 'field')), true],
    [resource(bundle('p', 'org')), false],
    [resource({ ...bundle('p', 'company'), metadata: { name: 'p', domain: 'sales' } }), false],
    [resource(domain('field')), true],
    [resource(domain('company')), false],
    [resource(user('u')), false],
    [resource({ ...key('k', { kind: 'agent', name: 'seller' }), metadata: { name: 'k', domain: 'sales' } }), false],
    [resource(agent('seller', { domain: 'sales' }), 'acme'), false],
  ];
  for (const [one, expected] of theirs)
    assert.equal(SALES.resource(one), expected, `${one.kind} ${JSON.stringify(one.metadata)}`);
});

test('calls belong to both ends, and those of other tenants to neither', () => {
  const call = (from: string, to: string, tenant = 'default') =>
    SALES.call({
      tenant,
      principal: { kind: 'agent', id: from },
      target: { kind: 'agent', name: to, operation: 'ask' },
    });
  assert.deepEqual(
    [call('seller', 'common'), call('common', 'rep'), call('common', 'common'), call('seller', 'seller', 'acme')],
    [true, true, false, false],
  );
});

test('those with the whole tenant are held up by nothing', () => {
  const all = belonging(WHOLE_TENANT, SNAPSHOT);
  assert.ok(all.domain('') && all.target('tool', 'x') && all.resource(resource(user('u'))));
});
