/** The slow, obvious decision: every level asked in full through cedar-wasm, with no slicing and no memo, against `decide`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import type { PolicyLevel, Principal } from '../contract/index.ts';
import { argumentsFromSchema } from './arguments/index.ts';
import { decide, type PolicyRequest } from './decide.ts';
import { type PolicyWorld, preparePolicy } from './prepare.ts';
import { ACTION_OF, ACTION_PARENTS, operationId, schemaOf, TYPE_OF } from './schema.ts';
import { type Ask, compileWorld, requestOf, type ShortWorld } from './testing.ts';

const TRANSFER = {
  type: 'object',
  required: ['amount', 'to'],
  additionalProperties: false,
  properties: {
    amount: { type: 'integer', minimum: 1 },
    price: { type: 'number' },
    tags: { type: 'array', items: { type: 'string' } },
    to: {
      type: 'object',
      required: ['iban'],
      properties: { iban: { type: 'string' }, country: { enum: ['de', 'fr'] } },
    },
    note: { type: ['string', 'null'] },
  },
};

/** The same name with another type, so that a rule for one must not be read as a rule for the other. */
const DROP = { type: 'object', properties: { amount: { type: 'string' }, price: { type: 'number' } } };

const WORLD: ShortWorld = {
  domains: [{ name: 'sales' }, { name: 'emea', parent: 'sales' }, { name: 'finance' }],
  users: [{ name: 'ann', roles: ['refunder', 'clerk'] }],
  targets: [
    {
      kind: 'agent',
      name: 'planner',
      domain: 'emea',
      labels: { tier: 'gold' },
      operations: [{ name: 'run', effect: 'read' }],
    },
    { kind: 'agent', name: 'loner', operations: [{ name: 'run', effect: 'write' }] },
    {
      kind: 'tool',
      name: 'planner',
      domain: 'sales',
      operations: [
        { name: 'run', effect: 'read' },
        { name: 'drop', effect: 'irreversible', input: DROP },
      ],
    },
    {
      kind: 'tool',
      name: 'ledger',
      domain: 'finance',
      labels: { tier: 'iron' },
      operations: [{ name: 'post', effect: 'spend', input: TRANSFER }],
    },
    { kind: 'model', name: 'small', operations: [{ name: 'chat', effect: 'spend' }] },
  ],
};

const uid = (type: string, id: string) => ({ type, id });
const inDomain = (domain: string) => (domain === '' ? [] : [uid('Domain', domain)]);

/** The whole registry, written down once more and independently of `prepare`. */
const entitiesFor = (world: PolicyWorld, { kind, id, roles }: Principal) => [
  ...Object.entries(ACTION_PARENTS).map(([name, groups]) => ({
    uid: uid('Action', name),
    attrs: {},
    parents: groups.map((group) => uid('Action', group)),
  })),
  ...world.targets.flatMap((target) =>
    target.operations.map(({ name }) => ({
      uid: uid('Action', operationId(target.kind, target.name, name)),
      attrs: {},
      parents: [uid('Action', ACTION_OF[target.kind])],
    })),
  ),
  ...world.domains.map(({ name, parent }) => ({ uid: uid('Domain', name), attrs: {}, parents: inDomain(parent) })),
  ...world.targets.map((target) => ({
    uid: uid(TYPE_OF[target.kind], target.name),
    attrs: { name: target.name },
    parents: inDomain(target.domain),
    tags: target.labels,
  })),
  ...world.targets.flatMap((target) =>
    target.operations.map(({ name, effect, idempotent }) => ({
      uid: uid('Operation', operationId(target.kind, target.name, name)),
      attrs: { name, effect, idempotent },
      parents: [uid(TYPE_OF[target.kind], target.name)],
      tags: target.labels,
    })),
  ),
  ...(kind === 'user'
    ? [{ uid: uid('User', id), attrs: { name: id }, parents: roles.map((role) => uid('Role', role)) }]
    : []),
];

/** Domains of caller and target with their ancestors; the world above is small enough to follow parents by name. */
const levelsOf = (world: PolicyWorld, { principal, target }: PolicyRequest): string[] => {
  const domainOf = (kind: string, name: string) =>
    world.targets.find((each) => each.kind === kind && each.name === name)?.domain;
  const up = (name = ''): string[] =>
    name === '' ? [] : [name, ...up(world.domains.find((each) => each.name === name)?.parent)];
  return [
    'org',
    ...up(domainOf(principal?.kind ?? '', principal?.id ?? '')),
    ...up(domainOf(target.kind, target.name)),
  ];
};

