import assert from 'node:assert/strict';
import { test } from 'node:test';
import { event, mesh, step } from '../testing/events.ts';
import { plain } from './paint.ts';
import { why } from './why.ts';

const POLICY = 'sha256:0011223344556677';

test('a retried call over two nodes tells every decision in order, node by node', () => {
  assert.equal(
    why(mesh(), plain),
    `
call c1c1c1c1  agent/orders/where  ok  100ms  on sc-a (sidecar-out, snapshot 12)
  1  identify  agent/concierge of tenant default, domain storefront
  2  decide    allow  by org/work-together  policy sha256:0011223344556677
  3  route     picked orders-a, 2 of 2 eligible
  4  attempt   1: failed unreachable at orders-a after 10ms
  5  send      to orders-b  answered 200
  6  attempt   2: ok 200 at orders-b after 45ms
  7  outcome   ok  status 200
     agent/orders/where ran it

call c1c1c1c1  agent/orders/where  ok  30ms  on sc-b (sidecar-in, snapshot 12)
  1  identify  agent/concierge of tenant default, domain storefront
  2  decide    allow  by org/work-together  policy sha256:0011223344556677
  3  send      to orders@127.0.0.1:9000  answered 200
  4  attempt   1: ok 200 at orders@127.0.0.1:9000 after 27ms
  5  outcome   ok  status 200
     agent/orders/where ran it
`.trim(),
  );
});

test('a call whose route is between two ways says which one it took, and why it took the other', () => {
  const split = { route: 'orders', 'route.mesh_percent': 25 };
  assert.match(
    why([event({ attributes: { ...split, via: 'mesh' } })], plain),
    /way +directly, by route orders, which sends 25 % of the call trees directly\n/,
  );
  assert.match(
    why([event({ attributes: { ...split, via: 'hub', 'via.instead': 'no sidecar of it has joined' } })], plain),
    /way +through the hub, by route orders, .*; it was to go directly: no sidecar of it has joined\n/,
  );
});

test('a denied call names level, rule and policy, and says that nothing was sent', () => {
  const denied = event({
    status: 'denied',
    code: 'denied',
    httpStatus: 0,
    attributes: { message: 'a refund is issued by a clerk', executed: 'no' },
    steps: [
      step('decide', 0, 0.1, {
        effect: 'deny',
        code: 'REFUND_NEEDS_A_PERSON',
        rules: ['operations/refunds-need-a-person'],
        missing: ['org'],
        policyVersion: 'sha256:ff',
      }),
    ],
  });
  const text = why([denied], plain);
  assert.match(
    text,
    /deny {2}REFUND_NEEDS_A_PERSON {2}by operations\/refunds-need-a-person {2}no permit at org {2}policy sha256:ff/,
  );
  assert.match(text, /outcome {3}denied {2}denied {2}"a refund is issued by a clerk"/);
  assert.match(text, /nothing was sent to agent\/orders\/where$/);
});

test('a fact that a decision needed is told before it, with the call that asked', () => {
  const asked = event({
    steps: [
      step('fact', 0, 2, { fact: 'account', target: 'tool/bank/account', call: 'abcdef0123456789', outcome: 'ok' }),
      step('fact', 0, 0, { fact: 'owner', outcome: 'cached' }),
    ],
  });
  const text = why([asked], plain);
  assert.match(text, /fact +owner: answered before/);
  assert.match(text, /fact +account: asked tool\/bank\/account {2}ok {2}call abcdef01/);
});

test('a call that an order cut names the order, who gave it, and that it may have run', () => {
  const cut = event({
    status: 'denied',
    code: 'denied',
    httpStatus: 0,
    attributes: { message: 'order `kill-1` of user/ada stops agent `orders`: it loops', executed: 'unknown' },
    steps: [
      step('send', 1, 20, { endpoint: 'orders-a', code: 'denied', executed: 'unknown' }),
      step('halt', 0, 22, { order: 'kill-1', by: 'user/ada', stops: 'agent/orders', cut: true }),
    ],
  });
  const text = why([cut], plain);
  assert.match(text, /halt +cut by order kill-1 of user\/ada, which stops agent\/orders/);
  assert.match(text, /agent\/orders\/where may have run it; ask there before you repeat it$/);
});

