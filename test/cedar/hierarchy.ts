/** The promise of levels on random chains of domains: a child may tighten and can never loosen, whatever it writes. */
import assert from 'node:assert/strict';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import type {
  Constraints,
  Decision,
  LogPayload,
  PolicyEntry,
  PolicyLevel,
  RateLimit,
  TargetEntry,
} from '../../src/contract/index.ts';
import { argumentsFromSchema } from '../../src/policy/arguments/index.ts';
import { meet } from '../../src/policy/constraints.ts';
import { decide, type PolicyRequest } from '../../src/policy/decide.ts';
import { type PolicyWorld, preparePolicy } from '../../src/policy/prepare.ts';
import { ACTION_PARENTS, CEDAR_LANGUAGE } from '../../src/policy/schema.ts';
import { domainsOf, requestOf, type ShortWorld, targetsOf } from '../../src/policy/testing.ts';
import { Tallying } from './tally.ts';

/** How the levels of a chain become one decision: `org` first, then each domain below it. */
export type Join = (levels: readonly PolicyLevel[], request: PolicyRequest) => Decision;

const WORLD: ShortWorld = {
  domains: [{ name: 'sales' }, { name: 'emea', parent: 'sales' }, { name: 'berlin', parent: 'emea' }],
  users: [],
  targets: [
    { kind: 'agent', name: 'planner', domain: 'berlin', operations: [{ name: 'run', effect: 'read' }] },
    { kind: 'tool', name: 'ledger', domain: 'emea', operations: [{ name: 'post', effect: 'spend' }] },
    { kind: 'model', name: 'small', operations: [{ name: 'chat', effect: 'spend' }] },
  ],
};
const CHAIN = ['org', 'sales', 'emea', 'berlin'] as const;
const TARGETS: readonly TargetEntry[] = targetsOf(WORLD);
const DOMAINS = domainsOf(WORLD);

const INPUT = { type: 'object', required: ['amount'], properties: { amount: { type: 'integer' } } };
const ARGUMENTS = [{ tenant: 'default', operation: 'tool/ledger/post', type: argumentsFromSchema(INPUT).type! }];

const worldOf = (levels: readonly PolicyLevel[]): PolicyWorld => ({
  policy: { version: 'random', cedar: CEDAR_LANGUAGE, actionParents: ACTION_PARENTS, arguments: ARGUMENTS, levels },
  targets: TARGETS,
  domains: DOMAINS,
});

/** Every level asked, and all must permit. */
export const byLevels: Join = (levels, request) => decide(preparePolicy(worldOf(levels)), request);

/** The planted mistake: one set of all levels, in which the permit of a child speaks for its parent. */
export const asOneSet: Join = (levels, request) =>
  byLevels([{ ...levels[0]!, policies: allOf(levels, 'policies'), limits: allOf(levels, 'limits') }], request);

const allOf = (levels: readonly PolicyLevel[], part: 'policies' | 'limits'): PolicyEntry[] =>
  levels.flatMap((level) => level[part]);

const conditions = fc.constantFrom(
  'true',
  'true',
  'context.depth < 2',
  'context.depth > 0',
  'context.effect == "read"',
  'resource.name == "run"',
  'principal in Domain::"sales"',
  'context.depth * 9007199254740991 * 9007199254740991 >= 0',
  'principal.missing == 1',
  'context has args && context.args.amount > 5',
  'context.args.amount < 9',
);

const scope = fc.constantFrom(
  'principal, action, resource',
  'principal, action, resource',
  'principal is Agent, action, resource',
  'principal, action in Action::"CallTool", resource',
  'principal, action == Action::"tool/ledger/post", resource',
  'principal, action in Action::"Call", resource in Domain::"emea"',
  'principal, action, resource in Agent::"planner"',
);

const rule = fc
  .record({
    effect: fc.constantFrom('permit', 'permit', 'permit', 'forbid'),
    scope,
    when: conditions,
    approval: fc.boolean(),
  })
  .map(({ effect, scope, when, approval }) => ({
    text: `${effect} (${scope}) when { ${when} };`,
    annotations: effect === 'forbid' && approval ? { remedy: 'approval' } : {},
  }));

