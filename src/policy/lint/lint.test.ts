/** What lint finds, rule by rule, and what a change does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compilePolicy } from '../bundle.ts';
import { decide } from '../decide.ts';
import { preparePolicy } from '../prepare.ts';
import {
  bundlesOf,
  compileWorld,
  domainsOf,
  requestOf,
  type ShortBundles,
  type ShortWorld,
  targetsOf,
} from '../testing.ts';
import { compareLevels, type Direction, type Finding, lintPolicies } from './index.ts';

const WORLD: ShortWorld = {
  domains: [{ name: 'shop' }],
  users: [{ name: 'ada', roles: ['clerk'] }],
  targets: [
    { kind: 'agent', name: 'front', domain: 'shop', operations: [{ name: 'ask', effect: 'read' }] },
    {
      kind: 'tool',
      name: 'till',
      domain: 'shop',
      operations: [
        { name: 'look', effect: 'read' },
        { name: 'refund', effect: 'irreversible' },
      ],
    },
  ],
};
const NAMES = {
  targets: targetsOf(WORLD),
  domains: domainsOf(WORLD),
  users: WORLD.users.map(({ name, roles = [] }) => ({ tenant: 'default', name, roles })),
};

const lint = (bundles: ShortBundles, world: ShortWorld = WORLD) =>
  lintPolicies({ bundles: bundlesOf(bundles), names: NAMES, targets: targetsOf(world), domains: domainsOf(world) });

const found = (policies: string, more: ShortBundles = {}) =>
  // Cedar says the same once for each action.
  [...new Set(lint({ org: { policies }, ...more }).map(lineOf))];

const lineOf = ({ severity, rule, file, line, policy }: Finding): string =>
  `${file}:${line} ${severity} ${rule} ${policy}`;

const named = (id: string, text: string): string => `@id("${id}") @reason("r") ${text}\n`;
const OPEN = named('open', 'permit (principal, action, resource);');

const table: readonly { promise: string; policies: string; finds: readonly string[]; more?: ShortBundles }[] = [
  { promise: 'good policies have no findings', policies: OPEN, finds: [] },
  { promise: 'an empty bundle is loud', policies: '// nothing\n', finds: ['org.cedar:0 error empty-bundle '] },
  {
    promise: 'a level of forbids alone denies everything',
    policies: named('f', 'forbid (principal is User, action, resource);'),
    finds: ['org.cedar:0 error no-permit '],
  },
  {
    promise: 'what apply refuses has its line',
    policies: `${OPEN}${named('typo', 'permit (principal, action, resource) when { context.deph > 1 };')}`,
    finds: ['org.cedar:2 error invalid typo'],
  },
  {
    promise: 'clauses that exclude each other never match',
    policies: `${OPEN}${named('x', 'permit (principal, action, resource) when { context.depth > 3 && context.depth < 3 };')}`,
    finds: ['org.cedar:2 error never-matches x'],
  },
  {
    promise: 'nor do clauses of different conditions',
    policies: `${OPEN}${named('x', 'forbid (principal, action, resource) when { resource.effect == "read" } unless { resource.effect == "read" };')}`,
    finds: ['org.cedar:2 error never-matches x'],
  },
  {
    promise: 'nor does a type that the validator finds impossible',
    policies: `${OPEN}${named('x', 'permit (principal is User, action, resource) when { principal is Agent };')}`,
    finds: ['org.cedar:2 error never-matches x'],
  },
  {
    promise: 'an action that the resource does not have matches nothing',
    policies: `${OPEN}${named('x', 'forbid (principal, action in Action::"InvokeAgent", resource in Tool::"till");')}`,
    finds: ['org.cedar:2 warning matches-nothing x'],
  },
  {
    promise: 'a role that no user has is a name that nobody has',
    policies: `${OPEN}${named('x', 'forbid (principal in Role::"clark", action, resource);')}`,
    finds: ['org.cedar:2 error unknown-name x'],
  },
  {
    promise: 'operations that do not exist are found in scopes and in conditions',
    policies: `${OPEN}${named('x', 'forbid (principal, action, resource == Operation::"tool/till/refnd");')}`,
    finds: ['org.cedar:2 error unknown-operation x'],
  },
  {
    promise: 'and in sets',
    policies: `${OPEN}${named('x', 'forbid (principal, action, resource) when { ["look", "refnd"].contains(context.operation) };')}`,
    finds: ['org.cedar:2 error unknown-operation x'],
  },
  {
    promise: 'a permit that is always forbidden is shadowed',
    policies: `${OPEN}${named('p', 'permit (principal is Agent, action, resource in Tool::"till");')}${named('f', 'forbid (principal, action, resource in Domain::"shop");')}`,
    finds: ['org.cedar:2 error shadowed p'],
  },
  {
    promise: 'a forbid of the organisation shadows permits of every level',
    policies: `${OPEN}${named('f', 'forbid (principal, action, resource in Tool::"till") when { context.session };')}`,
    more: {
      shop: {
        policies:
          named(
            'p',
            'permit (principal, action, resource in Tool::"till") when { context.session && context.depth < 2 };',
          ) + OPEN.replace('open', 'all').replace('permit (principal,', 'permit (principal is Agent,'),
      },
    },
    finds: ['shop.cedar:1 error shadowed p'],
  },
  {
    promise: 'a forbid that an approval cures shadows nothing',
    policies: `${named('p', 'permit (principal is Agent, action, resource);')}@remedy("approval") ${named('f', 'forbid (principal, action, resource);')}`,
    finds: [],
  },
  {
    promise: 'the same rule twice is a duplicate, whatever the order of its clauses',
    policies:
      named('a', 'permit (principal, action, resource) when { context.session && context.depth < 2 };') +
      named('b', 'permit (principal, action, resource) when { context.depth < 2 } when { context.session };'),
    finds: ['org.cedar:2 warning duplicate b'],
  },
  {
    promise: 'a rule that another one says already is implied',
    policies: `${OPEN}${named('p', 'permit (principal is User, action, resource) when { context.depth < 2 };')}`,
    finds: ['org.cedar:2 warning implied p'],
  },
];
for (const { promise, policies, finds, more } of table)
  test(promise, () => {
    assert.deepEqual(found(policies, more), finds);
  });

test('a message says what is wrong and what to do, with the nearest name', () => {
  const [finding] = lint({
    org: {
      policies: `${OPEN}${named('x', 'forbid (principal, action, resource) when { resource.name == "refnd" };')}`,
    },
  });
  assert.equal(finding?.message, 'no target has an operation `refnd`; did you mean `refund`?');
});

const DEPTH = 'permit (principal, action, resource) when { context.depth < 2 };';
const NEVER_DEEP = named('f', 'forbid (principal, action, resource) when { context.depth > 3 };');

const changes: readonly { promise: string; from: string; to: string; is: readonly string[] }[] = [
  { promise: 'nothing changed', from: OPEN, to: `// a remark\n${OPEN}`, is: [] },
  { promise: 'a permit more', from: named('p', DEPTH), to: named('p', DEPTH) + OPEN, is: ['wider open permit added'] },
  { promise: 'a permit more that was said already', from: OPEN, to: OPEN + named('p', DEPTH), is: [] },
  {
    promise: 'a permit less',
    from: OPEN + named('p', DEPTH),
    to: named('p', DEPTH),
    is: ['narrower open permit removed'],
  },
  { promise: 'a forbid less', from: OPEN + NEVER_DEEP, to: OPEN, is: ['wider f forbid removed'] },
  { promise: 'a forbid more', from: OPEN, to: OPEN + NEVER_DEEP, is: ['narrower f forbid added'] },
  {
    promise: 'a permit with fewer conditions',
    from: named('p', DEPTH),
    to: named('p', 'permit (principal, action, resource);'),
    is: ['wider p permit matches more'],
  },
  {
    promise: 'a permit with a smaller scope',
    from: named('p', DEPTH),
    to: named('p', DEPTH.replace('principal,', 'principal is User,')),
    is: ['narrower p permit matches less'],
  },
  {
    promise: 'a forbid with more conditions',
    from: OPEN + NEVER_DEEP,
    to: OPEN + NEVER_DEEP.replace('> 3', '> 3 && context.session'),
    is: ['wider f forbid matches less'],
  },
  {
    promise: 'a forbid that an approval cures from now on',
    from: OPEN + NEVER_DEEP,
    to: `${OPEN}@remedy("approval") ${NEVER_DEEP}`,
    is: ['wider f forbid matches less'],
  },
  {
    promise: 'a forbid that fewer people lift',
    from: `${OPEN}@remedy("approval") @approval("quorum=2") ${NEVER_DEEP}`,
    to: `${OPEN}@remedy("approval") ${NEVER_DEEP}`,
    is: ['wider f forbid matches less'],
  },
  {
    promise: 'another number, which nobody compares',
    from: OPEN + NEVER_DEEP,
    to: OPEN + NEVER_DEEP.replace('> 3', '> 2'),
    is: ['unclear f forbid changed'],
  },
  {
    promise: 'a forbid that became a permit',
    from: OPEN + named('f', 'forbid (principal is User, action, resource);'),
    to: named('f', 'permit (principal is User, action, resource);') + OPEN,
    is: ['wider f forbid became permit'],
  },
];
const levelsOf = async (bundles: ShortBundles) => (await compilePolicy(bundlesOf(bundles), NAMES)).levels;
const hierarchy = preparePolicy(await compileWorld(WORLD, { org: { policies: OPEN } })).tenants.get(
  'default',
)!.entities;
const compare = async (from: ShortBundles, to: ShortBundles) =>
  compareLevels(await levelsOf(from), await levelsOf(to), () => hierarchy);

for (const { promise, from, to, is } of changes)
  test(`against a base: ${promise}`, async () => {
    const seen = await compare({ org: { policies: from } }, { org: { policies: to } });
    assert.deepEqual(
      seen.map(({ direction, id, what }) => `${direction} ${id} ${what}`),
      is,
    );
  });

test('against a base: a level more asks one more, and a level less asks one less', async () => {
  const org = { policies: OPEN };
  const shop = { policies: OPEN };
  assert.deepEqual(
    (await compare({ org }, { org, shop })).map(({ direction }) => direction),
    ['narrower'],
  );
  assert.deepEqual(
    (await compare({ org, shop }, { org })).map(({ direction }) => direction),
    ['wider'],
  );
});

test('against a base: limits only tighten, so one that asks for less is wider', async () => {
  const limit = (text: string) => ({
    org: { policies: OPEN, limits: `@id("l") ${text} permit (principal, action, resource);` },
  });
  const direction = async (from: string, to: string) =>
    (await compare(limit(from), limit(to))).map((one) => one.direction);
  assert.deepEqual(await direction('@timeout_ms("100")', '@timeout_ms("200")'), ['wider']);
  assert.deepEqual(await direction('@timeout_ms("200")', '@timeout_ms("100")'), ['narrower']);
  assert.deepEqual(await direction('@timeout_ms("200")', '@max_tokens("100")'), ['unclear']);
  assert.deepEqual(await direction('@redact_in("/a,/b")', '@redact_in("/b")'), ['wider']);
  assert.deepEqual(await direction('@rate("9/1s")', '@rate("9/1s,99/60s")'), ['narrower']);
  assert.deepEqual(await direction('@rate("9/1s")', '@rate("8/1s")'), ['unclear']);
  assert.deepEqual(await direction('@log_payload("none")', '@log_payload("full")'), ['wider']);
});

const rule = fc
  .tuple(
    fc.constantFrom('permit', 'permit', 'forbid'),
    fc.constantFrom('principal', 'principal is Agent', 'principal == Agent::"front"'),
    fc.constantFrom('resource', 'resource in Tool::"till"', 'resource == Operation::"tool/till/look"'),
    fc.subarray(['context.depth < 2', 'context.session', 'resource.effect == "read"']),
  )
  .map(
    ([effect, who, what, clauses]) =>
      `${effect} (${who}, action, ${what}) when { ${['true', ...clauses].join(' && ')} };`,
  );
const bundle = fc
  .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c'), rule), { selector: ([id]) => id, minLength: 1 })
  .map((rules) => rules.map(([id, text]) => named(id, text)).join(''));

const QUESTIONS = ['tool/till/look', 'tool/till/refund'].flatMap((call) =>
  [{ agent: 'front' }, { user: 'ada' }].flatMap((who) => [0, 5].map((depth) => ({ ...who, call, depth }))),
);

test('what is called narrower never allows more, what is called wider never less, and no change changes nothing', async () => {
  const seen: Record<Direction | 'none', number> = { wider: 0, narrower: 0, unclear: 0, none: 0 };
  await fc.assert(
    fc.asyncProperty(bundle, bundle, async (from, to) => {
      const directions = new Set(
        (await compare({ org: { policies: from } }, { org: { policies: to } })).map((one) => one.direction),
      );
      const [before, after] = await Promise.all(
        [from, to].map(async (policies) => preparePolicy(await compileWorld(WORLD, { org: { policies } }))),
      );
      for (const ask of QUESTIONS)
        for (const session of [true, false]) {
          const request = { ...requestOf(ask), session };
          const then = decide(before!, request).effect === 'allow';
          const now = decide(after!, request).effect === 'allow';
          if (!directions.has('wider') && !directions.has('unclear')) assert.ok(then || !now, `${from}\n->\n${to}`);
          if (!directions.has('narrower') && !directions.has('unclear')) assert.ok(now || !then, `${from}\n->\n${to}`);
        }
      seen[directions.size === 1 ? ([...directions][0] as Direction) : directions.size === 0 ? 'none' : 'unclear'] += 1;
    }),
    { numRuns: 60 },
  );
  assert.ok(seen.wider > 0 && seen.narrower > 0, JSON.stringify(seen));
});