test('a call that found no endpoint says what stood in the way of each', () => {
  const text = why(
    [
      event({
        status: 'refused',
        code: 'unavailable',
        httpStatus: 0,
        attributes: { executed: 'no' },
        steps: [step('route', 0, 0, { candidates: 2, eligible: 0, refused: ['a: breaker is open', 'b: draining'] })],
      }),
    ],
    plain,
  );
  assert.match(text, /no endpoint of 2 is eligible: a: breaker is open; b: draining/);
});

test('what may have run is said so, and a caller that nobody knows is nobody', () => {
  const broken = event({
    principal: null,
    status: 'unknown',
    code: 'upstream_broken',
    httpStatus: 0,
    attributes: { executed: 'unknown' },
    steps: [step('send', 0, 1, { endpoint: 'x', code: 'upstream_broken', executed: 'unknown' })],
  });
  const text = why([broken], plain);
  assert.match(text, /identify {2}nobody/);
  assert.match(text, /may have run it; ask there before you repeat it/);
});

test('steps that this version does not know are shown as they are', () => {
  assert.match(
    why([event({ steps: [step('mask', 0, 5, { approval: 'apr-1', by: ['a', 'b'] })] })], plain),
    /mask {6}approval=apr-1 {2}by=a,b/,
  );
  assert.match(why([event({ steps: [step('toString', 0, 5, { a: 1 })] })], plain), /toString {2}a=1/);
});

test('reasons from policies and agents cannot draw on the terminal', () => {
  const hostile = event({
    attributes: { message: '\u001b[2J' },
    steps: [step('x\u001b[1m', 0, 0, { a: '\u001b[31m' })],
  });
  assert.ok(!why([hostile], plain).includes('\u001b'));
});

test('operators see the clauses of a denial below its decision, the sentence first', () => {
  const denied = event({
    status: 'denied',
    code: 'denied',
    httpStatus: 0,
    attributes: { message: 'no policy permits it', executed: 'no' },
    steps: [
      step('decide', 0, 0.1, { effect: 'deny', code: 'NO_PERMIT', rules: [], missing: ['org'], policyVersion: POLICY }),
    ],
  });
  const explained = {
    callId: denied.callId,
    span: denied.span,
    node: 'sc-a',
    sentence: 'denied because no permit of `org` matches: the nearest, `by-day`, needs context.hourUtc < 18',
    blocking: [],
    nearMisses: [
      {
        level: 'org',
        id: 'by-day',
        reason: '',
        distance: 11,
        scope: ['principal is User'],
        failed: [{ text: 'context.hourUtc < 18', value: 'false', facts: ['context.hourUtc = 20'] }],
      },
    ],
    policyVersion: 'sha256:ff',
    decidedBy: POLICY,
    caveats: ['it was decided by another policy \u001b[2J'],
  };
  const lines = why([denied], plain, new Map([[denied.span, explained]])).split('\n');
  assert.deepEqual(lines.slice(2, 8), [
    `  2  decide    deny  NO_PERMIT  no permit at org  policy ${POLICY}`,
    '               denied because no permit of `org` matches: the nearest, `by-day`, needs context.hourUtc < 18',
    '               permit org/by-day  does not match',
    '                 needs principal is User',
    '                 context.hourUtc < 18  is false: context.hourUtc = 20',
    '               note: it was decided by another policy ',
  ]);
});

test('a decision of a canary, and what a shadow would have said, are told', () => {
  const decided = (attributes: object) =>
    why(
      [
        event({
          steps: [
            step('decide', 0, 1, { effect: 'allow', policyVersion: POLICY, release: 'sha256:aa', ...attributes }),
          ],
        }),
      ],
      plain,
    );
  assert.match(decided({ arm: 'canary' }), /as a canary of release sha256:aa/);
  assert.doesNotMatch(decided({ arm: 'stable' }), /sha256:aa/);
  assert.match(
    decided({ shadow: 'allow->deny by org/x' }),
    /in the shadow of release sha256:aa: allow->deny by org\/x/,
  );
});

test('a node with a hub says how old what it judged by was, and for how long it goes on', () => {
  const attributes = {
    ...{ 'stale.class': 'write', 'stale.snapshot_age_ms': 62_000, 'stale.kills_age_ms': -1 },
    ...{ 'stale.bound_ms': 60_000, 'stale.bound_of': 'kills' },
  };
  const text = why([event({ attributes })], plain);
  assert.match(
    text,
    /standing +class write: configuration confirmed \S+ ago, orders to stop never; goes on without the hub for \S+ \(kills\)/,
  );
});