const limit = fc
  .record({
    scope,
    when: fc.oneof({ weight: 9, arbitrary: fc.constant('true') }, conditions),
    annotations: fc.constantFrom<Readonly<Record<string, string>>>(
      { timeout_ms: '5000' },
      { timeout_ms: '100', priority: 'batch' },
      { max_tokens: '500' },
      { concurrency: '7' },
      { concurrency: '3', timeout_ms: '900' },
      { max_tokens: '20', models: 'small, large' },
      { models: 'large' },
      { priority: 'standard' },
      { rate: '5/1s, 100/60s', redact_in: '/amount' },
      { rate: '5/1s', redact_out: '/amount,/note', budget_class: 'dear' },
      { budget_class: 'standard', log_payload: 'hash-only' },
      { log_payload: 'none' },
    ),
  })
  .map(({ scope, when, annotations }) => ({ text: `permit (${scope}) when { ${when} };`, annotations }));

const EVERYONE = { text: 'permit (principal, action, resource);', annotations: {} };

const level = fc.record({
  // Half of the levels permit by default, so that enough calls reach the rules of the others.
  policies: fc
    .tuple(fc.boolean(), fc.array(rule, { maxLength: 4 }))
    .map(([open, rules]) => (open ? [EVERYONE, ...rules] : rules)),
  limits: fc.array(limit, { maxLength: 2 }),
});

const cases = fc.record({
  levels: fc.array(level, { minLength: 2, maxLength: CHAIN.length }),
  call: fc.constantFrom('tool/ledger/post', 'agent/planner/run', 'model/small/chat'),
  depth: fc.integer({ min: 0, max: 3 }),
  body: fc.constantFrom<object>({ amount: 3 }, { amount: 9 }, { amount: 'many' }),
});

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;
type Rule = Case['levels'][number]['limits'][number];

/** Texts repeat, and parsing is what costs. */
const trees = new Map<string, { readonly effect: 'permit' | 'forbid' }>();

const treeOf = (text: string): { readonly effect: 'permit' | 'forbid' } => {
  const known = trees.get(text);
  if (known !== undefined) return known;
  const answer = cedar.policyToJson(text);
  assert.equal(answer.type, 'success', text);
  trees.set(text, answer.json);
  return answer.json;
};

const entriesOf = (rules: readonly Rule[], prefix: string): PolicyEntry[] =>
  rules.map(({ text, annotations }, index) => {
    const id = `${prefix}${index}`;
    const est = treeOf(text);
    return { id, effect: est.effect, annotations: { id, ...annotations }, est };
  });

const levelsOf = ({ levels }: Case): PolicyLevel[] =>
  levels.map(({ policies, limits }, index) => ({
    tenant: 'default',
    level: CHAIN[index]!,
    policies: entriesOf(policies, `${CHAIN[index]}-p`),
    limits: entriesOf(limits, `${CHAIN[index]}-l`),
  }));

const BATCH = 500;

/** Ends with the batch in which a promise was broken. */
export const checkHierarchy = (
  join: Join,
  { seed, count }: { readonly seed: number; readonly count: number },
): Tallying => {
  const tally = new Tallying();
  for (let done = 0; done < count && tally.differences.length === 0; done += BATCH) {
    const drawn = { seed: seed + done, numRuns: Math.min(BATCH, count - done) };
    for (const each of fc.sample(cases, drawn)) checkCase(join, each, tally);
    for (const [a, b, c] of fc.sample(fc.tuple(constraints, constraints, constraints), drawn))
      checkMeet(a, b, c, tally);
  }
  return tally;
};

const RANK = { deny: 0, require_approval: 1, allow: 2 } as const;
const rank = ({ effect }: Decision): number => RANK[effect];

