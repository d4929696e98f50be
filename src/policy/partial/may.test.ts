/** Three-valued answers against brute force: every question is also asked of all concrete contexts that the rules could tell apart. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import type { PolicyEntry, RecordArgument } from '../../contract/index.ts';
import { findCase } from '../case.ts';
import { evaluate } from '../evaluate.ts';
import { Datetime } from '../extension/time.ts';
import { type PreparedPolicy, preparePolicy } from '../prepare.ts';
import { ACTION_PARENTS, CEDAR_LANGUAGE } from '../schema.ts';
import { type Ask, domainsOf, requestOf, type ShortWorld, targetsOf } from '../testing.ts';
import { CedarRecord, fieldsFromJson, fromJson, type Value } from '../value.ts';
import { type Circumstances, explainMay, mayAllow } from './index.ts';

const WORLD: ShortWorld = {
  domains: [{ name: 'shop' }, { name: 'desk', parent: 'shop' }],
  users: [],
  targets: [
    { kind: 'agent', name: 'front', domain: 'desk', operations: [{ name: 'ask', effect: 'read' }] },
    { kind: 'agent', name: 'lone', operations: [{ name: 'run', effect: 'write' }] },
    {
      kind: 'tool',
      name: 'till',
      domain: 'shop',
      labels: { tier: 'gold' },
      operations: [
        { name: 'look', effect: 'read' },
        { name: 'refund', effect: 'irreversible' },
      ],
    },
    { kind: 'model', name: 'big', operations: [{ name: 'chat', effect: 'spend' }] },
  ],
};

const OPERATIONS = WORLD.targets.flatMap(({ kind, name, operations }) =>
  operations.map((operation) => `${kind}/${name}/${operation.name}`),
);

const field = (name: string, is: 'string' | 'boolean' | 'long' | 'decimal', required: boolean) => ({
  name,
  required,
  type: { is },
});
const ARGUMENTS: RecordArgument = {
  is: 'record',
  closed: false,
  fields: [
    field('amount', 'long', true),
    field('flag', 'boolean', true),
    field('note', 'string', false),
    field('rate', 'decimal', true),
    ...Array.from({ length: 16 }, (_, at) => field(`b${at}`, 'boolean', true)),
  ],
};

/** Not validated, so that rules may speak of arguments, which have a type only where an operation declares one. */
const entriesOf = (texts: readonly string[]): PolicyEntry[] =>
  texts.map((text, index) => {
    const answer = cedar.policyToJson(text);
    assert.equal(answer.type, 'success', text);
    const { annotations = {}, ...est } = answer.json;
    const named = Object.fromEntries(Object.entries(annotations).map(([name, value]) => [name, value ?? '']));
    return { id: named['id'] ?? `p${index}`, effect: est.effect, annotations: named, est };
  });

const prepared = (
  levels: Readonly<Record<string, { policies: readonly string[]; limits?: readonly string[] }>>,
  type: RecordArgument | null = ARGUMENTS,
) =>
  preparePolicy({
    policy: {
      version: 'sha256:0',
      cedar: CEDAR_LANGUAGE,
      actionParents: ACTION_PARENTS,
      arguments: type === null ? [] : OPERATIONS.map((operation) => ({ tenant: 'default', operation, type })),
      levels: Object.entries(levels).map(([level, { policies, limits = [] }]) => ({
        tenant: 'default',
        level,
        policies: entriesOf(policies),
        limits: entriesOf(limits),
      })),
    },
    targets: targetsOf(WORLD),
    domains: domainsOf(WORLD),
  });

const may = (policy: PreparedPolicy, ask: Ask, circumstances?: Circumstances) => {
  const { principal, target } = requestOf(ask);
  return mayAllow(policy, principal, target, circumstances);
};
const org = (...policies: string[]) => prepared({ org: { policies } });
const OPEN = 'permit (principal, action, resource);';
const ASK: Ask = { agent: 'lone', call: 'tool/till/look' };

