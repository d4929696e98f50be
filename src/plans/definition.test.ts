import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, type OperationEntry, PlanSpec } from '../contract/index.ts';
import { isAllowed, type Lookup } from './callee.ts';
import { compilePlan, examinePlan } from './definition.ts';
import { proposalOf } from './planner.ts';

const OPERATION: OperationEntry = { name: 'go', effect: 'read', idempotent: true };
const SCHEMA = { type: 'object', properties: { id: { type: 'integer' }, ref: { type: 'string' } } };

const lookup: Lookup = (callee) => {
  if (callee.kind === 'capability') return callee.name === 'query' ? called('any') : 'nobody can do that';
  return callee.target.name === 'gone' ? 'there is no agent of that name' : called(callee.target.operation);
};
const called = (operation: string) => ({
  ...{ target: { kind: 'agent', name: 'a', operation } as const, operation: OPERATION },
  ...{ marks: [], timeoutMs: null, isPlan: false, output: SCHEMA },
});

const problemsOf = (plan: unknown): readonly string[] =>
  examinePlan('trip', PlanSpec.parse(plan), lookup).problems.map(({ path, message }) => `${path}: ${message}`);
const call = (id: string, more: object = {}): object => ({ id, call: 'agent/a/go', ...more });

test('a sound plan has no problems, and its steps come after what they need', () => {
  const plan = {
    input: { type: 'object', properties: { n: { type: 'integer' } } },
    steps: [
      call('c', { input: { x: '${ steps.b.result.id + input.n }' } }),
      call('b', { when: 'steps.a.state == "ok"', compensate: { call: 'agent/a/go', input: '${ steps.b.result }' } }),
      call('a', { forEach: '[1, 2]', input: '${ item + index }' }),
    ],
    output: { all: '${ steps.a.results.map(r, r.id) }' },
  };
  assert.deepEqual(problemsOf(plan), []);
  const { steps, behind, last } = compilePlan('trip', PlanSpec.parse(plan), lookup);
  assert.deepEqual([...steps.keys()], ['a', 'b', 'c']);
  assert.deepEqual([...(behind.get('a') ?? [])].sort(), ['b', 'c']);
  assert.deepEqual(last, ['c']);
});

const WRONG: readonly [string, unknown, RegExp][] = [
  ['the same name twice', { steps: [call('a'), call('a')] }, /steps\[1\]\.id: there is another step `a`/],
  ['a need of nobody', { steps: [call('a', { needs: ['b'] })] }, /steps\[0\]\.needs: there is no step `b`/],
  [
    'a circle',
    { steps: [call('a', { needs: ['c'] }), call('b', { needs: ['a'] }), call('c', { when: 'steps.b.result.id > 1' })] },
    /wait for each other: `a` -> `c` -> `b` -> `a`/,
  ],
  ['a step that looks at itself', { steps: [call('a', { when: 'steps.a.state == "ok"' })] }, /`a` -> `a`/],
  [
    'somebody who is gone',
    { steps: [call('a', { call: 'agent/gone/go' })] },
    /steps\[0\]\.call: `agent\/gone\/go`: there is no agent/,
  ],
  ['a capability of nobody', { steps: [call('a', { call: 'capability/fly@^2' })] }, /nobody can do that/],
  [
    'a step that does not exist',
    { steps: [call('a', { input: '${ steps.z.result }' })] },
    /steps\[0\]\.input: `\s*steps\.z\.result\s*`, column \d+: there is no `z` here/,
  ],
  [
    'a field that no answer has',
    { steps: [call('a'), call('b', { input: { x: ['${ steps.a.result.nme }'] } })] },
    /steps\[1\]\.input\.x\[0\]: .*there is no `nme` here; there is `id`, `ref`/,
  ],
  [
    'a result of many as one',
    { steps: [call('a', { forEach: '[1]' }), call('b', { input: '${ steps.a.result }' })] },
    /there is no `result` here; there is `results`/,
  ],
  [
    'a condition that is no bool',
    { steps: [call('a'), call('b', { when: 'steps.a.result.id' })] },
    /must come to a bool, and comes to an int/,
  ],
  [
    'a fan-out over no list',
    { steps: [call('a'), call('b', { forEach: 'steps.a.result.ref' })] },
    /must come to a list, and comes to a string/,
  ],
  [
    'a time that is none',
    { steps: [call('a'), { id: 'w', wait: { until: 'steps.a.result.ref' } }] },
    /must come to a timestamp/,
  ],
  [
    'what is no expression',
    { steps: [call('a', { when: 'input.n >' })] },
    /steps\[0\]\.when: `input\.n >`, column \d+: is no expression/,
  ],
  ['an item where there is none', { steps: [call('a', { input: '${ item }' })] }, /`item` is unknown here/],
  [
    'a step by a computed name',
    { steps: [call('a'), call('b', { needs: ['a'], input: '${ steps["a"] }' })] },
    /name the step/,
  ],
  [
    'a join of nothing',
    { steps: [call('a', { join: 'any' })] },
    /steps\[0\]\.join: `any` is for steps that need others/,
  ],
  [
    'a join of what excludes each other',
    { steps: [call('a', { when: 'input.x' }), call('b', { when: '!input.x' }), call('c', { needs: ['a', 'b'] })] },
    /steps\[2\]\.needs: never runs: `a` and `b` exclude each other/,
  ],
  ['what is never true', { steps: [call('a', { when: 'false' })] }, /never runs/],
  [
    'taking back by what may not be over',
    { steps: [call('a', { compensate: { call: 'agent/a/go', input: '${ steps.b.result }' } }), call('b')] },
    /steps\[0\]\.compensate\.input: looks at `b`/,
  ],
];
for (const [what, plan, message] of WRONG)
  test(`a plan with ${what} is refused where it stands`, () => {
    const problems = problemsOf(plan);
    assert.ok(
      problems.some((problem) => message.test(problem)),
      problems.join('\n'),
    );
  });

