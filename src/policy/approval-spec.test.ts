import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approvalIn, approvalOf, DEFAULT_APPROVAL, meetApprovals } from './approval-spec.ts';
import { decide } from './decide.ts';
import { preparePolicy } from './prepare.ts';
import { compileWorld, requestOf } from './testing.ts';

const HOUR = 3_600_000;

test('a spec is read in any order, and what it does not say is the default', () => {
  assert.deepEqual(approvalIn('ttl=90m; quorum=3;roles = legal , finance'), {
    quorum: 3,
    roles: ['finance', 'legal'],
    ttlMs: 1.5 * HOUR,
  });
  assert.deepEqual(approvalIn('ttl=30d'), { ...DEFAULT_APPROVAL, ttlMs: 30 * 24 * HOUR });
  assert.deepEqual(approvalOf({ annotations: { remedy: 'approval' } }), {
    quorum: 1,
    roles: ['approver'],
    ttlMs: 24 * HOUR,
  });
});

test('a spec that this node cannot read asks for more people than there are', () => {
  assert.equal(approvalOf({ annotations: { approval: 'quorum=2; moon=full' } }).quorum, Number.MAX_SAFE_INTEGER);
});

test('a meet only tightens: commutative, associative, idempotent', () => {
  const specs = ['quorum=2;ttl=1h', 'roles=finance;ttl=2h', 'quorum=3;roles=legal'].map((text) => {
    const spec = approvalIn(text);
    assert.ok(!('problem' in spec));
    return spec;
  });
  const [a, b, c] = specs as [typeof DEFAULT_APPROVAL, typeof DEFAULT_APPROVAL, typeof DEFAULT_APPROVAL];
  assert.deepEqual(meetApprovals(a, b), meetApprovals(b, a));
  assert.deepEqual(meetApprovals(meetApprovals(a, b), c), meetApprovals(a, meetApprovals(b, c)));
  assert.deepEqual(meetApprovals(c, c), c);
  assert.deepEqual(meetApprovals(meetApprovals(a, b), c), {
    quorum: 3,
    roles: ['approver', 'finance', 'legal'],
    ttlMs: HOUR,
  });
});

test('a decision asks for what all its rules ask for, and only when nothing else is in the way', async () => {
  const rule = (id: string, approval: string): string =>
    `@id("${id}") @reason("${id}") @remedy("approval") @approval("${approval}") forbid(principal, action, resource);`;
  const permit = '@id("p") @reason("p") permit(principal, action, resource);';
  const rules = rule('a', 'quorum=2; roles=finance; ttl=2h') + rule('b', 'roles=legal; ttl=1h');
  const world = {
    domains: [],
    users: [],
    targets: [{ kind: 'agent', name: 'x', operations: [{ name: 'y', effect: 'write' }] }],
  } as const;
  const decided = async (text: string) =>
    decide(
      preparePolicy(await compileWorld(world, { org: { policies: text } })),
      requestOf({ agent: 'x', call: 'agent/x/y' }),
    );
  const asked = await decided(permit + rules);
  assert.equal(asked.effect, 'require_approval');
  assert.deepEqual(asked.approval, { quorum: 2, roles: ['finance', 'legal'], ttlMs: HOUR });
  const nobody = await decided(rules);
  assert.deepEqual([nobody.effect, nobody.code, nobody.approval], ['deny', 'NO_PERMIT', undefined]);
  const hard = await decided(`${permit}${rules}@id("h") @reason("h") forbid(principal, action, resource);`);
  assert.deepEqual([hard.effect, hard.approval], ['deny', undefined]);
});