/** The whole schema, where `compilePolicy` uses a part of it for each policy. */
const WHOLE = schemaOf(
  WORLD.targets.flatMap(({ kind, name, operations }) =>
    operations.map((operation) => ({
      id: operationId(kind, name, operation.name),
      kind,
      args: argumentsFromSchema(operation.input).type,
      facts: [],
    })),
  ),
);

/** The payload in Cedar's JSON form, written down for these schemas by hand. */
const argsOf = (ask: Ask): object => {
  if (ask.body === undefined) return {};
  const { price, note: _, ...rest } = ask.body as { readonly price?: number; readonly note?: unknown };
  const decimal = { __extn: { fn: 'decimal', arg: price?.toFixed(4) } };
  return { args: price === undefined ? rest : { ...rest, price: decimal } };
};

const askCedar = (world: PolicyWorld, level: PolicyLevel, ask: Ask) => {
  const request = requestOf(ask);
  const { target, depth, session, priority, atMs } = request;
  const principal = request.principal as Principal;
  const operation = world.targets
    .find(({ kind, name }) => kind === target.kind && name === target.name)
    ?.operations.find(({ name }) => name === target.operation);
  const answer = cedar.isAuthorized({
    principal: uid(principal.kind === 'user' ? 'User' : 'Agent', principal.id),
    action: uid('Action', operationId(target.kind, target.name, target.operation)),
    resource: uid('Operation', operationId(target.kind, target.name, target.operation)),
    context: {
      operation: target.operation,
      effect: operation?.effect ?? '',
      origin: {
        [principal.kind]: { __entity: { type: principal.kind === 'user' ? 'User' : 'Agent', id: principal.id } },
      },
      depth,
      session,
      priority,
      tenant: principal.tenant,
      taint: [],
      hourUtc: new Date(atMs).getUTCHours(),
      now: { __extn: { fn: 'datetime', arg: new Date(atMs).toISOString() } },
      ...argsOf(ask),
    },
    schema: WHOLE,
    validateRequest: true,
    policies: {
      staticPolicies: Object.fromEntries(level.policies.map(({ id, est }) => [id, est as cedar.PolicyJson])),
    },
    entities: entitiesFor(world, principal),
  });
  assert.equal(answer.type, 'success', JSON.stringify(answer));
  return answer.response;
};

const referenceAllows = (world: PolicyWorld, ask: Ask): boolean =>
  levelsOf(world, requestOf(ask)).every((name) => {
    const level = world.policy.levels.find((each) => each.level === name);
    if (level === undefined) return name !== 'org';
    const { decision, diagnostics } = askCedar(world, level, ask);
    const failed = diagnostics.errors.map(({ policyId }) => level.policies.find(({ id }) => id === policyId));
    return decision === 'allow' && failed.every((policy) => policy?.effect === 'permit');
  });

const scopes = fc.tuple(
  fc.constantFrom(
    '',
    '',
    ' is Agent',
    ' == Agent::"planner"',
    ' in Domain::"sales"',
    ' is User in Role::"refunder"',
    ' is User',
  ),
  fc.constantFrom(
    '',
    '',
    ' in Action::"CallTool"',
    ' in [Action::"tool/ledger/post", Action::"agent/planner/run"]',
    ' in Action::"Call"',
    ' in [Action::"CallModel", Action::"InvokeAgent"]',
  ),
  fc.constantFrom(
    '',
    '',
    ' in Tool::"planner"',
    ' in Agent::"planner"',
    ' in Domain::"finance"',
    ' == Operation::"tool/planner/run"',
    ' in Domain::"sales"',
  ),
);

const conditions = fc.constantFrom(
  'true',
  'true',
  'context.depth < 2',
  'context.effect == "read"',
  'resource.idempotent',
  'context.hourUtc >= 12',
  'context.priority > 1',
  'context.origin has agent && context.origin.agent == Agent::"planner"',
  'context.origin has user && context.origin.user in Role::"refunder"',
  'resource.hasTag("tier") && resource.getTag("tier") == "iron"',
  'context.now < datetime("2026-11-26T12:00:00Z")',
  'context.operation like "r*"',
  'principal.name == "planner"',
  'context.tenant == "default" && !context.session',
  'context.depth * 9007199254740991 * 9007199254740991 >= 0',
);