const table: readonly { promise: string; policies: readonly string[]; is: string; given?: Circumstances['context'] }[] =
  [
    { promise: 'what no condition guards is yes', policies: [OPEN], is: 'yes' },
    { promise: 'what no rule permits is no', policies: ['permit (principal is User, action, resource);'], is: 'no' },
    {
      promise: 'what depends on the depth is maybe',
      policies: ['permit (principal, action, resource) when { context.depth < 3 };'],
      is: 'maybe',
    },
    {
      promise: 'an assumption decides it',
      policies: ['permit (principal, action, resource) when { context.depth < 3 };'],
      given: { depth: 3 },
      is: 'no',
    },
    {
      promise: 'conditions that exclude each other are no',
      policies: ['permit (principal, action, resource) when { context.depth > 3 && context.depth < 4 };'],
      is: 'no',
    },
    {
      promise: 'a permit that is forbidden under the same condition is no',
      policies: [
        'permit (principal, action, resource) when { context.args.note like "a*" };',
        'forbid (principal, action, resource) when { context.args.note like "a*" };',
      ],
      is: 'no',
    },
    {
      promise: 'conditions that complete each other are yes',
      policies: [
        'permit (principal, action, resource) when { context.hourUtc < 8 };',
        'permit (principal, action, resource) when { context.hourUtc >= 8 };',
      ],
      is: 'yes',
    },
    {
      promise: 'bounds of the world count: no depth is below zero, no hour is after 23',
      policies: ['permit (principal, action, resource) when { context.depth < 0 || context.hourUtc > 23 };'],
      is: 'no',
    },
    {
      promise: 'an argument is assumed with the records that it is in',
      policies: [
        'permit (principal, action, resource) when { context has args.amount && context.args.amount <= 500 };',
      ],
      given: { args: { amount: 500 } },
      is: 'yes',
    },
    {
      promise: 'a forbid that may fail makes a yes to a maybe',
      policies: [OPEN, 'forbid (principal, action, resource) when { context.depth + 9007199254740991 < 0 };'],
      is: 'maybe',
    },
    {
      promise: 'a forbid that always fails denies',
      policies: [OPEN, 'forbid (principal, action, resource) when { principal.nothing == context.depth };'],
      is: 'no',
    },
    {
      promise: 'what an approval can open is maybe',
      policies: [OPEN, '@remedy("approval") forbid (principal, action, resource);'],
      is: 'maybe',
    },
    {
      promise: 'decimals have an order too',
      policies: [
        'permit (principal, action, resource) when { context.args.rate.lessThan(decimal("1.5")) && decimal("1.5").lessThan(context.args.rate) };',
      ],
      is: 'no',
    },
    {
      promise: 'and a place between two of them',
      policies: [
        'permit (principal, action, resource) when { context.args.rate.greaterThan(decimal("1.5")) && context.args.rate.lessThan(decimal("1.5002")) };',
      ],
      is: 'maybe',
    },
    {
      promise: 'also beyond what a double holds exactly',
      policies: [
        'permit (principal, action, resource) when { context.args.rate.greaterThan(decimal("900000000000000.0")) };',
      ],
      is: 'maybe',
    },
    {
      promise: 'what is known decides before what is not',
      policies: ['permit (principal, action, resource) when { context.args.note like "a*" && principal is User };'],
      is: 'no',
    },
  ];
for (const { promise, policies, is, given } of table)
  test(promise, () => {
    assert.equal(may(org(...policies), ASK, given === undefined ? {} : { context: given }), is);
  });

