/** Which facts a policy reads: one too many is asked for in vain, one too few would deny. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCedar } from '../cedar.ts';
import type { Est } from '../est.ts';
import { factsRead } from './reads.ts';

const READS: readonly (readonly [condition: string, reads: readonly string[] | 'all'])[] = [
  ['context.depth > 1', []],
  ['context.args.facts == 1', []],
  ['context.facts.a.x == 1 && context.facts.b.x == 1', ['a', 'b']],
  ['context["facts"]["a-b"]["x"] == 1', ['a-b']],
  ['context has facts.a.x', ['a']],
  ['context.facts has a', ['a']],
  ['context.facts.a == {x: 1}', ['a']],
  ['!(if context.depth > 1 then [1].contains(context.facts.a.x) else false)', ['a']],
  ['context has facts', 'all'],
  ['context.facts == {}', 'all'],
  ['[context].contains(context)', 'all'],
  ['principal has facts.a', []],
];

for (const [condition, reads] of READS) {
  test(`${condition}: ${reads}`, () => {
    const est = withCedar((cedar) => cedar.policyToJson(`permit(principal, action, resource) when { ${condition} };`));
    assert.ok(est?.type === 'success');
    const found = factsRead(est.json as unknown as Est);
    assert.deepEqual(found === 'all' ? found : [...found].sort(), reads);
  });
}
