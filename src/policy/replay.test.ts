/** Replay: what would have come out otherwise, grouped as people read it, and never a guess. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes, CallEvent } from '../contract/index.ts';
import { withCedar } from './cedar.ts';
import { decide } from './decide.ts';
import { preparePolicy } from './prepare.ts';
import { argumentReads, contextReads } from './reads.ts';
import { inputsOf } from './record.ts';
import { Replay } from './replay.ts';
import { compileWorld, requestOf, type ShortWorld } from './testing.ts';

const WORLD: ShortWorld = {
  domains: [],
  users: [{ name: 'ann', roles: ['clerk'] }],
  targets: [
    { kind: 'agent', name: 'planner', operations: [{ name: 'run', effect: 'read' }] },
    {
      kind: 'tool',
      name: 'ledger',
      operations: [
        { name: 'read', effect: 'read' },
        { name: 'post', effect: 'spend' },
      ],
    },
  ],
};
const POLICY = `
@id("read") @reason("reading is free") permit(principal, action, resource) when { resource.effect == "read" };
@id("clerks") @reason("clerks post") permit(principal in Role::"clerk", action, resource);`;
const URGENT = `${POLICY} @id("urgent") @reason("urgent calls only")
forbid(principal, action, resource) when { context.priority > 1 };`;

const over = async (policies: string): Promise<Replay> => new Replay(await compileWorld(WORLD, { org: { policies } }));

const COMPLETE: Attributes = { effect: 'allow', rules: ['org/read'], missing: [], at: 1_000, depth: 0, priority: 2 };
let calls = 0;
const event = (operation: string, attributes: Attributes, principal = { kind: 'agent', id: 'planner' }): CallEvent => ({
  callId: (++calls).toString(16).padStart(32, '0'),
  trace: 'a'.repeat(32),
  span: 'c'.repeat(16),
  tenant: 'default',
  principal,
  target: { kind: 'tool', name: 'ledger', operation },
  lineage: { root: 'b'.repeat(32), depth: 0 },
  node: 'hub-1',
  role: 'hub',
  startedAtMs: 1_000,
  durationMs: 5,
  status: 'ok',
  code: '',
  httpStatus: 200,
  requestBytes: 1,
  replyBytes: 2,
  snapshotSeq: 1,
  attributes: {},
  steps: [{ span: 's', name: 'decide', offsetMs: 0, durationMs: 0, attributes }],
});

test('decisions are the same, the same by other rules, or flips, with deny -> allow first', async () => {
  const replay = await over(POLICY);
  const was = { ...COMPLETE, effect: 'deny', rules: [], missing: ['org'], code: 'NO_PERMIT' };
  const ann = { kind: 'user', id: 'ann' };
  replay.take(event('read', COMPLETE));
  replay.take(event('read', { ...COMPLETE, rules: ['org/old'] }));
  for (const rules of [['org/old'], ['org/old']]) replay.take(event('post', { ...COMPLETE, rules }));
  replay.take(event('post', { ...was, roles: ['clerk'] }, ann));
  const { groups, ...counts } = replay.tally();
  assert.deepEqual(counts, { decisions: 5, same: 1, otherRules: 1, unknown: 0, unknownFor: {}, flips: 3 });
  assert.deepEqual(
    groups.map(({ flip, was: then, now, count, agents }) => [flip, then, now, count, agents]),
    [
      ['deny->allow', ['no permit at org'], ['org/clerks'], 1, [{ agent: 'user/ann', count: 1 }]],
      ['allow->deny', ['org/old'], ['no permit at org'], 2, [{ agent: 'agent/planner', count: 2 }]],
    ],
  );
});

test('of each way to come out otherwise there are calls to open, newest first, and only so many', async () => {
  const replay = await over(POLICY);
  for (let at = 1; at <= 60; at++) replay.take(event('post', { ...COMPLETE, rules: ['org/old'], at }));
  const [group] = replay.tally().groups;
  assert.deepEqual([group?.count, group?.calls.length, group?.calls[0]?.atMs], [60, 50, 50]);
  const [{ call, ...named } = { call: '' }] = group?.calls ?? [];
  assert.match(call, /^[0-9a-f]{32}$/);
  assert.deepEqual(named, { agent: 'agent/planner', target: 'tool/ledger/post', atMs: 50 });
});

test('what a rule needs and nobody recorded makes a decision unknown, and never allowed', async () => {
  const old = { effect: 'deny', rules: [], missing: ['org'] };
  const indifferent = await over(POLICY);
  indifferent.take(event('read', old));
  assert.equal(indifferent.tally().unknown, 0, 'no rule reads the priority');
  indifferent.take(event('post', old, { kind: 'user', id: 'ann' }));
  assert.deepEqual(indifferent.tally().unknownFor, { roles: 1 });
  const urgent = await over(URGENT);
  urgent.take(event('read', old));
  const { unknown, unknownFor, flips } = urgent.tally();
  assert.deepEqual([unknown, unknownFor, flips], [1, { priority: 1 }, 0]);
});

const AMOUNT = {
  type: 'object',
  required: ['cents', 'to'],
  properties: { cents: { type: 'integer' }, to: { type: 'string' } },
};
const PAYING: ShortWorld = {
  ...WORLD,
  targets: [
    { kind: 'agent', name: 'planner', operations: [{ name: 'run', effect: 'read' }] },
    { kind: 'tool', name: 'ledger', operations: [{ name: 'post', effect: 'spend', input: AMOUNT }] },
  ],
};
const limitedTo = (cents: number, more = ''): string => `
@id("all") @reason("all") permit(principal, action, resource);
@id("large") @reason("too much") forbid(principal, action == Action::"tool/ledger/post", resource)
when { context.args.cents > ${cents}${more} };`;

test('of the payload only what rules read is recorded, and with it the call can be decided again', async () => {
  const world = await compileWorld(PAYING, { org: { policies: limitedTo(100) } });
  const request = requestOf({ agent: 'planner', call: 'tool/ledger/post' });
  const payload = { data: { cents: 70, to: 'a secret' } };
  const prepared = preparePolicy(world);
  const decision = decide(prepared, { ...request, payload });
  const attributes: Attributes = {
    ...inputsOf(request, decision, prepared, payload),
    effect: decision.effect,
    rules: ['org/all'],
  };
  assert.deepEqual([attributes['args'], attributes['argsRead']], ['{"cents":70}', ['cents']]);

  const lower = new Replay(await compileWorld(PAYING, { org: { policies: limitedTo(50) } }));
  lower.take(event('post', attributes));
  assert.deepEqual(lower.tally().groups[0]?.now, ['org/large']);

  const curious = limitedTo(50, ' && context.args.to == "me"');
  const other = new Replay(await compileWorld(PAYING, { org: { policies: curious } }));
  other.take(event('post', attributes));
  other.take(event('post', { ...attributes, args: undefined, argsRead: undefined }));
  const { unknown, unknownFor, flips } = other.tally();
  assert.deepEqual([unknown, unknownFor, flips], [2, { 'args.to': 2, 'args.cents': 1 }, 0]);
});

test('a payload that did not fit is not recorded, and a long one neither', async () => {
  const prepared = preparePolicy(
    await compileWorld(PAYING, { org: { policies: limitedTo(1, ' && context.args.to == "me"') } }),
  );
  const request = requestOf({ agent: 'planner', call: 'tool/ledger/post' });
  for (const data of [{ cents: 'many', to: 'me' }, { cents: 2, to: 'x'.repeat(2_000) }, null]) {
    const payload = { data };
    const { args } = inputsOf(request, decide(prepared, { ...request, payload }), prepared, payload);
    assert.equal(args, undefined);
  }
});

const KNOWING: ShortWorld = {
  ...PAYING,
  facts: {
    closed: {
      for: [{ kind: 'tool', name: 'ledger', operations: ['post'] }],
      value: { today: true },
      as: { type: 'object', required: ['today'], properties: { today: { type: 'boolean' } } },
    },
  },
};

const CLOSING = `@id("all") @reason("all") permit(principal, action, resource);
@id("closed") @reason("closed") forbid(principal, action == Action::"tool/ledger/post", resource)
when { context.facts.closed.today };`;

test('facts are taken from the record, and a fact that nobody asked for is unknown', async () => {
  const replay = new Replay(await compileWorld(KNOWING, { org: { policies: CLOSING } }));
  const recorded = { ...COMPLETE, rules: ['org/all'] };
  replay.take(event('post', { ...recorded, facts: '{"values":{"closed":{"today":false}}}' }));
  replay.take(event('post', { ...recorded, facts: '{"values":{"closed":{"today":true}}}' }));
  replay.take(event('post', recorded));
  replay.take(event('post', { ...recorded, facts: 'no json' }));
  const { same, flips, unknownFor } = replay.tally();
  assert.deepEqual([same, flips, unknownFor], [1, 1, { 'facts.closed': 2 }]);
});

test('what a fact answered says nothing once it asks otherwise', async () => {
  const { policy: active } = await compileWorld(KNOWING, { org: { policies: CLOSING } });
  const facts = { closed: { ...KNOWING.facts?.['closed'], value: { today: true, since: 1 } } };
  const proposed = await compileWorld({ ...KNOWING, facts }, { org: { policies: CLOSING } });
  const replay = new Replay(proposed, active);
  replay.take(event('post', { ...COMPLETE, rules: ['org/all'], facts: '{"values":{"closed":{"today":false}}}' }));
  assert.deepEqual([replay.tally().unknown, replay.tally().unknownFor], [1, { 'facts.closed': 1 }]);
});

test('calls of nobody, steps that are no decisions, and what a canary decided are not replayed', async () => {
  const replay = await over(POLICY);
  const { steps, ...rest } = event('read', COMPLETE);
  replay.take({ ...rest, steps: steps.map((step) => ({ ...step, name: 'attempt' })) });
  replay.take({ ...rest, steps, principal: null });
  replay.take(event('read', { ...COMPLETE, arm: 'canary' }));
  assert.equal(replay.tally().decisions, 0);
});

const READS: readonly (readonly [condition: string, reads: readonly string[]])[] = [
  ['resource.effect == "read"', []],
  ['context.depth > 1 && context has session', ['depth', 'session']],
  ['context.args.amount > 1', ['args']],
  ['context == {depth: 1}', ['*']],
  ['principal has depth', []],
];

for (const [condition, reads] of READS) {
  test(`the context reads of ${condition}`, () => {
    const answer = withCedar((cedar) =>
      cedar.policyToJson(`permit(principal, action, resource) when { ${condition} };`),
    );
    assert.ok(answer?.type === 'success');
    assert.deepEqual([...contextReads(answer.json)].sort(), reads);
  });
}

const ARGUMENTS: readonly (readonly [condition: string, reads: readonly string[]])[] = [
  ['context.depth > 1', []],
  ['context.args.a > 1 && context.args.b.c', ['a', 'b']],
  ['context.args has a || context has args.b', ['a', 'b']],
  ['context.args == {a: 1}', ['*']],
  ['context == {depth: 1}', ['*']],
];

for (const [condition, reads] of ARGUMENTS) {
  test(`the argument reads of ${condition}`, () => {
    const answer = withCedar((cedar) =>
      cedar.policyToJson(`permit(principal, action, resource) when { ${condition} };`),
    );
    assert.ok(answer?.type === 'success');
    assert.deepEqual([...argumentReads(answer.json)].sort(), reads);
  });
}