test('declared arguments are there, undeclared ones are not, and optional ones may be', () => {
  const has = (text: string, type: RecordArgument | null = ARGUMENTS) =>
    may(prepared({ org: { policies: [`permit (principal, action, resource) when { ${text} };`] } }, type), ASK);
  assert.equal(has('context has args'), 'yes');
  assert.equal(has('context has args', null), 'no');
  assert.equal(has('context has args.amount'), 'yes');
  assert.equal(has('context has args.note'), 'maybe');
  assert.equal(has('context has args.nothing'), 'no');
  assert.equal(has('context has args.amount.deeper'), 'no');
  assert.equal(has('context.args.amount < 5', null), 'no');
  assert.equal(has('!(context has args) || context.args.flag', null), 'yes');
});

test('a permit that is over is not shown any more', () => {
  const policy = org('permit (principal, action, resource) when { context.now < datetime("2026-06-01") };');
  assert.equal(may(policy, ASK, { fromMs: Date.parse('2026-05-31') }), 'maybe');
  assert.equal(may(policy, ASK, { fromMs: Date.parse('2026-06-01') }), 'no');
});

test('every level must permit, and a limit may take a model away', () => {
  const limits = ['@models("small") permit (principal, action, resource) when { context.depth > 1 };'];
  const ask: Ask = { agent: 'front', call: 'model/big/chat' };
  assert.equal(may(prepared({ org: { policies: [OPEN] } }), ask), 'yes');
  assert.equal(may(prepared({ org: { policies: [OPEN] }, desk: { policies: [] } }), ask), 'no');
  assert.equal(may(prepared({ org: { policies: [OPEN], limits } }), ask), 'maybe');
  assert.equal(may(prepared({ org: { policies: [OPEN], limits } }), ask, { context: { depth: 2 } }), 'no');
});

test('nobody, somebody unknown and an operation that does not exist are no, with the reason', () => {
  const { principal, target } = requestOf(ASK);
  assert.equal(explainMay(org(OPEN), null, target).refusal?.code, 'UNKNOWN_PRINCIPAL');
  assert.equal(explainMay(org(OPEN), principal, { ...target, operation: 'nope' }).refusal?.code, 'UNKNOWN_OPERATION');
});

test('an answer names the rules of both sides and what decides between them', () => {
  const policy = org(
    '@id("open") permit (principal, action, resource);',
    '@id("deep") forbid (principal, action, resource) when { context.depth > 3 };',
  );
  const { principal, target } = requestOf(ASK);
  const answer = explainMay(policy, principal, target);
  assert.equal(answer.may, 'maybe');
  assert.deepEqual(
    answer.permitting.map(({ entry }) => entry.id),
    ['open'],
  );
  assert.deepEqual(
    answer.denying.map(({ entry }) => entry.id),
    ['deep'],
  );
  assert.deepEqual(
    answer.depends.map(({ on, clauses }) => [on, clauses]),
    [['context.depth', ['context.depth > 3']]],
  );
});

test('a question that would take too long is maybe and not no', () => {
  const bits = Array.from({ length: 16 }, (_, at) => `context.args.b${at}`);
  const odd = bits.map((bit) => `(if ${bit} then 1 else 0)`).join(' + ');
  const every = bits.map((bit) => `(${bit} || !${bit})`).join(' && ');
  const policy = org(`permit (principal, action, resource) when { ${every} && ${odd} == 99 && 1 == 2 };`);
  assert.equal(may(policy, ASK), 'maybe');
});

/** Conditions by the dimension of the context that they are about. */
const CONDITIONS: Readonly<Record<string, readonly string[]>> = {
  depth: [
    'context.depth < 2',
    'context.depth >= 2',
    'context.depth == 4',
    '[1, 3].contains(context.depth)',
    '5 <= context.depth',
  ],
  session: ['context.session', '!context.session', 'context.session == true'],
  priority: ['context.priority == 3', 'context.priority < 2', 'context.priority != 1'],
  hour: ['context.hourUtc >= 8 && context.hourUtc < 18', 'context.hourUtc < 8', 'context.hourUtc == 23'],
  now: ['context.now < datetime("2026-06-01")', 'context.now >= datetime("2026-06-01")'],
  amount: ['context.args.amount <= 100', 'context.args.amount > 100', 'context.args.amount == 10'],
  flag: ['context.args.flag', 'context has args && context.args.flag'],
  note: [
    'context.args has note && context.args.note == "a"',
    'context.args has note && ["a", "b"].contains(context.args.note)',
    'context.args has note && context.args.note != resource.effect',
    '!(context.args has note)',
  ],
  none: [
    'principal is User',
    'resource.effect == "read"',
    'principal == Agent::"front"',
    'resource.nothing == 1',
    'true',
  ],
};

