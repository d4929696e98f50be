/** What is held against a policy before it is kept: nothing that lint calls an error, and no case that fails, becomes a release. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultOf } from '../fixture.ts';
import { bench, bundle } from './fixture.ts';
import type { Examine } from './parts.ts';
import { unseal } from './seal.ts';

const CASES = [{ name: 'p/a.cases.yaml', text: 'cases: []' }];
const OUTCOMES = [
  { name: 'y', origin: 'p/a.cases.yaml:3', problems: [] },
  { name: 'x', origin: 'p/a.cases.yaml:7', problems: ['expected allow'] },
];
const finding =
  (given: Partial<Awaited<ReturnType<Examine>>>): Examine =>
  async () => ({
    problems: [],
    warnings: [],
    cases: [],
    proof: { cases: 3, covered: 2, rules: 4 },
    ...given,
  });

test('what is wrong refuses, with every place, and nothing is kept', async () => {
  const problems = ['p.cedar:3:1: [never-matches] it never matches'];
  const { stage, stores } = await bench({ examine: finding({ problems, cases: OUTCOMES }) });
  const fault = await faultOf(stage('two'));
  assert.deepEqual(
    [fault.code, fault.facts['problems']],
    ['bad_request', [...problems, 'p/a.cases.yaml:7: case `x`: expected allow']],
  );
  assert.deepEqual(await stores.releases.list(null, 10), []);
});

test('a check tells the same without keeping or refusing anything, and what would be wider', async () => {
  const problems = ['p.cedar:3:1: [never-matches] it never matches'];
  const examine = finding({ problems, cases: OUTCOMES });
  for (const twoPerson of [false, true]) {
    const { train, wish, stores } = await bench({ examine, twoPerson });
    const { by: _, reason: __, ...asked } = wish([bundle('two')]);
    const check = await train.check({ ...asked, cases: CASES });
    assert.deepEqual([check.problems, check.cases, check.wider], [problems, OUTCOMES, ['`org/all`: permit added']]);
    assert.deepEqual([check.needsApproval, check.id === check.base], [twoPerson, false]);
    assert.deepEqual(await stores.releases.list(null, 10), []);
    const same = await train.check({ ...asked, resources: [bundle('one')], cases: [] });
    assert.equal(same.id, same.base, 'nothing would change');
  }
});

test('warnings are told, and what passed is part of what is signed', async () => {
  const { train, wish, stores, key } = await bench({ examine: finding({ warnings: ['p.cedar:1:1: [duplicate] x'] }) });
  const { release, warnings } = await train.stage({ ...wish([bundle('two')]), cases: CASES });
  assert.deepEqual(warnings, ['p.cedar:1:1: [duplicate] x']);
  const { sealed } = (await stores.releases.get('default', release.id))!;
  const passed = { cases: 3, covered: 2, rules: 4 };
  assert.deepEqual([release.proof, unseal(sealed, key.publicKey).proof], [passed, passed]);
});

test('what is examined is the tenant as it would be, with the cases and the levels that were given', async () => {
  const seen: Parameters<Examine>[0][] = [];
  const { train, wish } = await bench({
    examine: (proposal) => {
      seen.push(proposal);
      return finding({})(proposal);
    },
  });
  await train.stage({ ...wish([bundle('two')]), cases: CASES });
  const [proposal] = seen;
  const proposed = proposal?.configuration.get('default/PolicyBundle/org');
  assert.deepEqual(
    [[...(proposal?.levels ?? [])], proposal?.cases, proposal?.originOf('default/PolicyBundle/org')],
    [['org'], CASES, 'f.yaml:1'],
  );
  assert.ok(proposed?.kind === 'PolicyBundle' && proposed.spec.policies.text === 'two');
});
