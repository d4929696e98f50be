/** Information points: asked once, together, through the pipeline, within the time of the call; and what cannot be had denies. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Call, Reply, Scope } from '../../contract/index.ts';
import { FACT_READER, Fault } from '../../contract/index.ts';
import { type Handler, loopbackCall, loopbackReply, Permit, rootScope, VirtualWorld } from '../../kernel/index.ts';
import { decideLayer } from '../layer.ts';
import { preparePolicy } from '../prepare.ts';
import { compileWorld, type ShortWorld } from '../testing.ts';
import { InformationPoints } from './points.ts';

const object = (...numbers: readonly string[]) => ({
  type: 'object',
  required: numbers,
  properties: Object.fromEntries(numbers.map((name) => [name, { type: 'integer' }])),
});

const WORLD: ShortWorld = {
  domains: [],
  users: [],
  targets: [
    { kind: 'agent', name: 'caller', operations: [{ name: 'run', effect: 'read' }] },
    {
      kind: 'tool',
      name: 'bank',
      operations: [
        { name: 'account', effect: 'read' },
        { name: 'owner', effect: 'read' },
        { name: 'pay', effect: 'spend' },
        { name: 'tip', effect: 'spend' },
      ],
    },
  ],
  facts: {
    account: {
      for: [{ kind: 'tool', name: 'bank' }],
      ask: { kind: 'tool', name: 'bank', operation: 'account', body: { id: { argument: '/from' } } },
      as: object('balance'),
      cacheMs: 1_000,
    },
    limits: {
      for: [{ kind: 'tool', name: 'bank' }],
      value: { all: [{ cents: 500 }] },
      take: '/all/0',
      as: object('cents'),
    },
    owner: {
      for: [{ kind: 'tool', name: 'bank', operations: ['pay'] }],
      ask: {
        kind: 'tool',
        name: 'bank',
        operation: 'owner',
        body: { person: { fact: 'account', at: '/owner' }, why: { value: 'policy' } },
      },
      as: object('trust'),
    },
  },
};

const ORG = `
@id("all") @reason("r") permit(principal, action, resource);
@id("funds") @reason("r") @code("FUNDS")
forbid(principal, action in [Action::"tool/bank/pay", Action::"tool/bank/tip"], resource)
when { context.facts.account.balance < context.facts.limits.cents };
@id("trust") @reason("r") forbid(principal, action == Action::"tool/bank/pay", resource) when { context.facts.owner.trust < 2 };`;

const policy = preparePolicy(await compileWorld(WORLD, { org: { policies: ORG } }));

const json = (value: unknown): Reply =>
  loopbackReply({ body: { kind: 'bytes', bytes: new TextEncoder().encode(JSON.stringify(value)) } });

const bytes = (value: unknown): Call['body'] => ({
  kind: 'bytes',
  bytes: new TextEncoder().encode(JSON.stringify(value)),
});

const textOf = ({ body }: Call): string => (body.kind === 'bytes' ? new TextDecoder().decode(body.bytes) : '');

const known = (call: Call): Promise<Reply> | Reply =>
  call.target.operation === 'account'
    ? json({ balance: 900, owner: 'ann', iban: 'secret' })
    : json({ trust: call.target.operation === 'owner' ? 3 : 0 });

/** One node that answers questions by a script, decided by the same layer as everything else. */
const node = (answer: (call: Call, scope: Scope) => Promise<Reply> | Reply = known) => {
  const world = new VirtualWorld(1);
  const asked: Call[] = [];
  const steps: (readonly [string, Record<string, unknown>])[] = [];
  const planOf = () => ({ priority: 2, operation: {} }) as never;
  const governed: Handler = decideLayer({ policy, planOf, ask: (call, scope) => ask(call, scope) })(
    async (call, scope) => {
      assert.equal(Permit.check(call).effect, 'allow');
      if (call.principal?.id !== FACT_READER) return json('done');
      asked.push(call);
      return answer(call, scope);
    },
  );
  /** What the identify layer does. */
  const ask: Handler = (call, scope) => {
    assert.ok(call.credential.kind === 'known');
    return governed({ ...call, principal: call.credential.principal }, scope);
  };
  const { scope, canceller } = rootScope(world, {
    spanId: 's',
    set: () => {},
    step: (name, _, attributes = {}) => void steps.push([name, attributes]),
  });
  const pay = async (operation = 'pay', body: unknown = { from: 'a1' }, parts: Partial<Call> = {}) => {
    const call = loopbackCall({
      principal: { kind: 'agent', tenant: 'default', id: 'caller', roles: [] },
      target: { kind: 'tool', name: 'bank', operation },
      contentType: 'application/json',
      body: bytes(body),
      ...parts,
    });
    return governed(call, scope).then(
      () => 'allowed',
      (thrown: Fault) => `${String(thrown.facts['code'] ?? thrown.code)}: ${thrown.message}`,
    );
  };
  return { asked, steps, pay, world, canceller };
};

