/** Where data came from is a fact that rules can look at: typed, decided by both engines, and recorded with the call. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicyRequest } from './decide.ts';
import { decide } from './decide.ts';
import { preparePolicy } from './prepare.ts';
import { prove } from './proof.ts';
import { inputsOf } from './record.ts';
import { dataIn } from './replay.ts';
import { compileWorld, requestOf, type ShortWorld } from './testing.ts';

const WORLD: ShortWorld = {
  domains: [],
  users: [{ name: 'ann' }],
  targets: [
    { kind: 'agent', name: 'desk', operations: [{ name: 'ask', effect: 'read' }] },
    { kind: 'tool', name: 'bank', operations: [{ name: 'pay', effect: 'irreversible' }] },
  ],
};

const ORG = `
@id("all") @reason("r") permit (principal, action, resource);
@id("no-hearsay") @reason("what cannot be undone needs data that somebody vouches for") @code("UNTRUSTED_DATA")
forbid (principal, action, resource) when { context.effect == "irreversible" && context.taint.contains("data-untrusted") };
@id("last-step") @reason("r") @code("WRONG_STEP")
forbid (principal, action == Action::"tool/bank/pay", resource) when { context has plan && context.plan.step != "pay" };`;

const world = await compileWorld(WORLD, { org: { policies: ORG } });
const policy = preparePolicy(world);
const asked = (more: Partial<PolicyRequest> = {}): PolicyRequest => ({
  ...requestOf({ agent: 'desk', call: 'tool/bank/pay' }),
  ...more,
});

test('a rule reads what went into a call, and which step of a plan it is', () => {
  assert.equal(decide(policy, asked()).code, 'OK');
  assert.equal(decide(policy, asked({ taint: ['agent/web', 'data-public'] })).code, 'OK');
  assert.equal(decide(policy, asked({ taint: ['agent/web', 'data-untrusted'] })).code, 'UNTRUSTED_DATA');
  assert.equal(decide(policy, asked({ plan: { name: 'trip', step: 'pay' } })).code, 'OK');
  assert.equal(decide(policy, asked({ plan: { name: 'trip', step: 'find' } })).code, 'WRONG_STEP');
});

test('a case says both, and both engines agree', () => {
  const { principal, target, depth, session, priority, atMs } = asked();
  const each = { name: 'n', origin: 'f:1', principal: principal!, target, depth, session, priority, atMs };
  const plan = { name: 'trip', step: 'pay' };
  const cases = [
    { ...each, plan, expect: { effect: 'allow' as const } },
    { ...each, plan, taint: ['data-untrusted'], expect: { effect: 'deny' as const, code: 'UNTRUSTED_DATA' } },
    { ...each, plan: { name: 'trip', step: 'find' }, expect: { effect: 'deny' as const, rules: ['org/last-step'] } },
  ];
  assert.deepEqual(
    prove(world, cases).results.flatMap(({ problems }) => problems),
    [],
  );
});

test('the record of a decision says what it was made from, and says it back', () => {
  const request = asked({ taint: ['data-untrusted'], plan: { name: 'trip', step: 'pay' } });
  const kept = inputsOf(request, decide(policy, request), policy, undefined);
  assert.deepEqual(dataIn(kept), { taint: request.taint, plan: request.plan });
  assert.deepEqual(dataIn(inputsOf(asked(), decide(policy, asked()), policy, undefined)), {});
});

test('labels are a set of texts, and the plan is not always there', async () => {
  const refused = (condition: string): Promise<unknown> =>
    compileWorld(WORLD, {
      org: { policies: `@id("x") @reason("r") forbid (principal, action, resource) when { ${condition} };` },
    });
  await assert.rejects(refused('context.taint.contains(1)'));
  await assert.rejects(refused('context.plan.step == "pay"'), /plan/);
});
