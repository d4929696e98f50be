/** Shards: a policy is checked against what it can be about, that is enough, and an unchanged one is not checked again. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../contract/index.ts';
import { policyCompiler } from './bundle.ts';
import { catalogOf, shardOf } from './catalog.ts';
import { withCedar } from './cedar.ts';
import { compileEntry } from './compile/index.ts';
import type { RegistryNames } from './names.ts';
import { schemaOf } from './schema.ts';
import { bundlesOf } from './testing.ts';
import { Verdicts, validate } from './validate.ts';

const input = (properties: object, required: readonly string[] = []): object => ({
  type: 'object',
  properties,
  required,
});

const WORLD: RegistryNames = {
  targets: [
    {
      tenant: 'default',
      kind: 'tool',
      name: 'crm',
      domain: 'sales',
      operations: [
        { name: 'Refund.v2', input: input({ amount: { type: 'integer' } }, ['amount']) },
        { name: 'credit', input: input({ amount: { type: 'integer' } }, ['amount']) },
        { name: 'note', input: input({ amount: { type: 'string' } }) },
        { name: 'ping' },
      ],
    },
    { tenant: 'default', kind: 'agent', name: 'crm', domain: '', operations: [{ name: 'ask', input: input({}) }] },
    { tenant: 'default', kind: 'tool', name: 'bank', domain: 'emea', operations: [{ name: 'pay' }] },
  ],
  domains: [
    { tenant: 'default', name: 'sales', parent: '' },
    { tenant: 'default', name: 'emea', parent: 'sales' },
  ],
  users: [],
};

const catalog = catalogOf(WORLD, 'default');

const compiled = (text: string) => {
  const answer = withCedar((cedar) => cedar.policyToJson(text));
  assert.ok(answer?.type === 'success', text);
  return compileEntry({ id: 'p', effect: answer.json.effect, annotations: {}, est: answer.json });
};

const findings = (text: string) =>
  withCedar((cedar) => validate(cedar, [{ text, compiled: compiled(text) }], catalog, new Verdicts())[0]);

const ABOUT: readonly (readonly [scope: string, operations: readonly string[]])[] = [
  ['principal, action == Action::"tool/crm/ping", resource', ['tool/crm/ping']],
  ['principal, action, resource == Operation::"tool/crm/ping"', ['tool/crm/ping']],
  ['principal, action in Action::"InvokeAgent", resource', ['agent/crm/ask']],
  [
    'principal, action in [Action::"InvokeAgent", Action::"tool/bank/pay"], resource',
    ['agent/crm/ask', 'tool/bank/pay'],
  ],
  ['principal, action, resource in Domain::"emea"', ['tool/bank/pay']],
  [
    'principal, action in Action::"CallTool", resource in Domain::"sales"',
    ['tool/bank/pay', 'tool/crm/Refund.v2', 'tool/crm/credit', 'tool/crm/note', 'tool/crm/ping'],
  ],
  ['principal, action in Action::"CallTool", resource in Agent::"crm"', []],
];

describe('what a policy can be about', () => {
  for (const [scope, operations] of ABOUT) {
    test(scope, () => {
      const shard = shardOf(catalog, compiled(`permit(${scope}) when { context has args };`));
      assert.deepEqual(
        shard.operations.map(({ id }) => id),
        operations,
      );
      for (const { id } of shard.operations.slice(0, 1)) assert.ok(shard.schema.text.includes(id));
    });
  }

  test('operations that a policy cannot tell apart are checked once', () => {
    const { schema } = shardOf(
      catalog,
      compiled('permit(principal, action, resource in Tool::"crm") when { context has args };'),
    );
    assert.equal(schema.text.match(/action "tool\/crm/g)?.length, 3, 'Refund.v2 stands for credit');
  });

  test('the size of the registry does not matter to a policy that reads no arguments', () => {
    const text = 'permit(principal, action, resource) when { context.depth < 3 };';
    const larger = catalogOf({ ...WORLD, targets: [...WORLD.targets, ...crowd(50)] }, 'default');
    assert.equal(shardOf(larger, compiled(text)).schema.text, shardOf(catalog, compiled(text)).schema.text);
  });
});

const crowd = (count: number): RegistryNames['targets'] =>
  Array.from({ length: count }, (_, t) => ({
    tenant: 'default',
    kind: 'tool' as const,
    name: `tool-${t}`,
    domain: 'sales',
    operations: Array.from({ length: 10 }, (_, o) => ({
      name: `op${o}`,
      input: input({ amount: { type: 'integer' }, [`own_${t}_${o}`]: { type: 'string' } }, ['amount']),
    })),
  }));

const scopes = fc.constantFrom(
  'principal, action, resource',
  'principal is User, action in Action::"CallTool", resource',
  'principal, action == Action::"tool/crm/Refund.v2", resource',
  'principal, action in [Action::"tool/crm/note", Action::"InvokeAgent"], resource',
);

const conditions = fc.constantFrom(
  'context.args.amount > 1',
  'context.args.amount == "1"',
  'context has args && context.args has amount',
  'context has args && context.args has nothing',
  '!(context has args)',
  'context.depth > 1',
  'context.deep > 1',
  'action == Action::"tool/crm/credit" && context.args.amount > 1',
  'action in Action::"CallTool" && context.depth > 2',
  'action == Action::"tool/crm/ping"',
);

test('a policy is right in its shard exactly if it is right in the whole schema', () => {
  const whole = schemaOf(
    catalog.operations.map(({ id, kind, declared, facts }) => ({ id, kind, args: declared.type, facts })),
  );
  fc.assert(
    fc.property(scopes, conditions, fc.boolean(), (scope, condition, when) => {
      const text = `permit(${scope}) ${when ? 'when' : 'unless'} { ${condition} };`;
      const answer = withCedar((cedar) => cedar.validate({ schema: whole, policies: { staticPolicies: { p: text } } }));
      assert.ok(answer?.type === 'success');
      const right = answer.validationErrors.length + answer.validationWarnings.length === 0;
      assert.equal(findings(text)?.length === 0, right, text);
    }),
    { numRuns: 60 },
  );
});

test('a resource in the scope says which operation it is, where Cedar alone would not know', () => {
  assert.deepEqual(
    findings('permit(principal, action, resource == Operation::"tool/crm/credit") when { context.args.amount > 1 };'),
    [],
  );
});

test('what was right stays checked until it changes, and so does what was wrong', async () => {
  const compile = policyCompiler();
  const wrong = bundlesOf({
    org: { policies: '@id("a") @reason("r") permit(principal, action, resource) when { context.deep > 1 };' },
  });
  const problems = async () => {
    const thrown = await compile(wrong, WORLD).then(() => undefined, Fault.from);
    return thrown?.facts['problems'];
  };
  const first = await problems();
  assert.match(String(first), /attribute `deep`/);
  assert.deepEqual(await problems(), first);
});

test('a schema that changes is a reason to check again', async () => {
  const compile = policyCompiler();
  const text =
    '@id("a") @reason("r") permit(principal, action == Action::"tool/crm/credit", resource) when { context.args.amount > 1 };';
  const bundles = bundlesOf({ org: { policies: text } });
  await compile(bundles, WORLD);
  const [crm, ...others] = WORLD.targets;
  assert.ok(crm !== undefined);
  const changed = {
    ...WORLD,
    targets: [{ ...crm, operations: crm.operations.map(({ name }) => ({ name })) }, ...others],
  };
  await assert.rejects(
    compile(bundles, changed),
    /`tool\/crm\/credit` has no typed arguments: it declares no `input` schema/,
  );
});

test('a thousand operations and a hundred policies are checked in seconds', { timeout: 60_000 }, async (t) => {
  const world = { ...WORLD, targets: crowd(100) };
  const policies = Array.from({ length: 100 }, (_, i) => {
    const about =
      i < 10 ? 'action' : i < 50 ? `action == Action::"tool/tool-${i}/op1"` : 'action in Action::"CallTool"';
    return `@id("p${i}") @reason("r") permit(principal, ${about}, resource) when { ${i < 50 ? 'context.args.amount' : 'context.depth'} < ${i} };`;
  });
  const compile = policyCompiler();
  for (const round of ['first', 'unchanged']) {
    const start = performance.now();
    await compile(bundlesOf({ org: { policies: policies.join('\n') } }), world);
    t.diagnostic(`${round}: ${Math.round(performance.now() - start)} ms`);
  }
});
