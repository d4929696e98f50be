/** Rules with an operator that the compiler does not know are decided by cedar-wasm, exactly as the compiler would have decided them. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import { type Decision, Fault, type PolicyEntry, type PolicyLevel, type Principal } from '../../contract/index.ts';
import { compileOrMark } from '../compile/index.ts';
import { decide } from '../decide.ts';
import { EntityStore } from '../entities.ts';
import { CLOSURES } from '../evaluate.ts';
import { explain } from '../explain.ts';
import { explainMay, mayAllow } from '../partial/index.ts';
import { type PolicyWorld, preparePolicy } from '../prepare.ts';
import { prove } from '../proof.ts';
import { type Ask, compileWorld, requestOf, type ShortWorld } from '../testing.ts';
import { CedarRecord, EntityRef } from '../value.ts';
import { fallbackEngine } from './engine.ts';
import { fallbackRemark, fallbackSets } from './remark.ts';
import { Slots } from './slots.ts';

const PAY = {
  type: 'object',
  required: ['cents'],
  properties: {
    cents: { type: 'integer' },
    rate: { type: 'number' },
    tags: { type: 'array', items: { type: 'string' } },
  },
};

const WORLD: ShortWorld = {
  domains: [{ name: 'sales' }, { name: 'emea', parent: 'sales' }],
  users: [{ name: 'ann', roles: ['clerk'] }],
  targets: [
    {
      kind: 'agent',
      name: 'planner',
      domain: 'emea',
      labels: { tier: 'gold' },
      operations: [{ name: 'run', effect: 'read' }],
    },
    {
      kind: 'tool',
      name: 'ledger',
      domain: 'sales',
      operations: [
        { name: 'post', effect: 'spend' },
        { name: 'pay', effect: 'write', input: PAY },
      ],
    },
    { kind: 'model', name: 'small', operations: [{ name: 'chat', effect: 'spend' }] },
  ],
};

/** Scopes and conditions that together hold, do not hold, and fail, by a hair. */
const SCOPES = [
  'principal, action, resource',
  'principal is Agent, action in Action::"CallTool", resource',
  'principal in Domain::"sales", action, resource',
  'principal in Role::"clerk", action, resource in Tool::"ledger"',
  'principal, action in [Action::"InvokeAgent", Action::"CallModel"], resource',
];
const CONDITIONS = [
  'true',
  'context.depth < 2',
  'context.depth + 9007199254740990 > 9007199254740991 - 1',
  '(context.depth + 1) * 9007199254740991 * 9007199254740991 > 0',
  'principal is Agent && principal.hasTag("tier") && principal.getTag("tier") like "g*"',
  'resource.effect == "spend" || context.session',
  '["run", "post"].contains(context.operation)',
  'context.now > datetime("2026-01-01") && context.hourUtc >= 10',
  'if context.depth == 0 then resource.idempotent else !resource.idempotent',
  'context has args && context.args has cents && context.args.cents > 100',
  'context has args && context.args has rate && context.args.rate.greaterThan(decimal("0.5"))',
  'context has args && context.args has tags && context.args.tags.containsAny(["a", "b"])',
  'action in [Action::"tool/ledger/pay", Action::"CallModel"]',
  'Action::"tool/ledger/post" in Action::"CallTool"',
];
/** Every operator and function that the conditions use. */
const OPERATORS = [
  ...[
    '<',
    '+',
    '-',
    '*',
    '>',
    '&&',
    '||',
    '==',
    '!',
    'is',
    'has',
    'hasTag',
    'getTag',
    'like',
    'contains',
    'containsAny',
  ],
  ...['>=', 'if-then-else', 'in', 'Set', '.', 'datetime', 'greaterThan', 'decimal', 'Value'],
];

const rule = fc.record({
  effect: fc.constantFrom('permit', 'permit', 'forbid'),
  scope: fc.constantFrom(...SCOPES),
  condition: fc.constantFrom(...CONDITIONS),
  remedy: fc.boolean(),
});
const limit = fc.record({
  scope: fc.constantFrom(...SCOPES),
  condition: fc.constantFrom(...CONDITIONS),
  ms: fc.integer({ min: 1, max: 900 }),
});
const level = fc.record({
  rules: fc.array(rule, { minLength: 1, maxLength: 5 }),
  limits: fc.array(limit, { maxLength: 2 }),
});
const round = fc.record({ org: level, sales: level, emea: level, operator: fc.constantFrom(...OPERATORS) });

const entryOf = (text: string): PolicyEntry => {
  const answer = cedar.policyToJson(text);
  assert.ok(answer.type === 'success', text);
  const { annotations = {}, ...est } = answer.json;
  return { id: annotations['id'] ?? '', effect: est.effect, annotations: annotations as Record<string, string>, est };
};

