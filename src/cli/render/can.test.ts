import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CanAnswer } from '../../doors/admin/index.ts';
import { canText } from './can.ts';
import { plain } from './paint.ts';

const answer = (given: Partial<CanAnswer>): CanAnswer => ({
  answer: 'no',
  policyVersion: 'sha256:0011223344556677',
  refusal: '',
  permitting: [],
  denying: [],
  missing: [],
  approval: false,
  depends: [],
  ...given,
});

test('a maybe names the rules of both sides and what decides between them', () => {
  const maybe = answer({
    answer: 'maybe',
    permitting: [{ level: 'org', id: 'open', reason: 'agents work together' }],
    denying: [{ level: 'org', id: 'deep', reason: 'no runaways' }],
    missing: ['operations'],
    approval: true,
    depends: [{ on: 'context.depth', clauses: ['context.depth > 3'], rules: ['org/deep'] }],
  });
  assert.equal(
    canText('agent/concierge', 'agent/refunds/issue', maybe, plain),
    `
maybe: agent/concierge may call, depending on the call, agent/refunds/issue
  permitted by  org/open  "agents work together"
  forbidden by  org/deep  "no runaways"
  no permit at  operations
  needs         an approval
  depends on    context.depth > 3  (org/deep)
  policy        sha256:0011223344556677
`.trim(),
  );
});

test('a no without any rule says why there was none', () => {
  const no = answer({ refusal: 'agent `refunds` has no operation `nope`' });
  assert.match(
    canText('agent/a', 'agent/refunds/nope', no, plain),
    /^no: agent\/a may not call agent\/refunds\/nope\n {2}because {2}agent `refunds` has no operation `nope`\n/,
  );
});

test('reasons cannot draw on the terminal', () => {
  assert.ok(!canText('a', 'b', answer({ refusal: '\u001b[2J' }), plain).includes('\u001b'));
});