/** What rules say about arguments: guarded for everything, and plainly where the scope says which operation it is. */
const aboutArguments = fc.oneof(
  fc.tuple(
    fc.constantFrom('principal, action, resource', 'principal is Agent, action in Action::"CallTool", resource'),
    fc.constantFrom(
      'context has args && context.args has price && context.args.price.lessThan(decimal("2.5"))',
      'context has args && context.args has tags && context.args.tags.contains("pii")',
      'context has args.to.country && context.args.to.country == "de"',
      '!(context has args)',
    ),
  ),
  fc.tuple(
    fc.constantFrom(
      'principal, action == Action::"tool/ledger/post", resource',
      'principal, action, resource == Operation::"tool/ledger/post"',
      'principal, action, resource in Domain::"finance"',
      'principal is User, action in Action::"Call", resource in Tool::"ledger"',
    ),
    fc.constantFrom(
      'context.args.amount > 5',
      'context.args.amount * 9007199254740991 * 9007199254740991 > 0',
      'context.args.to.iban like "DE*"',
      'context.args has tags && context.args.tags.containsAll(["a", "b"])',
      'context.args.amount == 7 || context.args.to.iban == "DE1"',
    ),
  ),
  fc.tuple(
    fc.constant('principal, action == Action::"tool/planner/drop", resource'),
    fc.constant('context.args has amount && context.args.amount == "7"'),
  ),
);

/** Half of the levels permit by default, so that enough calls reach the rules of the others. */
const BASELINES = ['', '@id("baseline") @reason("r") permit(principal, action, resource);\n'];

const aboutCircumstances = fc
  .tuple(scopes, conditions)
  .map(([[principal, action, resource], when]) => [
    `principal${principal}, action${action}, resource${resource}`,
    when,
  ]);

const rules = fc
  .array(
    fc.tuple(
      fc.constantFrom('permit', 'permit', 'permit', 'forbid'),
      fc.oneof({ arbitrary: aboutCircumstances, weight: 2 }, { arbitrary: aboutArguments, weight: 1 }),
    ),
    { maxLength: 5 },
  )
  .map((rules) =>
    rules
      .map(([effect, [scope, when]], i) => `@id("r${i}") @reason("r") ${effect}(${scope}) when { ${when} };`)
      .join('\n'),
  );

const policies = fc.tuple(fc.constantFrom(...BASELINES), rules).map(([baseline, texts]) => baseline + texts);

const bundles = fc
  .tuple(policies, fc.option(policies), fc.option(policies), fc.option(policies))
  .map(([org, sales, emea, finance]) =>
    Object.fromEntries(
      Object.entries({ org, sales, emea, finance }).flatMap(([level, text]) =>
        text === null ? [] : [[level, { policies: text }]],
      ),
    ),
  );

const prices = fc.constantFrom(0, 2.5, 2.4999, -1, 3);

const transfers = fc.record(
  {
    amount: fc.constantFrom(0, 5, 6, 7, Number.MAX_SAFE_INTEGER),
    price: prices,
    tags: fc.constantFrom([], ['pii'], ['a', 'b', 'a'], ['b', 'a', 'c']),
    to: fc.constantFrom({ iban: 'DE1' }, { iban: 'FR1', country: 'fr' }, { iban: 'DE2', country: 'de' }),
    note: fc.constantFrom(null, 'x'),
  },
  { requiredKeys: ['amount', 'to'] },
);

const drops = fc.record({ amount: fc.constantFrom('7', 'x'), price: prices }, { requiredKeys: [] });

const asks: fc.Arbitrary<Ask> = fc
  .record({
    who: fc.constantFrom<Partial<Ask>>(
      { agent: 'planner' },
      { agent: 'loner' },
      { user: 'ann', roles: ['refunder'] },
      { user: 'bob' },
    ),
    what: fc.oneof(
      fc
        .constantFrom('agent/planner/run', 'tool/planner/run', 'model/small/chat', 'agent/loner/run')
        .map((call) => ({ call })),
      transfers.map((body) => ({ call: 'tool/ledger/post', body })),
      drops.map((body) => ({ call: 'tool/planner/drop', body })),
    ),
    depth: fc.integer({ min: 0, max: 3 }),
    at: fc.constantFrom('2026-11-26T10:00:00Z', '2026-11-26T13:59:59.999Z', '1969-12-31T23:00:00Z'),
  })
  .map(({ who, what, ...rest }) => ({ ...who, ...what, ...rest }));

test('decide allows exactly what every level allows in Cedar, with no forbid that failed', async (t) => {
  const seen = { decisions: 0, allowed: 0 };
  await fc.assert(
    fc.asyncProperty(bundles, fc.array(asks, { minLength: 4, maxLength: 4 }), async (texts, questions) => {
      const world = await compileWorld(WORLD, texts);
      const prepared = preparePolicy(world);
      for (const ask of questions) {
        const { effect } = decide(prepared, requestOf(ask));
        assert.equal(effect === 'allow', referenceAllows(world, ask), JSON.stringify(ask));
        seen.decisions += 1;
        seen.allowed += effect === 'allow' ? 1 : 0;
      }
    }),
    { numRuns: Number(process.env['AIRSPACE_FUZZ'] ?? 30) },
  );
  t.diagnostic(JSON.stringify(seen));
  assert.ok(seen.allowed > 0);
});