const checkCase = (join: Join, drawn: Case, tally: Tallying): void => {
  const levels = levelsOf(drawn);
  const request = requestOf({ agent: 'planner', call: drawn.call, depth: drawn.depth, body: drawn.body });
  const where = () => JSON.stringify(drawn);
  // The chain cut below each level: what was decided before the next child said anything.
  const chain = levels.map((_, last) => join(levels.slice(0, last + 1), request));
  const pairs = chain.slice(1).map((child, index) => ({ parent: chain[index]!, child }));
  tally.count('cases');
  tally.count(chain.at(-1)?.effect ?? 'deny');
  tally.hold(
    'a child never loosens',
    pairs.every(({ parent, child }) => rank(child) <= rank(parent)),
    where,
  );
  tally.hold(
    'a child only tightens limits',
    pairs.every(({ parent, child }) => rank(child) === 0 || within(child.constraints, parent.constraints)),
    where,
  );
  const alone = levels.map((each) => rank(byLevels([{ ...each, level: 'org' }], request)));
  tally.hold('the whole is AND of the levels', rank(chain.at(-1)!) === Math.min(...alone), where);
};

/** `inner` grants nothing that `outer` does not. */
const within = (inner: Constraints, outer: Constraints): boolean =>
  atMost(inner.timeoutMs, outer.timeoutMs) &&
  atMost(inner.maxTokens, outer.maxTokens) &&
  (inner.priority ?? 0) >= (outer.priority ?? 0) &&
  (outer.models === undefined || (inner.models?.every((name) => outer.models?.includes(name)) ?? false)) &&
  hasAll(inner.rates?.map(rateText), outer.rates?.map(rateText)) &&
  atMost(inner.concurrency?.count, outer.concurrency?.count) &&
  hasAll(inner.redactIn, outer.redactIn) &&
  hasAll(inner.redactOut, outer.redactOut) &&
  hasAll(inner.budgetClass?.split('+'), outer.budgetClass?.split('+')) &&
  LOG_ORDER.indexOf(inner.logPayload) >= LOG_ORDER.indexOf(outer.logPayload);

const LOG_ORDER: readonly Constraints['logPayload'][] = [undefined, 'full', 'hash-only', 'none'];
const rateText = ({ count, windowMs }: RateLimit): string => `${count}/${windowMs}`;
const hasAll = (inner: readonly string[] = [], outer: readonly string[] = []): boolean =>
  outer.every((each) => inner.includes(each));

const atMost = (inner: number | undefined, outer: number | undefined): boolean =>
  (inner ?? Number.POSITIVE_INFINITY) <= (outer ?? Number.POSITIVE_INFINITY);

const constraints: fc.Arbitrary<Constraints> = fc.record(
  {
    timeoutMs: fc.integer({ min: 1, max: 10_000 }),
    maxTokens: fc.integer({ min: 1, max: 10_000 }),
    models: fc.subarray(['small', 'large', 'other']),
    priority: fc.constantFrom(1, 2, 3),
    rates: fc.subarray<RateLimit>([
      { count: 5, windowMs: 1_000, rule: 'org/a' },
      { count: 5, windowMs: 1_000, rule: 'org/b' },
      { count: 100, windowMs: 60_000, rule: 'org/a' },
    ]),
    concurrency: fc.record({ count: fc.integer({ min: 1, max: 9 }), rule: fc.constantFrom('org/a', 'org/b') }),
    redactIn: fc.subarray(['/a', '/b']),
    redactOut: fc.subarray(['/a', '/b']),
    budgetClass: fc.constantFrom('dear', 'standard', 'dear+standard'),
    logPayload: fc.constantFrom<LogPayload>('full', 'hash-only', 'none'),
  },
  { requiredKeys: [] },
);

/** Constraints as one text, whatever the order of their models. */
const canonical = ({ models, rates, ...rest }: Constraints): string =>
  JSON.stringify([
    models && [...models].sort(),
    rates && [...new Set(rates.map(rateText))].sort(),
    Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);

const checkMeet = (a: Constraints, b: Constraints, c: Constraints, tally: Tallying): void => {
  const where = () => JSON.stringify([a, b, c]);
  const same = (x: Constraints, y: Constraints): boolean => canonical(x) === canonical(y);
  const both = meet(a, b);
  tally.hold('meet is a lower bound', within(both, a) && within(both, b), where);
  tally.hold('meet is commutative', same(both, meet(b, a)), where);
  tally.hold('meet is associative', same(meet(both, c), meet(a, meet(b, c))), where);
  tally.hold('meet is idempotent', same(meet(a, a), a), where);
};
