/** Two policies as a whole: what can only allow less is told from what may allow more, facts and checks of payloads included. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide } from '../decide.ts';
import { preparePolicy } from '../prepare.ts';
import { compileWorld, requestOf, type ShortWorld } from '../testing.ts';
import { comparePolicies, wideningsIn } from './index.ts';

const object = (name: string) => ({ type: 'object', required: [name], properties: { [name]: { type: 'integer' } } });
const FOR_PAY = { for: [{ kind: 'tool', name: 'bank', operations: ['pay'] }] };
const asking = (operation: string, more: object = {}) => ({
  ...FOR_PAY,
  ask: { kind: 'tool', name: 'bank', operation, body: {} },
  as: object('cents'),
  ...more,
});
const limits = (cents: number) => ({ ...FOR_PAY, value: { cents }, as: object('cents') });
const world = (facts: NonNullable<ShortWorld['facts']>): ShortWorld => ({
  domains: [],
  users: [{ name: 'ada' }],
  targets: [
    {
      kind: 'tool',
      name: 'bank',
      operations: [
        { name: 'look', effect: 'read' },
        { name: 'see', effect: 'read' },
        { name: 'pay', effect: 'spend', input: object('cents') },
      ],
    },
  ],
  facts,
});

const rule = (id: string, text: string): string => `@id("${id}") @reason("r") ${text}\n`;
const PAY = 'principal, action == Action::"tool/bank/pay", resource';
const OPEN = rule('open', 'permit (principal, action, resource);');
const POOR = rule('poor', `forbid (${PAY}) when { context.facts.account.cents < 1 };`);
const HIGH = rule('high', `forbid (${PAY}) when { context.facts.account.cents > context.facts.limits.cents };`);

interface Side {
  readonly facts?: NonNullable<ShortWorld['facts']>;
  readonly policies: string;
}

const worldOf = ({ facts = {}, policies }: Side) => compileWorld(world(facts), { org: { policies } });
const compare = async (from: Side, to: Side) => comparePolicies((await worldOf(from)).policy, await worldOf(to));
const widens = async (from: Side, to: Side) => wideningsIn(await compare(from, to));

const ACCOUNT = { account: asking('look') };
const changed = ['`facts/account`: fact changed, and policy reads it'];
const table: readonly { promise: string; from: Side; to: Side; widens: readonly string[] }[] = [
  {
    promise: 'a fact that policy reads and that asks somebody else may allow more',
    from: { facts: ACCOUNT, policies: OPEN + POOR },
    to: { facts: { account: asking('see') }, policies: OPEN + POOR },
    widens: changed,
  },
  {
    promise: 'so may one whose answer is kept longer',
    from: { facts: ACCOUNT, policies: OPEN + POOR },
    to: { facts: { account: asking('look', { cacheMs: 60_000 }) }, policies: OPEN + POOR },
    widens: changed,
  },
  {
    promise: 'so may a constant',
    from: { facts: { ...ACCOUNT, limits: limits(10) }, policies: OPEN + HIGH },
    to: { facts: { ...ACCOUNT, limits: limits(99) }, policies: OPEN + HIGH },
    widens: ['`facts/limits`: fact changed, and policy reads it'],
  },
  {
    promise: 'so may a fact that another one is built from',
    from: { facts: { limits: limits(10), account: builtFrom('limits') }, policies: OPEN + POOR },
    to: { facts: { limits: limits(99), account: builtFrom('limits') }, policies: OPEN + POOR },
    widens: ['`facts/limits`: fact changed, and policy reads it'],
  },
  {
    promise: 'a fact that no rule reads changes nothing',
    from: { facts: ACCOUNT, policies: OPEN },
    to: { facts: { account: asking('see') }, policies: OPEN },
    widens: [],
  },
  {
    promise: 'what is said about a fact changes nothing',
    from: { facts: ACCOUNT, policies: OPEN + POOR },
    to: { facts: { account: asking('look', { description: 'what is left' }) }, policies: OPEN + POOR },
    widens: [],
  },
  {
    promise: 'a fact and the forbid that reads it first can only narrow',
    from: { policies: OPEN },
    to: { facts: ACCOUNT, policies: OPEN + POOR },
    widens: [],
  },
  {
    promise: 'a forbid and its fact that go away together widen by the forbid',
    from: { facts: ACCOUNT, policies: OPEN + POOR },
    to: { policies: OPEN },
    widens: ['`org/poor`: forbid removed'],
  },
  {
    promise: 'the first policy of a tenant widens',
    from: { policies: '' },
    to: { policies: OPEN },
    widens: ['`org/open`: permit added'],
  },
];

function builtFrom(fact: string): object {
  return asking('look', {
    ask: { kind: 'tool', name: 'bank', operation: 'look', body: { id: { fact, at: '/cents' } } },
  });
}

for (const { promise, from, to, widens: expected } of table)
  test(promise, async () => {
    assert.deepEqual(await widens(from, to), expected);
  });

test('a level where there was none is the first policy', async () => {
  const none = await compileWorld(world({}), {});
  assert.deepEqual(wideningsIn(comparePolicies(none.policy, await worldOf({ policies: OPEN }))), [
    '`org`: level added',
  ]);
});

const SMALL = rule('small', `permit (${PAY}) when { context.args.cents < 100 };`);

test('a permit that goes away is no narrowing where it made payloads fit, and another permit is left', async () => {
  const [from, to] = [{ policies: OPEN + SMALL }, { policies: OPEN }];
  assert.deepEqual(await widens(from, to), ['`org/small`: what it reads is not checked any more']);
  const odd = requestOf({ user: 'ada', call: 'tool/bank/pay', body: { cents: 'many' } });
  const [before, after] = [preparePolicy(await worldOf(from)), preparePolicy(await worldOf(to))];
  assert.deepEqual([decide(before, odd).code, decide(after, odd).effect], ['BAD_ARGUMENTS', 'allow']);
});

test('it is one where every permit left makes the same check, or another rule does', async () => {
  const other = SMALL.replace('small', 'tiny').replace('100', '10');
  const closing = rule('closed', `forbid (${PAY}) when { context.args.cents > 1000 };`);
  assert.deepEqual(await widens({ policies: SMALL + other }, { policies: other }), []);
  assert.deepEqual(await widens({ policies: OPEN + SMALL + closing }, { policies: OPEN + closing }), []);
});
