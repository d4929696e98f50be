import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Call, Decision, Principal } from '../contract/index.ts';
import { decide } from './decide.ts';
import { beganOf, joined, nameOf } from './delegation.ts';
import { preparePolicy } from './prepare.ts';
import { type Ask, callOf, compileWorld, requestOf, type ShortWorld } from './testing.ts';

const WORLD: ShortWorld = {
  domains: [],
  users: [{ name: 'ann', roles: ['clerk'] }],
  targets: [
    { kind: 'agent', name: 'helper', operations: [{ name: 'run', effect: 'read' }] },
    {
      kind: 'tool',
      name: 'bank',
      operations: [
        { name: 'look', effect: 'read' },
        { name: 'pay', effect: 'spend' },
        { name: 'close', effect: 'irreversible' },
      ],
    },
  ],
};

const POLICIES = `
@id("agents") @reason("agents may") permit(principal is Agent, action, resource);
@id("clerks-look-and-pay") @reason("clerks may") permit(principal in Role::"clerk", action, resource) unless { context.operation == "close" };
@id("people-are-asked") @reason("somebody else looks at it first") @remedy("approval")
forbid(principal is User, action, resource) when { context.effect == "spend" };
@id("not-when-ann-began") @reason("ann is on leave") @code("ON_LEAVE")
forbid(principal == Agent::"helper", action == Action::"agent/helper/run", resource)
when { context.origin has user && context.origin.user == User::"ann" && context.origin.user in Role::"clerk" };
`;
const LIMITS = `
@id("agents-slow") @timeout_ms("5000") permit(principal is Agent, action, resource);
@id("people-slower") @timeout_ms("3000") permit(principal is User, action, resource);
`;

const policy = preparePolicy(await compileWorld(WORLD, { org: { policies: POLICIES, limits: LIMITS } }));
const ann: Principal = { kind: 'user', tenant: 'default', id: 'ann', roles: ['clerk'] };
const guest: Principal = { ...ann, roles: [] };

const decided = (
  call: string,
  began: Principal | null | undefined,
  by: Partial<Ask> = { agent: 'helper' },
): Decision => {
  const request = requestOf({ call, ...by });
  return joined(decide(policy, request), policy, request, () => undefined, began);
};

describe('with the rights of whoever began', () => {
  test('both must allow, and the limits of both hold', () => {
    const decision = decided('tool/bank/look', ann);
    assert.equal(decision.effect, 'allow');
    assert.equal(decision.constraints.timeoutMs, 3_000);
    assert.deepEqual(
      decision.determining.map(({ id }) => id),
      ['agents', 'clerks-look-and-pay'],
    );
  });

  const cases: readonly (readonly [call: string, began: Principal | null, effect: Decision['effect'], code: string])[] =
    [
      ['tool/bank/close', ann, 'deny', 'NO_PERMIT'],
      ['tool/bank/look', guest, 'deny', 'NO_PERMIT'],
      ['tool/bank/pay', ann, 'require_approval', 'APPROVAL_REQUIRED'],
      ['tool/bank/look', null, 'deny', 'ORIGIN_UNKNOWN'],
    ];
  for (const [call, began, effect, code] of cases)
    test(`${call} for ${began === null ? 'nobody known' : nameOf(began)}: ${effect}`, () => {
      const decision = decided(call, began);
      assert.deepEqual([decision.effect, decision.code], [effect, code]);
      if (began !== null) assert.match(decision.reason, /^user `ann`, who began this, may not: /);
    });

  test('nobody else is asked when the caller itself may not, or when it began', () => {
    assert.equal(decided('tool/bank/look', ann, { user: 'bob' }).reason.includes('who began'), false);
    assert.equal(decided('tool/bank/close', undefined).effect, 'allow');
  });
});

test('rules see who began, with the roles that its credential showed', () => {
  const began = (origin: Principal | null): string =>
    decide(policy, { ...requestOf({ agent: 'helper', call: 'agent/helper/run' }), origin }).code;
  assert.equal(began(ann), 'ON_LEAVE');
  assert.equal(began(guest), 'OK');
  assert.equal(began({ kind: 'agent', tenant: 'default', id: 'ann', roles: [] }), 'OK');
  assert.equal(began(null), 'OK');
});

test('whoever began is asked only where a level wants it, and never for what airspace asks', () => {
  const call: Call = callOf({ agent: 'helper', call: 'tool/bank/look' });
  const tree = { origin: ann, begun: 'user/ann', hops: [], calls: 2, endsAtMs: 1 };
  assert.equal(
    beganOf({ ...call, tree }, () => true),
    ann,
  );
  assert.equal(
    beganOf({ ...call, tree: { ...tree, origin: null } }, () => true),
    null,
  );
  assert.equal(
    beganOf({ ...call, tree }, () => false),
    undefined,
  );
  assert.equal(
    beganOf({ ...call, tree: { ...tree, origin: call.principal } }, () => true),
    undefined,
  );
  const asking: Principal = { kind: 'node', tenant: 'default', id: 'airspace', roles: [] };
  assert.equal(
    beganOf({ ...call, tree, principal: asking }, () => true),
    undefined,
  );
});
