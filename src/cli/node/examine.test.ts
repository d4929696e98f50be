/** What a hub says to a proposed policy: each case with its place, and nothing about calls that are not for its author to ask about. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { idOf, type Resource, type Rights, resourceKey, WHOLE_TENANT } from '../../contract/index.ts';
import { type Configuration, checkShape, type Examine } from '../../control/index.ts';
import { compilePolicy } from '../../policy/index.ts';
import { examineWith } from './examine.ts';

const resource = (kind: string, name: string, spec: object, domain?: string) => ({
  apiVersion: 'airspace.dev/v1',
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});
const operations = [{ name: 'ask', effect: 'read' }];
const RESOURCES = [
  resource('Domain', 'sales', {}),
  resource('Agent', 'seller', { operations }, 'sales'),
  resource('Agent', 'ledger', { operations }),
  resource('PolicyBundle', 'org', {
    level: 'org',
    policies: { text: '@id("all") @reason("r") permit(principal, action, resource);' },
  }),
];
const shaped = checkShape({ resources: RESOURCES, origins: [] }, 'default');
const configuration: Configuration = new Map(
  shaped.resources.map(({ resource: each }) => [resourceKey(idOf(each)), each]),
);
const CASES = {
  name: 'p/a.cases.yaml',
  text: `cases:
  - { name: the ledger asks itself, principal: agent/ledger, target: agent/ledger/ask, expect: { effect: deny } }
  - { name: the seller is asked, principal: agent/ledger, target: agent/seller/ask, expect: { effect: allow } }
`,
};
const examined = (rights: Rights, more: Partial<Parameters<Examine>[0]> = {}) =>
  examineWith(compilePolicy)({
    configuration,
    tenant: 'default',
    rights,
    levels: new Set(['org']),
    cases: [CASES],
    originOf: (key) => key,
    ...more,
  });

test('a case that fails is told with its place', async () => {
  const { problems, cases, proof } = await examined(WHOLE_TENANT);
  assert.deepEqual(problems, []);
  assert.deepEqual(cases, [
    {
      name: 'the ledger asks itself',
      origin: 'p/a.cases.yaml:2',
      problems: ['expected deny, and it is allow by org/all'],
    },
    { name: 'the seller is asked', origin: 'p/a.cases.yaml:3', problems: [] },
  ]);
  assert.deepEqual(proof, { cases: 2, covered: 1, rules: 1 });
});

test('whoever looks after one domain hears nothing about calls of others, and is told so', async () => {
  const { cases, warnings, proof } = await examined({ kind: 'domains', tenant: 'default', domains: ['sales'] });
  assert.deepEqual(
    cases.map(({ name }) => name),
    ['the seller is asked'],
  );
  assert.deepEqual(warnings, ['1 case is about nobody in a domain that you administer, and not decided']);
  assert.equal(proof.cases, 1);
});

test('cases know who is in which team', async () => {
  const { resources } = checkShape(
    {
      resources: [
        resource('User', 'ann', { roles: [] }),
        resource('Team', 'desk', { users: ['ann'] }),
        resource('PolicyBundle', 'org', {
          level: 'org',
          policies: { text: '@id("desk") @reason("r") permit(principal in Team::"desk", action, resource);' },
        }),
      ],
      origins: [],
    },
    'default',
  );
  const { cases } = await examined(WHOLE_TENANT, {
    configuration: new Map([
      ...configuration,
      ...resources.map(({ resource: each }): [string, Resource] => [resourceKey(idOf(each)), each]),
    ]),
    cases: [
      {
        name: 'p/a.cases.yaml',
        text: 'cases: [{ name: ann asks, principal: user/ann, target: agent/ledger/ask, expect: { effect: allow } }]',
      },
    ],
  });
  assert.deepEqual(
    cases.map(({ problems }) => problems),
    [[]],
  );
});