const levelOf = (
  name: string,
  { rules, limits }: typeof level extends fc.Arbitrary<infer T> ? T : never,
): PolicyLevel => ({
  tenant: 'default',
  level: name,
  policies: rules.map(({ effect, scope, condition, remedy }, at) => {
    const more = effect === 'forbid' && remedy ? '@remedy("approval")' : '';
    return entryOf(`@id("p${at}") @reason("r${at}") ${more} ${effect} (${scope}) when { ${condition} };`);
  }),
  limits: limits.map(({ scope, condition, ms }, at) =>
    entryOf(`@id("l${at}") @timeout_ms("${ms}") permit (${scope}) when { ${condition} };`),
  ),
});

const CALLS = ['agent/planner/run', 'tool/ledger/post', 'tool/ledger/pay', 'model/small/chat', 'tool/gone/x'];
const BODIES = [
  undefined,
  { cents: 100 },
  { cents: 101, rate: 0.5 },
  { cents: 1, rate: 0.5001, tags: ['b'] },
  { cents: '1' },
];
const CALLERS = [{ agent: 'planner' }, { user: 'ann', roles: ['clerk'] }, { user: 'bob', domain: 'emea' }];

const ASKS: readonly Ask[] = CALLS.flatMap((call) =>
  CALLERS.flatMap((caller) =>
    [0, 1, 2].map((depth, at) => {
      const body = BODIES[(at + call.length + Object.keys(caller).length) % BODIES.length];
      return { ...caller, call, depth, ...(body === undefined || !call.endsWith('pay') ? {} : { body }) };
    }),
  ),
);

/** The sentences about failures are each engine's own. */
const comparable = ({ errors, ...decision }: Decision) => ({
  ...decision,
  errors: errors.map(({ level, id }) => `${level}/${id}`),
});

const ROUNDS = 70;

const EMPTY = await compileWorld(WORLD, {});

test('thousands of random decisions come out the same, with rules, reasons, limits and failures', {
  timeout: 120_000,
}, async () => {
  const seen = new Map<string, number>();
  let evaluations = 0;
  for (const { operator, org, sales, emea } of fc.sample(round, { seed: 20261126, numRuns: ROUNDS })) {
    const levels = Object.entries({ org, sales, emea }).map(([name, rules]) => levelOf(name, rules));
    const world: PolicyWorld = { ...EMPTY, policy: { ...EMPTY.policy, levels } };
    const fast = preparePolicy(world);
    const knows = (name: string): boolean => name !== operator;
    const slow = preparePolicy(world, CLOSURES, { knows, onFallback: () => (evaluations += 1) });
    for (const ask of ASKS) {
      const ours = decide(fast, requestOf(ask));
      assert.deepEqual(comparable(decide(slow, requestOf(ask))), comparable(ours), JSON.stringify({ operator, ask }));
      for (const what of [ours.effect, ours.code, `${ours.errors.length > 0}`, 'all'])
        seen.set(what, (seen.get(what) ?? 0) + 1);
    }
  }
  const count = (what: string): number => seen.get(what) ?? 0;
  assert.ok(count('all') >= 2_000 && evaluations >= 2_000, `${count('all')} decisions, ${evaluations} by cedar-wasm`);
  for (const what of ['allow', 'deny', 'require_approval', 'POLICY_ERROR', 'NO_PERMIT', 'true'])
    assert.ok(count(what) > 20, what);
});

const world = await compileWorld(WORLD, {
  org: {
    policies: `
@id("all") @reason("everybody may") permit (principal, action, resource) when { context.depth < 5 };
@id("deep") @reason("too deep") forbid (principal, action, resource) when { principal is Agent && resource.name like "p*" && context.depth > 2 };`,
    limits: '@id("brief") @timeout_ms("9") permit (principal, action, resource) when { resource.effect like "sp*" };',
  },
  sales: { policies: '@id("ours") @reason("r") permit (principal, action, resource);' },
});
const knows = (name: string): boolean => name !== 'like';
const slow = preparePolicy(world, CLOSURES, { knows });
const post = { agent: 'planner', call: 'tool/ledger/post' };

test('only the sets with an unknown operator go to cedar-wasm', () => {
  let asked = 0;
  const counted = preparePolicy(world, CLOSURES, { knows, onFallback: () => (asked += 1) });
  assert.equal(decide(counted, requestOf(post)).effect, 'allow');
  assert.equal(asked, 2); // the policies and the limits of `org`; those of `sales` are ours
  assert.deepEqual(decide(counted, requestOf(post)).constraints, { timeoutMs: 9 });
});

test('whoever applies it hears so, set by set', () => {
  assert.deepEqual(fallbackSets(world.policy, { knows }).map(fallbackRemark), [
    'org: operator `like` is unknown to the fast engine; this bundle is decided by cedar-wasm, about 1 ms per decision',
    'org: operator `like` is unknown to the fast engine; the limits of this bundle are decided by cedar-wasm, about 1 ms per decision',
  ]);
  assert.deepEqual(fallbackSets(world.policy), []);
});

