/** The oracle agrees with what is right, raises the alarm for what is not, and never holds up a call. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Decision } from '../../contract/index.ts';
import { decide } from '../decide.ts';
import { preparePolicy } from '../prepare.ts';
import { type Ask, compileWorld, requestOf, type ShortWorld } from '../testing.ts';
import { type Mismatch, Oracle, type OracleOptions } from './oracle.ts';
import { recheckOf } from './recheck.ts';

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
        {
          name: 'pay',
          effect: 'write',
          input: {
            type: 'object',
            required: ['cents'],
            properties: { cents: { type: 'integer' }, rate: { type: 'number' } },
          },
        },
        // Typed, and read by no rule: what is asked of a call must not depend on who evaluates.
        {
          name: 'read',
          effect: 'read',
          input: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
        },
      ],
    },
    { kind: 'model', name: 'small', operations: [{ name: 'chat', effect: 'spend' }] },
  ],
};

const world = await compileWorld(WORLD, {
  org: {
    policies: `
@id("all") @reason("r") permit(principal, action, resource);
@id("deep") @reason("no") @code("TOO_DEEP") forbid(principal, action, resource) when { context.depth > 2 };
@id("ask") @reason("ask") @remedy("approval") forbid(principal, action in Action::"CallTool", resource) when { context.effect == "spend" };
@id("failing") @reason("f") permit(principal, action, resource) when { (context.depth + 1) * 9007199254740991 * 9007199254740991 > 0 };`,
    limits: '@id("short") @timeout_ms("500") permit(principal, action, resource);',
  },
  sales: {
    policies: `
@id("ours") @reason("r") permit(principal in Domain::"sales", action, resource);
@id("much") @reason("r") forbid(principal, action == Action::"tool/ledger/pay", resource)
when { context.args.cents > 100 || (context.args has rate && context.args.rate.greaterThan(decimal("0.5"))) };
@id("clerks") @reason("r") permit(principal in Role::"clerk", action, resource) when { context.now > datetime("2026-01-01") };`,
    limits:
      '@id("models") @models("small") permit(principal, action in Action::"Call", resource) when { context.depth > 0 };',
  },
  emea: {
    policies:
      '@id("gold") @reason("r") permit(principal, action, resource) when { principal is Agent && principal.hasTag("tier") };',
  },
});

const payments: readonly Ask[] = [
  { cents: 100 },
  { cents: 101 },
  { cents: 1, rate: 0.5001 },
  { cents: '1' },
  undefined,
].map((body) => ({ agent: 'planner', call: 'tool/ledger/pay', ...(body === undefined ? {} : { body }) }));

const calls: readonly Ask[] = [
  'agent/planner/run',
  'tool/ledger/post',
  'tool/ledger/read',
  'model/small/chat',
  'tool/gone/x',
].flatMap((call) =>
  [0, 1, 3].flatMap((depth) => [
    { agent: 'planner', call, depth },
    { user: 'ann', roles: ['clerk'], call, depth },
    { user: 'bob', call, depth },
    { call, depth },
  ]),
);

const asks = [...calls, ...payments];

const prepared = preparePolicy(world);
const decisionOf = (ask: Ask): Decision => decide(prepared, requestOf(ask));

test('cedar takes every decision as we do, with rules, limits and failures', () => {
  const recheck = recheckOf(world);
  const effects = new Map<string, number>();
  for (const ask of asks) {
    const decision = decisionOf(ask);
    effects.set(decision.effect, (effects.get(decision.effect) ?? 0) + 1);
    assert.equal(recheck(requestOf(ask), decision), undefined, JSON.stringify(ask));
  }
  assert.deepEqual([...effects.keys()].sort(), ['allow', 'deny', 'require_approval']);
});

describe('a decision that is wrong in anything is found', () => {
  const right = decisionOf({ agent: 'planner', call: 'tool/ledger/read' });
  const wrong: Readonly<Record<string, Decision>> = {
    'its effect': { ...right, effect: 'deny' },
    'a rule that is missing': { ...right, determining: right.determining.slice(1) },
    'a limit that is missing': { ...right, constraints: {} },
    'a failure that is missing': { ...right, errors: [] },
  };
  const recheck = recheckOf(world);
  for (const [what, decision] of Object.entries(wrong))
    test(what, () => {
      const found = recheck(requestOf({ agent: 'planner', call: 'tool/ledger/read' }), decision);
      assert.equal(found?.effect, 'allow');
    });
});

const open = (options: Partial<OracleOptions> = {}) => {
  const mismatches: Mismatch[] = [];
  const causes: string[] = [];
  const oracle = new Oracle({
    share: 1,
    random: () => 0,
    onMismatch: (mismatch) => mismatches.push(mismatch),
    onFailure: (cause) => causes.push(cause),
    ...options,
  });
  return { oracle, mismatches, causes };
};

const ASK: Ask = { agent: 'planner', call: 'tool/ledger/read' };

test('a thread of its own tells the right decision from the wrong one, and raises the alarm', async () => {
  const { oracle, mismatches } = open();
  const watch = oracle.watch(world)!;
  assert.equal(watch(requestOf(ASK), decisionOf(ASK), 'right'), true);
  assert.equal(watch(requestOf(ASK), { ...decisionOf(ASK), effect: 'deny' }, 'wrong'), true);
  await oracle.settled();
  assert.deepEqual(oracle.counts, { checked: 2, mismatched: 1, dropped: 0, failed: 0 });
  assert.deepEqual(
    mismatches.map(({ callId, ours, cedars }) => [callId, ours.effect, cedars.effect]),
    [['wrong', 'deny', 'allow']],
  );
  await oracle.close();
});

test('a share of nothing asks nobody, and chance chooses the rest', async () => {
  assert.equal(open({ share: 0 }).oracle.watch(world), undefined);
  const drawn = [0.5, 0.009, 0.01];
  const { oracle } = open({ share: 0.01, random: () => drawn.shift() ?? 1 });
  const watch = oracle.watch(world)!;
  assert.deepEqual(
    [1, 2, 3].map((id) => watch(requestOf(ASK), decisionOf(ASK), `${id}`)),
    [false, true, false],
  );
  await oracle.close();
});

test('what does not fit into the queue is dropped and counted, and nobody waits', async () => {
  const { oracle } = open({ queue: 2 });
  const watch = oracle.watch(world)!;
  assert.deepEqual(
    [1, 2, 3].map((id) => watch(requestOf(ASK), decisionOf(ASK), `${id}`)),
    [true, true, false],
  );
  await oracle.settled();
  assert.deepEqual(oracle.counts, { checked: 2, mismatched: 0, dropped: 1, failed: 0 });
  await oracle.close();
});

test('a thread that has seen enough policies is replaced, and decisions are held against their own policy', async () => {
  const { oracle, mismatches } = open({ policiesPerThread: 1 });
  const closed = await compileWorld(WORLD, {
    org: { policies: '@id("no") @reason("r") forbid(principal, action, resource);' },
  });
  for (const [each, id] of [
    [world, 'a'],
    [closed, 'b'],
    [world, 'c'],
  ] as const) {
    oracle.watch(each)!(requestOf(ASK), decide(preparePolicy(each), requestOf(ASK)), id);
    await oracle.settled();
  }
  assert.deepEqual([oracle.counts, mismatches], [{ checked: 3, mismatched: 0, dropped: 0, failed: 0 }, []]);
  await oracle.close();
});

test('a policy that cannot be prepared fails the check and is no alarm', async () => {
  const { oracle, causes } = open();
  const foreign = { ...world, policy: { ...world.policy, cedar: '9.9' } };
  oracle.watch(foreign)!(requestOf(ASK), decisionOf(ASK), 'x');
  await oracle.settled();
  assert.deepEqual(oracle.counts, { checked: 0, mismatched: 0, dropped: 0, failed: 1 });
  assert.match(causes[0] ?? '', /9\.9/);
  await oracle.close();
});

test('a thread that dies fails its checks, and after three in a row only a new policy starts another', async () => {
  const { oracle, causes } = open({ program: new URL('data:text/javascript,throw new Error("broken")') });
  const ask = async (snapshot: typeof world): Promise<boolean> => {
    const taken = oracle.watch(snapshot)!(requestOf(ASK), decisionOf(ASK), 'x');
    await oracle.settled();
    return taken;
  };
  const asked: boolean[] = [];
  for (const snapshot of [world, world, world, world, { ...world }]) asked.push(await ask(snapshot));
  assert.deepEqual(asked, [true, true, true, false, true]);
  assert.deepEqual(oracle.counts, { checked: 0, mismatched: 0, dropped: 1, failed: 4 });
  assert.match(causes[0] ?? '', /broken/);
  await oracle.close();
});

test('the thread knows who is in which team: a rule about one is no disagreement', async () => {
  const team = await compileWorld(
    { ...WORLD, teams: { desk: ['bob'] } },
    { org: { policies: '@id("desk") @reason("r") permit(principal in Team::"desk", action, resource);' } },
  );
  const request = requestOf({ user: 'bob', call: 'model/small/chat' });
  const decision = decide(preparePolicy(team), request);
  assert.equal(decision.effect, 'allow');
  const { oracle, mismatches } = open();
  oracle.watch(team)!(request, decision, 'bob');
  await oracle.settled();
  assert.deepEqual(mismatches, []);
  await oracle.close();
});