const VALUES: Readonly<Record<string, readonly (readonly [string, unknown])[]>> = {
  depth: [0, 1, 2, 3, 4, 5, 6].map((value) => ['depth', value]),
  session: [true, false].map((value) => ['session', value]),
  priority: [1, 2, 3].map((value) => ['priority', value]),
  hour: [0, 7, 8, 17, 18, 22, 23].map((value) => ['hourUtc', value]),
  now: ['2026-05-31', '2026-06-01', '2027-01-01'].map((value) => ['now', value]),
  amount: [-5, 9, 10, 11, 100, 101].map((value) => ['args.amount', value]),
  flag: [true, false].map((value) => ['args.flag', value]),
  note: ['a', 'b', 'read', 'write', 'spend', 'irreversible', 'zz', undefined].map((value) => ['args.note', value]),
  none: [],
};

const DEFAULTS = {
  depth: 0,
  session: false,
  priority: 2,
  hourUtc: 10,
  now: '2026-07-01',
  'args.amount': 1,
  'args.flag': false,
};

/** All contexts that differ in the given dimensions. */
const contextsOf = (dimensions: readonly string[]): Map<string, Value>[] => {
  let flat: Record<string, unknown>[] = [DEFAULTS];
  for (const dimension of dimensions) {
    const values = VALUES[dimension] ?? [];
    if (values.length > 0) flat = flat.flatMap((one) => values.map(([name, value]) => ({ ...one, [name]: value })));
  }
  return flat.map(({ now, ...one }) => {
    const fields = Object.entries(one).filter(([, value]) => value !== undefined);
    const args = fields.flatMap(([name, value]) => (name.startsWith('args.') ? [[name.slice(5), value]] : []));
    return new Map<string, Value>([
      ...fields.flatMap(([name, value]): [string, Value][] =>
        name.startsWith('args.') ? [] : [[name, fromJson(value)]],
      ),
      ['now', new Datetime(Date.parse(String(now)))],
      ['args', new CedarRecord(fieldsFromJson(Object.fromEntries(args)))],
    ]);
  });
};

/** The decision in its plainest form. */
const allowed = (policy: PreparedPolicy, ask: Ask, context: ReadonlyMap<string, Value>): boolean => {
  const { principal, target } = requestOf(ask);
  const found = findCase(policy, principal, target);
  if ('code' in found) return false;
  const { operation } = found.operation;
  const known: [string, Value][] = [
    ['operation', operation.name],
    ['effect', operation.effect],
    ['tenant', 'default'],
  ];
  const env = { ...found.case.env, context: new CedarRecord(new Map([...known, ...context])) };
  return found.case.levels.every(({ policies }) => {
    const { permits, forbids, failed } = evaluate(policies, env);
    return permits.length > 0 && forbids.length === 0 && failed.every(({ policy }) => policy.entry.effect === 'permit');
  });
};

const QUESTIONS: readonly Ask[] = [
  ...[{ agent: 'front' }, { agent: 'lone' }, { user: 'ada' }].flatMap((who) =>
    ['tool/till/look', 'tool/till/refund', 'agent/lone/run', 'model/big/chat'].map((call) => ({ ...who, call })),
  ),
];

const dimensionsOf = fc.uniqueArray(fc.constantFrom(...Object.keys(CONDITIONS)), { minLength: 2, maxLength: 3 });

