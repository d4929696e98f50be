/** Examining in a thread answers what lint and the cases answer in place, mistakes included. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lintPolicies } from '../lint/index.ts';
import { type PolicyCase, prove } from '../proof.ts';
import { bundlesOf, compileWorld, domainsOf, type ShortWorld, targetsOf } from '../testing.ts';
import { type Examination, examine } from './examine.ts';

const WORLD: ShortWorld = {
  domains: [],
  users: [],
  targets: [{ kind: 'agent', name: 'a', operations: [{ name: 'run', effect: 'read' }] }],
};
const BUNDLES = {
  org: {
    policies: `@id("all") @reason("r") permit(principal, action, resource);
@id("all-again") @reason("r") permit(principal, action, resource);`,
  },
};
const CASE: PolicyCase = {
  name: 'it is denied',
  origin: 'x.cases.yaml:1',
  principal: { kind: 'agent', tenant: 'default', id: 'a', roles: [] },
  target: { kind: 'agent', name: 'a', operation: 'run' },
  depth: 0,
  session: false,
  priority: 2,
  atMs: 0,
  expect: { effect: 'deny' },
};
const targets = targetsOf(WORLD);
const domains = domainsOf(WORLD);
const examination: Examination = {
  lint: { bundles: bundlesOf(BUNDLES), names: { targets, domains, users: [] }, targets, domains },
  world: await compileWorld(WORLD, BUNDLES),
  cases: [CASE],
};

test('the same findings and the same proof, whichever way', async () => {
  const { findings, proof } = await examine(examination);
  assert.deepEqual(findings, lintPolicies(examination.lint));
  assert.deepEqual(proof, prove(examination.world, [CASE]));
  assert.deepEqual([findings[0]?.rule, proof.results[0]?.problems.length], ['duplicate', 1]);
});

test('a policy that cannot be prepared is the same fault', async () => {
  const { policy } = examination.world;
  const world = { ...examination.world, policy: { ...policy, cedar: '1.0' } };
  await assert.rejects(examine({ ...examination, world }), {
    name: 'Fault',
    code: 'bad_request',
    message: /cedar 1\.0/,
  });
});
