/** Two trees beside each other: the same is beside the same, what differs is named, and nobody's records can hang whoever looks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type CallEvent, type Comparison, compareTrees } from './index.ts';

const call = (id: string, target: string, given: Partial<CallEvent> & { readonly parent?: string } = {}): CallEvent => {
  const [kind, name, operation] = target.split('/') as ['agent', string, string];
  const { parent, ...rest } = given;
  return {
    ...{ callId: id, trace: 't', span: `span-${id}`, tenant: 'default', node: 'hub-1', role: 'hub' },
    principal: { kind: 'agent', id: 'concierge' },
    target: { kind, name, operation },
    lineage: { root: 'root', depth: parent === undefined ? 0 : 1, ...(parent === undefined ? {} : { parent }) },
    ...{ startedAtMs: 1_000, durationMs: 100, status: 'ok', code: '', httpStatus: 200, requestBytes: 2, replyBytes: 2 },
    ...{ snapshotSeq: 1, attributes: {}, steps: [] },
    ...rest,
  };
};
const step = (name: string, attributes: CallEvent['attributes'], span = name) => ({
  ...{ span, name, offsetMs: 0, durationMs: 1, attributes },
});
const decided = (effect: string, policyVersion: string) => step('decide', { effect, policyVersion });
/** `below`, and what is on either side. */
const shown = ({ rows }: Comparison): readonly string[] =>
  rows.map(({ depth, a, b, differs }) =>
    `${'-'.repeat(depth)}${a?.target ?? ''} | ${b?.target ?? ''} ${differs.join(', ')}`.trim(),
  );

test('the same calls stand beside each other, and what differs is named', () => {
  const a = [
    call('a1', 'agent/desk/ask', { steps: [decided('allow', 'v1')], attributes: { 'policy.rule': ['org/all'] } }),
    call('a2', 'model/big/chat', {
      parent: 'a1',
      startedAtMs: 1_010,
      attributes: { 'cost.micros': 5, 'usage.input_tokens': 9 },
    }),
    call('a3', 'tool/bank/pay', { parent: 'a1', startedAtMs: 1_050, attributes: { endpoint: 'bank-1' } }),
  ];
  const b = [
    call('b1', 'agent/desk/ask', {
      durationMs: 900,
      steps: [decided('allow', 'v2')],
      attributes: { 'policy.rule': ['org/all'] },
    }),
    call('b2', 'model/big/chat', {
      parent: 'b1',
      startedAtMs: 1_011,
      attributes: { 'cost.micros': 7, 'usage.input_tokens': 12 },
    }),
    call('b3', 'tool/bank/pay', {
      ...{ parent: 'b1', startedAtMs: 1_060, status: 'failed', code: 'timeout', attributes: { endpoint: 'bank-2' } },
      steps: [step('attempt', {}, 'x'), step('attempt', {}, 'y')],
    }),
  ];
  assert.deepEqual(shown(compareTrees(a, b)), [
    'agent/desk/ask | agent/desk/ask policy, duration',
    '-model/big/chat | model/big/chat tokens, cost',
    '-tool/bank/pay | tool/bank/pay outcome, endpoint, attempts',
  ]);
  const { a: left, b: right } = compareTrees(a, b);
  assert.deepEqual([left.calls, left.durationMs, left.costMicros, left.isWhole], [3, 150, 5, true]);
  assert.deepEqual([right.calls, right.durationMs, right.tokens], [3, 900, 12]);
});

test('calls of one operation belong together in their order, what is in one only has its place, and another model did the same work', () => {
  const a = [
    call('a', 'agent/desk/ask'),
    ...['agent/kb/find', 'model/big/chat', 'agent/kb/find'].map((target, at) =>
      call(`a${at}`, target, { parent: 'a', startedAtMs: 1_001 + at }),
    ),
  ];
  const b = [
    call('b', 'agent/desk/ask'),
    ...['tool/crm/look', 'agent/kb/find', 'model/small/chat', 'agent/kb/find', 'agent/kb/find'].map((target, at) =>
      call(`b${at}`, target, { parent: 'b', startedAtMs: 1_001 + at }),
    ),
  ];
  assert.deepEqual(shown(compareTrees(a, b)), [
    'agent/desk/ask | agent/desk/ask',
    '- | tool/crm/look only one',
    '-agent/kb/find | agent/kb/find',
    '-model/big/chat | model/small/chat target',
    '-agent/kb/find | agent/kb/find',
    '- | agent/kb/find only one',
  ]);
});