const policiesOver = (conditions: readonly string[]): fc.Arbitrary<string> => {
  const one = fc.constantFrom(...conditions);
  const body = fc.oneof(
    one,
    fc.tuple(one, fc.constantFrom('&&', '||'), one).map(([a, op, b]) => `(${a}) ${op} (${b})`),
    fc.tuple(one, one, one).map(([a, b, c]) => `if ${a} then ${b} else ${c}`),
    one.map((a) => `!(${a})`),
  );
  return fc
    .tuple(
      fc.constantFrom('permit', 'permit', 'forbid'),
      fc.constantFrom('principal', 'principal', 'principal is Agent'),
      fc.constantFrom('resource', 'resource', 'resource in Tool::"till"'),
      fc.constantFrom('when', 'when', 'unless'),
      body,
    )
    .map(([effect, who, what, kind, text]) => `${effect} (${who}, action, ${what}) ${kind} { ${text} };`);
};

const round = dimensionsOf.chain((dimensions) => {
  const pool = dimensions.flatMap((dimension) => CONDITIONS[dimension] ?? []);
  const level = fc.array(policiesOver(pool), { minLength: 1, maxLength: 4 });
  return fc.record({ dimensions: fc.constant(dimensions), org: level, shop: fc.option(level, { nil: undefined }) });
});

test('against brute force: nothing callable is hidden, nothing never-callable is shown, and a yes is always a yes', (t) => {
  const seen = { questions: 0, yes: 0, no: 0, maybe: 0, contexts: 0 };
  fc.assert(
    fc.property(round, ({ dimensions, org: top, shop }) => {
      const policy = prepared({
        org: { policies: top },
        ...(shop === undefined ? {} : { shop: { policies: [...shop, OPEN] } }),
      });
      const contexts = contextsOf(dimensions);
      for (const ask of QUESTIONS) {
        const answers = new Set(contexts.map((context) => allowed(policy, ask, context)));
        const expected = answers.size === 2 ? 'maybe' : answers.has(true) ? 'yes' : 'no';
        const answer = may(policy, ask);
        assert.equal(answer, expected, JSON.stringify({ ask, top, shop }));
        seen.questions += 1;
        seen.contexts += contexts.length;
        seen[answer] += 1;
      }
    }),
    { numRuns: 300 },
  );
  t.diagnostic(JSON.stringify(seen));
  assert.ok(seen.questions >= 3_000 && Math.min(seen.yes, seen.no, seen.maybe) > 100);
});

/** Operators over unknowns that are a yes or no of their own, whatever they mean. */
const OPAQUE = [
  'context.args.note like "a*"',
  'context.args.amount + context.depth > 100',
  'context.args.amount * 2 == 20',
  'context.now.toTime() >= duration("8h")',
  'context.args.amount == context.depth',
  '(if context.session then context.depth else 7) > 3',
  'context.depth < 3',
  'principal is Agent',
];

test('where rules compute with unknowns, nothing callable is hidden and a yes is still a yes', () => {
  const dimensions = ['depth', 'amount', 'note', 'session'];
  const contexts = contextsOf(dimensions).filter((context) => (context.get('args') as CedarRecord).fields.has('note'));
  fc.assert(
    fc.property(fc.array(policiesOver(OPAQUE), { minLength: 2, maxLength: 4 }), (policies) => {
      const policy = org(...policies);
      for (const ask of QUESTIONS.slice(0, 4)) {
        const answers = new Set(contexts.map((context) => allowed(policy, ask, context)));
        const answer = may(policy, ask);
        if (answer === 'yes') assert.deepEqual([...answers], [true], JSON.stringify({ ask, policies }));
        if (answer === 'no') assert.deepEqual([...answers], [false], JSON.stringify({ ask, policies }));
      }
    }),
    { numRuns: 60 },
  );
});