test('everything that is wrong is told at once', () => {
  const plan = PlanSpec.parse({ steps: [call('a', { when: 'x' }), call('b', { call: 'agent/gone/go' }), call('b')] });
  assert.throws(
    () => compilePlan('trip', plan, lookup),
    (thrown) =>
      thrown instanceof Fault && thrown.code === 'bad_request' && (thrown.facts['problems'] as string[]).length === 3,
  );
});

const PLANNED = PlanSpec.parse({
  planner: { call: 'agent/mind/plan', allow: ['agent/a/*', 'capability/query'], maxSteps: 3 },
});
const proposed = (json: unknown) => proposalOf(examinePlan('trip', PLANNED, lookup).definition, json, lookup);

test('what a planner proposes passes when it is allowed and makes sense', () => {
  const answer = proposed({
    steps: [call('x'), call('y', { call: 'capability/query@^2', input: '${ steps.x.result.id }' })],
  });
  assert.ok('definition' in answer, JSON.stringify(answer));
});

const BAD: readonly [string, unknown, RegExp][] = [
  ['is no plan', 'run everything', /must be an object with `steps`/],
  ['has a field of its own', { steps: [call('x')], principal: 'root' }, /[Uu]nrecognized key/],
  [
    'calls somebody else',
    { steps: [call('x', { call: 'agent/bank/pay' })] },
    /calls `agent\/bank\/pay`, which `allow` does not name/,
  ],
  ['calls another plan', { steps: [call('x', { call: 'plan/other' })] }, /`allow` does not name/],
  [
    'takes back with somebody else',
    { steps: [call('x', { compensate: { call: 'agent/bank/pay' } })] },
    /`allow` does not name/,
  ],
  ['has too many steps', { steps: ['p', 'q', 'r', 's'].map((id) => call(id)) }, /4 steps; 3 are the most/],
  ['asks people', { steps: [{ id: 'x', approve: { question: 'may I?' } }] }, /asks people/],
  ['goes in a circle', { steps: [call('x', { needs: ['y'] }), call('y', { needs: ['x'] })] }, /wait for each other/],
  ['is too large', { steps: [call('x', { input: 'a'.repeat(300_000) })] }, /bytes; 262144 are the most/],
];
for (const [what, json, message] of BAD)
  test(`a proposal that ${what} is refused with a reason`, () => {
    const answer = proposed(json);
    assert.ok('problem' in answer);
    assert.match(answer.problem, message);
  });

test('a pattern names whole parts only', () => {
  const allow = ['agent/orders/*', 'plan/refund', 'capability/query'];
  for (const yes of ['agent/orders/cancel', 'plan/refund', 'capability/query', 'capability/query@^2'])
    assert.ok(isAllowed(yes, allow), yes);
  for (const no of [
    'agent/orders',
    'agent/orders2/x',
    'agent/orders/',
    'plan/refunds',
    'capability/query2',
    'tool/orders/cancel',
  ])
    assert.ok(!isAllowed(no, allow), no);
});
