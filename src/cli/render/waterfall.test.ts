import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { event, mesh, step } from '../testing/events.ts';
import { plain } from './paint.ts';
import { treeOf } from './tree.ts';
import { waterfall } from './waterfall.ts';

test('one call over two nodes is one tree, with its attempts and their steps below it', () => {
  assert.equal(
    waterfall(mesh(), { width: null, paint: plain }),
    `
trace abababababababababababababababab  1 call on 2 nodes  100ms
agent/orders/where @sc-a                 ok           100ms  ████████████████████████████
├ decide                                 allow        0.2ms  ▏
├ attempt 1 orders-a                     failed        10ms  ███                           unreachable
│ └ route orders-a                                    0.1ms  ▏
└ attempt 2 orders-b                     ok            45ms                █████████████
  └ send orders-b                        200           42ms                ████████████
    └ agent/orders/where @sc-b           ok            30ms                   ████████
      ├ decide                           allow        0.2ms                   ▏
      └ attempt 1 orders@127.0.0.1:9000  ok            27ms                   ████████
        └ send orders@127.0.0.1:9000     200           26ms                    ███████
`
      .trim()
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n'),
  );
});

test('on a terminal long names are cut and the bars stay', () => {
  const lines = waterfall(mesh(), { width: 90, paint: plain }).split('\n');
  assert.match(lines.at(-1)!, /^ {8}└ send orders@127\S*… /);
  assert.ok(lines.every((line) => line.length <= 95));
});

test('names from agents cannot draw on the terminal', () => {
  const hostile = event({
    node: '\u001b[2Jgone',
    target: { kind: 'agent', name: 'a', operation: 'b\u001b]0;x\u0007' },
  });
  assert.ok(!waterfall([hostile], { width: null, paint: plain }).includes('\u001b'));
});

test('a span that came twice is shown once, and a circle of parents still ends', () => {
  assert.equal(treeOf([event(), event()]).length, 1);
  const a = event({ span: 'a', parentSpan: 'b' });
  const b = event({ span: 'b', parentSpan: 'a' });
  const self = event({ span: 's', parentSpan: 's' });
  const text = waterfall([a, b, self], { width: null, paint: plain });
  assert.equal(text.split('\n').length, 4);
});

test('every event of any set is shown exactly once', () => {
  const spans = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
  const some = fc.uniqueArray(fc.record({ span: spans, parentSpan: spans, inner: spans, startedAtMs: fc.nat(9) }), {
    selector: (one) => one.span,
  });
  fc.assert(
    fc.property(some, (parts) => {
      const events = parts.map(({ inner, ...part }) => event({ ...part, steps: [step('send', 0, 1, {}, inner)] }));
      const seen: string[] = [];
      const walk = (nodes: ReturnType<typeof treeOf>): void => {
        for (const { event: one, steps, calls } of nodes) {
          seen.push(one.span);
          for (const { calls: led } of steps) walk(led);
          walk(calls);
        }
      };
      walk(treeOf(events));
      assert.deepEqual(seen.toSorted(), events.map((one) => one.span).toSorted());
    }),
    { numRuns: 500 },
  );
});