test('two arms of a release that ask otherwise under one name do not share an answer', async () => {
  const call = loopbackCall({ target: { kind: 'tool', name: 'bank', operation: 'tip' }, body: bytes({ from: 'a1' }) });
  const { scope } = rootScope(new VirtualWorld(1), { spanId: 's', set: () => {}, step: () => {} });
  const points = new InformationPoints(async ({ target }) => json({ balance: target.operation === 'owner' ? 1 : 9 }));
  const account = policy.tenants.get('default')!.facts.find(({ name }) => name === 'account')!;
  const other = { ...account, ask: { ...account.ask!, target: { ...account.ask!.target, operation: 'owner' } } };
  const answers = [];
  for (const fact of [account, other, account]) answers.push((await points.gather([fact], call, scope)).values);
  assert.deepEqual(answers, [{ account: { balance: 9 } }, { account: { balance: 1 } }, { account: { balance: 9 } }]);
});

describe('what is asked', () => {
  test('each fact once, one that needs another after it, with the arguments and answers that it names', async () => {
    const { asked, pay } = node();
    assert.equal(await pay(), 'allowed');
    assert.deepEqual(
      asked.map((call) => [call.target.operation, textOf(call)]),
      [
        ['account', '{"id":"a1"}'],
        ['owner', '{"person":"ann","why":"policy"}'],
      ],
    );
  });

  test('only what a policy about this operation reads', async () => {
    const { asked, pay } = node();
    assert.equal(await pay('tip'), 'allowed');
    assert.deepEqual(
      asked.map(({ target }) => target.operation),
      ['account'],
    );
  });

  test('as a child of the call, in its conversation, by airspace and nobody else', async () => {
    const { asked, pay } = node();
    await pay('tip', { from: 'a1' }, { id: 'b'.repeat(32), session: 'talk', lineage: { root: 'r', depth: 2 } });
    const [question] = asked as [Call];
    assert.deepEqual(question.principal, { kind: 'node', tenant: 'default', id: FACT_READER, roles: [] });
    assert.deepEqual(question.lineage, { root: 'r', parent: 'b'.repeat(32), depth: 3 });
    assert.equal(question.session, 'talk');
    assert.deepEqual(question.headers, []);
  });

  test('an answer is used again for the same question, for as long as declared and in the same conversation', async () => {
    const { asked, pay, world } = node();
    for (const _ of [1, 2]) await pay('tip');
    assert.equal(asked.length, 1);
    await pay('tip', { from: 'a2' });
    await pay('tip', { from: 'a1' }, { session: 'other' });
    assert.equal(asked.length, 3);
    await world.run(1_000);
    await pay('tip');
    assert.equal(asked.length, 4);
  });

  test('what policies cannot read is not recorded, and what they read decides again without any point', async () => {
    const { steps, pay } = node();
    await pay('tip');
    const [[, first], [, last]] = steps.filter(([name]) => name === 'decide') as [(typeof steps)[0], (typeof steps)[0]];
    assert.equal(first['facts'], undefined, 'the question itself is decided without facts');
    assert.deepEqual(JSON.parse(String(last['facts'])), {
      values: { account: { balance: 900 }, limits: { cents: 500 } },
    });
    assert.deepEqual(
      steps.filter(([name]) => name === 'fact').map(([, { fact, outcome }]) => [fact, outcome]),
      [['account', 'ok']],
    );
  });
});

