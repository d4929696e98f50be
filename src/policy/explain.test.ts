/** Near misses and satisfied clauses: what operators read when they ask why. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explain } from './explain.ts';
import { preparePolicy } from './prepare.ts';
import { type Ask, compileWorld, requestOf, type ShortWorld } from './testing.ts';

const WORLD: ShortWorld = {
  domains: [{ name: 'operations' }],
  users: [{ name: 'ada', roles: ['clerk'] }],
  targets: [
    { kind: 'agent', name: 'concierge', operations: [{ name: 'talk', effect: 'read' }] },
    {
      kind: 'agent',
      name: 'refunds',
      domain: 'operations',
      operations: [
        { name: 'issue', effect: 'irreversible' },
        { name: 'look', effect: 'read' },
        {
          name: 'pay',
          effect: 'spend',
          input: { type: 'object', properties: { cents: { type: 'integer' } }, required: ['cents'] },
        },
      ],
    },
  ],
};

const prepared = preparePolicy(
  await compileWorld(WORLD, {
    org: {
      policies: `
@id("work") @reason("agents work together")
permit (principal, action, resource);

@id("not-too-deep") @reason("no runaways")
forbid (principal, action, resource) when { context.depth > 3 };`,
    },
    operations: {
      policies: `
@id("clerks-issue-refunds") @reason("clerks issue refunds")
permit (principal is User, action, resource == Operation::"agent/refunds/issue")
when { principal in Role::"clerk" };

@id("look-by-day") @reason("looking is free by day")
permit (principal, action, resource == Operation::"agent/refunds/look")
when { context.hourUtc >= 8 && context.hourUtc < 18 } unless { context.session || context.depth > 1 };

@id("pay-little") @reason("small sums are free")
permit (principal, action, resource == Operation::"agent/refunds/pay") when { context.args.cents <= 500 && context.depth < 3 };`,
    },
  }),
);

const why = (ask: Ask) => explain(prepared, requestOf(ask));
const ISSUE = 'agent/refunds/issue';

test('a denial for want of a permit names the nearest one and what it needs', () => {
  const { sentence, nearMisses, decision } = why({ agent: 'concierge', call: ISSUE });
  assert.equal(
    sentence,
    'denied because no permit of `operations` matches: the nearest, `clerks-issue-refunds`, ' +
      'needs principal is User and principal in Role::"clerk" (principal = Agent::"concierge")',
  );
  assert.deepEqual(decision.missing, ['operations']);
  assert.deepEqual(
    nearMisses.map(({ id, scope }) => [id, scope]),
    [
      ['clerks-issue-refunds', ['principal is User']],
      ['look-by-day', ['resource == Operation::"agent/refunds/look"']],
      ['pay-little', ['resource == Operation::"agent/refunds/pay"']],
    ],
  );
});

test('a permit about the same resource is nearer than one about another, and fewer failed clauses are nearer than more', () => {
  const { nearMisses } = why({ user: 'ada', call: 'agent/refunds/look', at: '2026-11-26T20:00:00Z', depth: 2 });
  const [nearest, next] = nearMisses;
  assert.equal(nearest?.id, 'look-by-day');
  assert.deepEqual(
    nearest?.failed.map(({ text, value, facts }) => [text, value, facts]),
    [
      ['context.hourUtc < 18', 'false', ['context.hourUtc = 20']],
      ['!(context.depth > 1)', 'false', ['context.depth = 2']],
    ],
  );
  assert.equal(next?.id, 'clerks-issue-refunds');
});

test('a forbid is told with the clauses that held and what they saw', () => {
  const { sentence, blocking, nearMisses } = why({ user: 'ada', roles: ['clerk'], call: ISSUE, depth: 5 });
  assert.equal(sentence, 'denied because of `org/not-too-deep`: context.depth > 3 (context.depth = 5)');
  assert.deepEqual(blocking[0]?.clauses, [{ text: 'context.depth > 3', value: 'true', facts: ['context.depth = 5'] }]);
  assert.deepEqual(nearMisses, []);
});

const PAY: Ask = { agent: 'concierge', call: 'agent/refunds/pay' };

test('arguments are explained when they are there', () => {
  const { sentence } = explain(prepared, { ...requestOf(PAY), payload: { data: { cents: 501 } } });
  assert.match(
    sentence,
    /the nearest, `pay-little`, needs context\.args\.cents <= 500 \(context\.args\.cents = 501\)$/,
  );
  const misfit = explain(prepared, { ...requestOf(PAY), payload: { data: { cents: 'many' } } });
  assert.match(misfit.sentence, /^denied because policy reads the arguments .* must be a whole number/);
});

test('without its payload a recorded decision stands, and clauses about arguments are unknown and not false', () => {
  const recorded = { effect: 'deny', code: 'NO_PERMIT', reason: '', missing: ['operations'], determining: [] } as const;
  const { decision, nearMisses, sentence } = explain(prepared, requestOf({ ...PAY, depth: 4 }), recorded);
  assert.equal(decision.code, 'NO_PERMIT');
  assert.deepEqual(
    nearMisses[0]?.failed.map(({ text, value }) => `${text}: ${value}`),
    ['context.args.cents <= 500: unknown: payloads are not kept', 'context.depth < 3: false'],
  );
  assert.match(
    sentence,
    /needs context\.args\.cents <= 500 \(unknown: payloads are not kept\) and context\.depth < 3 \(context\.depth = 4\)/,
  );
});

test('an allowed call and an unknown one are one sentence too', () => {
  assert.equal(
    why({ user: 'ada', roles: ['clerk'], call: ISSUE }).sentence,
    'allowed by `org/work` and `operations/clerks-issue-refunds`',
  );
  assert.match(
    why({ agent: 'concierge', call: 'agent/refunds/nope' }).sentence,
    /^denied because agent `refunds` has no operation `nope`/,
  );
});

test('a level without any permit says so', async () => {
  const empty = preparePolicy(
    await compileWorld(WORLD, {
      org: { policies: '@id("f") @reason("r") forbid (principal is User, action, resource);' },
    }),
  );
  const { sentence } = explain(empty, requestOf({ agent: 'concierge', call: ISSUE }));
  assert.equal(sentence, 'denied because `org` has no permit at all');
});
