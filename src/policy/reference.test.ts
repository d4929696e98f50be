/** The slow, obvious decision: every level asked in full through cedar-wasm, with no slicing and no memo, against `decide`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import fc from 'fast-check';
import type { PolicyLevel, Principal } from '../contract/index.ts';
import { decide, type PolicyRequest } from './decide.ts';
import { type PolicyWorld, preparePolicy } from './prepare.ts';
import { ACTION_OF, ACTION_PARENTS, operationId, SCHEMA, TYPE_OF } from './schema.ts';
import { type Ask, compileWorld, requestOf, type ShortWorld } from './testing.ts';

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
        { name: 'drop', effect: 'irreversible' },
      ],
    },
    {
      kind: 'tool',
      name: 'ledger',
      domain: 'finance',
      labels: { tier: 'iron' },
      operations: [{ name: 'post', effect: 'spend' }],
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

const askCedar = (world: PolicyWorld, level: PolicyLevel, request: PolicyRequest, principal: Principal) => {
  const { target, depth, session, priority, atMs } = request;
  const operation = world.targets
    .find(({ kind, name }) => kind === target.kind && name === target.name)
    ?.operations.find(({ name }) => name === target.operation);
  const answer = cedar.isAuthorized({
    principal: uid(principal.kind === 'user' ? 'User' : 'Agent', principal.id),
    action: uid('Action', ACTION_OF[target.kind]),
    resource: uid('Operation', operationId(target.kind, target.name, target.operation)),
    context: {
      operation: target.operation,
      effect: operation?.effect ?? '',
      depth,
      session,
      priority,
      tenant: principal.tenant,
      hourUtc: new Date(atMs).getUTCHours(),
      now: { __extn: { fn: 'datetime', arg: new Date(atMs).toISOString() } },
    },
    schema: SCHEMA,
    validateRequest: true,
    policies: {
      staticPolicies: Object.fromEntries(level.policies.map(({ id, est }) => [id, est as cedar.PolicyJson])),
    },
    entities: entitiesFor(world, principal),
  });
  assert.equal(answer.type, 'success', JSON.stringify(answer));
  return answer.response;
};

const referenceAllows = (world: PolicyWorld, request: PolicyRequest): boolean =>
  levelsOf(world, request).every((name) => {
    const level = world.policy.levels.find((each) => each.level === name);
    if (level === undefined) return name !== 'org';
    const { decision, diagnostics } = askCedar(world, level, request, request.principal as Principal);
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
    ' == Action::"CallTool"',
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
  'resource.hasTag("tier") && resource.getTag("tier") == "iron"',
  'context.now < datetime("2026-11-26T12:00:00Z")',
  'context.operation like "r*"',
  'principal.name == "planner"',
  'context.tenant == "default" && !context.session',
  'context.depth * 9007199254740991 * 9007199254740991 >= 0',
);

/** Half of the levels permit by default, so that enough calls reach the rules of the others. */
const BASELINES = ['', '@id("baseline") @reason("r") permit(principal, action, resource);\n'];

const rules = fc
  .array(fc.tuple(fc.constantFrom('permit', 'permit', 'permit', 'forbid'), scopes, conditions), { maxLength: 5 })
  .map((rules) =>
    rules
      .map(
        ([effect, [principal, action, resource], when], i) =>
          `@id("r${i}") @reason("r") ${effect}(principal${principal}, action${action}, resource${resource}) when { ${when} };`,
      )
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

const asks: fc.Arbitrary<Ask> = fc
  .record({
    who: fc.constantFrom<Partial<Ask>>(
      { agent: 'planner' },
      { agent: 'loner' },
      { user: 'ann', roles: ['refunder'] },
      { user: 'bob' },
    ),
    call: fc.constantFrom(
      'agent/planner/run',
      'tool/planner/run',
      'tool/planner/drop',
      'tool/ledger/post',
      'model/small/chat',
      'agent/loner/run',
    ),
    depth: fc.integer({ min: 0, max: 3 }),
    at: fc.constantFrom('2026-11-26T10:00:00Z', '2026-11-26T13:59:59.999Z', '1969-12-31T23:00:00Z'),
  })
  .map(({ who, ...rest }) => ({ ...who, ...rest }));

test('decide allows exactly what every level allows in Cedar, with no forbid that failed', async (t) => {
  const seen = { decisions: 0, allowed: 0 };
  await fc.assert(
    fc.asyncProperty(bundles, fc.array(asks, { minLength: 4, maxLength: 4 }), async (texts, questions) => {
      const world = await compileWorld(WORLD, texts);
      const prepared = preparePolicy(world);
      for (const request of questions.map(requestOf)) {
        const { effect } = decide(prepared, request);
        assert.equal(effect === 'allow', referenceAllows(world, request), JSON.stringify(request));
        seen.decisions += 1;
        seen.allowed += effect === 'allow' ? 1 : 0;
      }
    }),
    { numRuns: Number(process.env['AIRSPACE_FUZZ'] ?? 30) },
  );
  t.diagnostic(JSON.stringify(seen));
  assert.ok(seen.allowed > 0);
});
