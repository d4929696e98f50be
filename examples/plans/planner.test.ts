/** What planners say that a plan is not: nothing of it runs, and each is told what is wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlanSpec } from '../../src/contract/index.ts';
import { examinePlan, type Lookup, proposalOf } from '../../src/plans/index.ts';
import { NONSENSE, propose } from './planner.ts';

const spec = PlanSpec.parse({
  planner: { call: 'agent/planner/propose', allow: ['agent/flights/*', 'agent/hotels/*', 'plan/wish'], maxSteps: 10 },
});

const lookup: Lookup = (callee) =>
  callee.kind === 'capability'
    ? 'nobody can do that'
    : {
        target: callee.target,
        operation: { name: callee.target.operation, effect: 'write', idempotent: false },
        ...{ marks: [], timeoutMs: null, isPlan: false },
      };

const { definition } = examinePlan('wish', spec, lookup);

const TOLD: Readonly<Record<string, RegExp>> = {
  cycle: /steps wait for each other: `a` -> `b` -> `a`/,
  'unknown step': /there is no `where` here; there is `a`/,
  forbidden: /it calls `agent\/payments\/charge`, which `allow` does not name/,
  'too many': /it has 1000 steps; 10 are the most/,
  untyped: /`1 \+ 1`, column 1: must come to a bool/,
  prose: /it is a string, and must be an object with `steps`/,
  itself: /it calls plan `wish` itself/,
};

for (const [name, said] of Object.entries(NONSENSE))
  test(`a proposal is refused: ${name}`, () => {
    const proposed = proposalOf(definition, said, lookup);
    assert.ok('problem' in proposed);
    assert.match(proposed.problem, TOLD[name]!);
  });

test('what the script proposes otherwise passes, and the planner is told what is wanted and what it may use', async () => {
  const asked = definition.planner?.input.fill({ input: new Map([['to', 'Rome']]) }) as { readonly input: unknown };
  assert.deepEqual(asked, { description: '', input: { to: 'Rome' }, allow: spec.planner?.allow, maxSteps: 10 });
  assert.ok('definition' in proposalOf(definition, await propose(asked), lookup));
});