test('what several nodes tell of a call is one call, and a wait for people is no time that it took', () => {
  const direct = [
    call('a', 'agent/bank/pay', { role: 'sidecar-out', node: 'out-1', durationMs: 120 }),
    call('a', 'agent/bank/pay', { role: 'sidecar-in', node: 'in-1', span: 'in', startedAtMs: 1_005, durationMs: 100 }),
  ];
  const held = [
    call('b', 'agent/bank/pay', {
      durationMs: 5,
      attributes: { notes: ['held'] },
      httpStatus: 202,
      steps: [decided('require_approval', 'v1')],
    }),
    call('b', 'agent/bank/pay', {
      span: 'again',
      startedAtMs: 61_005,
      durationMs: 110,
      steps: [decided('allow', 'v1')],
    }),
  ];
  const [row] = compareTrees(direct, held).rows;
  assert.deepEqual(row?.a?.nodes, ['sidecar-out out-1', 'sidecar-in in-1']);
  assert.deepEqual([row?.b?.status, row?.b?.waitedMs, row?.b?.durationMs], ['ok', 60_000, 60_115]);
  assert.deepEqual(row?.b?.effects, ['require_approval', 'allow']);
  assert.deepEqual(row?.differs, ['decision', 'policy', 'way']);
  const [waiting] = compareTrees(direct, held.slice(0, 1)).rows;
  assert.equal(waiting?.b?.status, 'held');
});

test('without lineage a call is below the span that called, and a tree without its first call is not whole', () => {
  const part = call('x', 'agent/kb/find', { parent: 'gone' });
  const below = call('y', 'model/big/chat', {
    startedAtMs: 1_010,
    parentSpan: 'tries',
    lineage: { root: 'r', depth: 2 },
  });
  const { rows, a } = compareTrees([below, { ...part, steps: [step('attempt', {}, 'tries')] }], [part]);
  assert.deepEqual(
    rows.map(({ depth, parent }) => [depth, parent]),
    [
      [0, null],
      [1, 0],
    ],
  );
  assert.equal(a.isWhole, false);
});

test('circles are cut, and a tree that is deeper than any stack is compared', () => {
  const circle = [call('a', 'agent/x/y', { parent: 'b' }), call('b', 'agent/x/y', { parent: 'a', startedAtMs: 1_001 })];
  assert.equal(compareTrees(circle, circle).rows.length, 2);
  const own = [call('s', 'agent/x/y', { parent: 's', parentSpan: 'span-s' })];
  assert.equal(compareTrees(own, own).rows.length, 1);
  const deep = Array.from({ length: 4_000 }, (_, at) =>
    call(`d${at}`, 'agent/x/y', { startedAtMs: 1_000 + at, ...(at === 0 ? {} : { parent: `d${at - 1}` }) }),
  );
  assert.equal(compareTrees(deep, deep).rows.at(-1)?.depth, 3_999);
});

test('for every two trees: each call is there once, a tree is like itself, and sides can be swapped', () => {
  const tree = fc
    .array(
      fc.record({
        target: fc.constantFrom('agent/a/x', 'agent/b/x', 'model/m/chat'),
        parent: fc.nat(20),
        at: fc.nat(50),
      }),
      {
        ...{ minLength: 1, maxLength: 20 },
      },
    )
    .map((given) =>
      given.map(({ target, parent, at }, index) =>
        call(`c${index}`, target, { startedAtMs: at, ...(parent < given.length ? { parent: `c${parent}` } : {}) }),
      ),
    );
  fc.assert(
    fc.property(tree, tree, (a, b) => {
      const { rows } = compareTrees(a, b);
      assert.deepEqual(rows.flatMap((row) => row.a?.callId ?? []).sort(), a.map(({ callId }) => callId).sort());
      assert.deepEqual(rows.flatMap((row) => row.b?.callId ?? []).sort(), b.map(({ callId }) => callId).sort());
      assert.ok(rows.every(({ parent, depth }, at) => (parent === null ? depth === 0 : parent < at && depth > 0)));
      assert.ok(compareTrees(a, a).rows.every(({ differs }) => differs.length === 0));
      const pairs = (of: Comparison, turned: boolean): readonly string[] =>
        of.rows
          .map((row) => JSON.stringify(turned ? [row.b?.callId, row.a?.callId] : [row.a?.callId, row.b?.callId]))
          .sort();
      assert.deepEqual(pairs(compareTrees(b, a), true), pairs(compareTrees(a, b), false));
    }),
  );
});