test('what nobody can look into is a maybe, and its clause is shown', () => {
  const { principal, target } = requestOf(post);
  assert.equal(mayAllow(slow, principal, target), 'maybe');
  const { depends } = explainMay(slow, principal, target, { context: { depth: 1 } });
  assert.deepEqual(
    depends.flatMap(({ rules }) => rules.map(({ entry }) => entry.id)),
    ['deep'],
  );
  assert.match(depends[0]?.on ?? '', /resource\.name like "p\*"/);
});

test('an explanation says what it cannot say', () => {
  const { blocking, sentence } = explain(slow, requestOf({ ...post, depth: 3 }));
  assert.match(sentence, /`org\/deep`/);
  const foreign = blocking.flatMap(({ clauses }) => clauses).find(({ text }) => text.includes('like'));
  assert.equal(foreign?.value, 'unknown: only cedar-wasm knows an operator in it');
});

test('a rule that no engine can read is refused when the snapshot is loaded', () => {
  const [org, ...others] = world.policy.levels;
  const body = { sparkle: { left: { Var: 'context' } } };
  const policies = (org?.policies ?? []).map((entry) => ({
    ...entry,
    est: { ...(entry.est as object), conditions: [{ kind: 'when', body }] },
  }));
  const levels = [{ ...(org as NonNullable<typeof org>), policies }, ...others];
  assert.throws(
    () => preparePolicy({ ...world, policy: { ...world.policy, levels } }),
    /policy `all` can be read neither by the fast engine nor by cedar-wasm/,
  );
});

test('where cedar-wasm gives no answer every rule counts as failed, so that a forbid denies', () => {
  const rules = (world.policy.levels.find(({ level }) => level === 'org')?.policies ?? []).map((entry) =>
    compileOrMark(entry, { knows }),
  );
  const engine = fallbackEngine({ rules, schemaFor: () => 'no schema', decided: () => undefined });
  const env = {
    principal: new EntityRef('Agent', 'planner'),
    action: new EntityRef('Action', 'tool/ledger/post'),
    resource: new EntityRef('Operation', 'tool/ledger/post'),
    context: new CedarRecord(new Map()),
    entities: new EntityStore([]),
  };
  const { permits, forbids, failed } = engine.evaluate(rules, env);
  assert.deepEqual([permits, forbids, failed.map(({ policy }) => policy.entry.id)], [[], [], ['all', 'deep']]);
});

test('an integer that was rounded is refused, also below an operator that is unknown', () => {
  const est = {
    ...(world.policy.levels[0]?.policies[0]?.est as object),
    conditions: [{ kind: 'when', body: { sparkle: [{ Value: 2 ** 53 }] } }],
  };
  assert.throws(() => compileOrMark({ id: 'p', effect: 'permit', annotations: {}, est }), Fault);
});

test('more sets than names: each still gets its own answers, and the number of names does not grow', () => {
  const slots = new Slots('test', 2);
  const parsed: string[] = [];
  const holders = ['a', 'b', 'c'].map((content) => ({ content }));
  const nameOf = (holder: { readonly content: string }): string =>
    slots.nameOf(cedar, holder, (name) => parsed.push(`${name}=${holder.content}`) > 0) ?? '';
  for (const at of [0, 1, 1, 2, 0, 2]) nameOf(holders[at] as { content: string });
  assert.deepEqual(parsed, ['test0=a', 'test1=b', 'test0=c', 'test1=a']);
  const many = Array.from({ length: 80 }, () => preparePolicy(world, CLOSURES, { knows }));
  for (const one of [...many, ...many])
    assert.equal(decide(one, requestOf({ ...post, depth: 3 })).determining[0]?.id, 'deep');
});

test('cases reach rules that cedar-wasm decides', () => {
  const { principal, target } = requestOf(post);
  const asked = { principal: principal as Principal, target, session: false, priority: 2 as const, atMs: 0 };
  const cases = [1, 3].map((depth) => ({
    ...asked,
    name: `${depth}`,
    origin: 'here',
    depth,
    expect: { effect: depth === 1 ? ('allow' as const) : ('deny' as const) },
  }));
  const { results, unreached } = prove(world, cases, { knows });
  assert.deepEqual([results.flatMap(({ problems }) => problems), unreached], [[], []]);
});

test('cedar-wasm is loaded for such a set and for nothing else', () => {
  const loadedBy = (operator: string): string => {
    const program = `
      import { createRequire } from 'node:module';
      import { preparePolicy } from '${new URL('../prepare.ts', import.meta.url)}';
      import { CLOSURES } from '${new URL('../evaluate.ts', import.meta.url)}';
      const world = JSON.parse(process.env.WORLD);
      preparePolicy(world, CLOSURES, { knows: (name) => name !== '${operator}' });
      const loaded = Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes('cedar-wasm'));
      process.stdout.write(String(loaded));`;
    const env = { ...process.env, WORLD: JSON.stringify(world) };
    return execFileSync(process.execPath, ['--input-type=module', '-e', program], { env, encoding: 'utf8' });
  };
  assert.deepEqual([loadedBy('none'), loadedBy('like')], ['false', 'true']);
});