const FAILURES: readonly (readonly [string, (call: Call, scope: Scope) => Reply, RegExp])[] = [
  ['the target fails', () => ({ ...json({}), outcome: 'failed', status: 500 }), /`account` .* status 500/],
  [
    'nobody is there',
    () => {
      throw new Fault('unavailable', 'no endpoint');
    },
    /`account` .*\(unavailable\): no endpoint/,
  ],
  ['it is no JSON', () => ({ ...json({}), contentType: 'text/plain' }), /`account` .* not sent as `application\/json`/],
  [
    'it has another shape',
    (call) => json(call.target.operation === 'account' ? { balance: 'much', owner: 'ann' } : { trust: 3 }),
    /`account` .* `balance` must be a whole number/,
  ],
  [
    'what another fact needs is not in it',
    () => json({ balance: 900 }),
    /`owner` .* fact `account` has nothing at `\/owner`/,
  ],
];

describe('what cannot be had denies, and says which and why', () => {
  for (const [what, answer, says] of FAILURES) {
    test(what, async () => {
      const outcome = await node(answer).pay();
      assert.match(outcome, /^FACT_UNAVAILABLE: policy needs the fact/);
      assert.match(outcome, says);
    });
  }

  test('an argument that the question needs is missing', async () => {
    const { pay, asked } = node();
    assert.match(await pay('tip', {}), /^FACT_UNAVAILABLE: .*`account`.* the payload has nothing at `\/from`/);
    assert.equal(asked.length, 0);
  });

  test('a node without a way to ask', async () => {
    const handler = decideLayer({ policy, planOf: () => ({ priority: 2, operation: {} }) as never })(async () =>
      json('done'),
    );
    const call = loopbackCall({
      principal: { kind: 'agent', tenant: 'default', id: 'caller', roles: [] },
      target: { kind: 'tool', name: 'bank', operation: 'tip' },
      contentType: 'application/json',
      body: bytes({ from: 'a' }),
    });
    const { scope } = rootScope(new VirtualWorld(1), { spanId: 's', set: () => {}, step: () => {} });
    await assert.rejects(handler(call, scope), { code: 'denied', message: /`account`.*no way to ask/ });
  });

  test('a call whose time is over while it waits ends as such, and not as a denial', async () => {
    const bench = node(() => {
      bench.canceller.cancel(new Fault('timeout', 'its time is over'));
      throw new Fault('timeout', 'its time is over');
    });
    assert.equal(await bench.pay('tip'), 'timeout: its time is over');
  });
});

test('airspace itself may call nothing but what a fact asks, whatever a policy permits', async () => {
  const { pay } = node();
  const principal = { kind: 'node', tenant: 'default', id: FACT_READER, roles: [] } as const;
  assert.equal(await pay('account', {}, { principal }), 'allowed');
  assert.match(await pay('tip', { from: 'a1' }, { principal }), /^UNKNOWN_PRINCIPAL/);
  const target = { kind: 'agent', name: 'caller', operation: 'run' } as const;
  assert.match(await pay('run', {}, { principal, target }), /^UNKNOWN_PRINCIPAL/);
  assert.match(await pay('account', {}, { principal: { ...principal, id: 'hub-1' } }), /^UNKNOWN_PRINCIPAL/);
  assert.match(await pay('account', {}, { principal: { ...principal, kind: 'agent' } }), /^UNKNOWN_PRINCIPAL/);
});
