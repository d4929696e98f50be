/** The decide layer: nothing goes on without a permit, a refusal explains itself, and limits only shorten and demote. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type Attributes,
  type Call,
  Fault,
  type Reply,
  type RoutePlan,
  type Scope,
  type Timer,
} from '../contract/index.ts';
import { Canceller, type Handler, Permit, parsedPayload } from '../kernel/index.ts';
import type { PolicyRequest } from './decide.ts';
import { decideLayer } from './layer.ts';
import { type PolicyWorld, preparePolicy } from './prepare.ts';
import { type Ask, callOf, compileWorld, type ShortWorld } from './testing.ts';

const PAYMENT = { type: 'object', required: ['cents'], properties: { cents: { type: 'integer' } } };

const WORLD: ShortWorld = {
  domains: [],
  users: [{ name: 'ann' }],
  targets: [
    { kind: 'agent', name: 'planner', operations: [{ name: 'run', effect: 'read' }] },
    {
      kind: 'tool',
      name: 'orders',
      operations: [
        { name: 'lookup', effect: 'read' },
        { name: 'drop', effect: 'irreversible' },
        { name: 'refund', effect: 'spend' },
        { name: 'pay', effect: 'write', input: PAYMENT },
        { name: 'note', effect: 'write', input: PAYMENT },
      ],
    },
  ],
};

const POLICIES = `
@id("all") @reason("agents may call") permit(principal is Agent, action, resource);
@id("no-drop") @reason("nothing is dropped here") @code("NO_DROP")
forbid(principal, action, resource == Operation::"tool/orders/drop");
@id("ask-first") @reason("money needs a second pair of eyes") @remedy("approval")
forbid(principal, action, resource) when { context.effect == "spend" };
@id("small") @reason("small sums only") @code("TOO_MUCH")
forbid(principal, action == Action::"tool/orders/pay", resource) when { context.args.cents > 100 };`;

const LIMITS = '@id("short") @timeout_ms("5000") @priority("batch") permit(principal, action, resource);';

const world = await compileWorld(WORLD, { org: { policies: POLICIES, limits: LIMITS } });

interface Step {
  readonly name: string;
  readonly startMs: number;
  readonly attributes: Attributes | undefined;
}

/** A scope whose time stands still and whose timers run when the test says so. */
const bench = (deadlineMs = Number.POSITIVE_INFINITY) => {
  const steps: Step[] = [];
  const attributes: Attributes[] = [];
  const timers: { readonly delayMs: number; readonly run: () => void; cancelled: boolean }[] = [];
  const after = (delayMs: number, run: () => void): Timer => {
    const timer = { delayMs, run, cancelled: false };
    timers.push(timer);
    return {
      cancel: () => {
        timer.cancelled = true;
      },
    };
  };
  const scope: Scope = {
    clock: { nowMs: () => 1000, wallMs: () => Date.parse('2026-11-26T10:00:00Z'), after },
    ids: { traceId: () => 't', spanId: () => 's', callId: () => 'c' },
    random: () => 0,
    signal: new Canceller(),
    deadlineMs,
    span: {
      spanId: 's',
      set: (added) => attributes.push(added),
      step: (name, startMs, added) => steps.push({ name, startMs, attributes: added }),
    },
  };
  return { scope, steps, attributes, timers };
};

const planIn =
  ({ targets }: PolicyWorld, priority: RoutePlan['priority'] = 2) =>
  (call: Call): RoutePlan => {
    const target = targets.find(({ kind, name }) => kind === call.target.kind && name === call.target.name);
    const operation = target?.operations.find(({ name }) => name === call.target.operation);
    if (target === undefined || operation === undefined) throw new Fault('not_found', 'no such target');
    return { target, operation, route: 'default', via: 'hub', timeoutMs: null, attempts: 3, priority };
  };

const REPLY: Reply = {
  outcome: 'ok',
  status: 200,
  contentType: 'application/json',
  headers: [],
  body: { kind: 'bytes', bytes: new Uint8Array() },
  endpoint: 'e',
  attempts: 1,
};

const ask = async (question: Ask, overrides: Partial<Call> = {}, deadlineMs?: number) => {
  const seen = bench(deadlineMs);
  const passed: { call: Call; scope: Scope }[] = [];
  const next: Handler = async (call, scope) => {
    passed.push({ call, scope });
    return REPLY;
  };
  const watched: PolicyRequest[] = [];
  const watch = (request: PolicyRequest): boolean => {
    watched.push(structuredClone(request));
    return false;
  };
  const handler = decideLayer({ policy: preparePolicy(world), planOf: planIn(world), watch })(next);
  const call = { ...callOf(question), ...overrides };
  const outcome = await handler(call, seen.scope).then(
    (reply) => ({ reply }),
    (thrown: unknown) => ({ thrown }),
  );
  const fault = 'thrown' in outcome && outcome.thrown instanceof Fault ? outcome.thrown : undefined;
  return { ...seen, call, passed, watched, fault, reply: 'reply' in outcome ? outcome.reply : undefined };
};

const LOOKUP: Ask = { agent: 'planner', call: 'tool/orders/lookup' };

test('an allowed call goes on with a permit for exactly its bytes', async () => {
  const { passed, reply, call } = await ask(LOOKUP);
  assert.equal(reply, REPLY);
  const [first] = passed;
  assert.ok(first);
  assert.equal(first.call.body, call.body);
  assert.deepEqual(Permit.check(first.call).determining, [{ level: 'org', id: 'all', reason: 'agents may call' }]);
  assert.throws(
    () => Permit.check({ ...first.call, target: { ...first.call.target, operation: 'drop' } }),
    /no decision/,
  );
  assert.throws(
    () => Permit.check({ ...first.call, body: { kind: 'bytes', bytes: new Uint8Array([9]) } }),
    /no decision/,
  );
});

describe('a refused call goes nowhere and says why', () => {
  const version = world.policy.version;
  const table: readonly (readonly [string, Ask, string, string, object])[] = [
    [
      'by a forbid',
      { ...LOOKUP, call: 'tool/orders/drop' },
      'denied',
      'nothing is dropped here',
      { rules: ['org/no-drop'], code: 'NO_DROP', policyVersion: version, missing: [] },
    ],
    [
      'for want of a permit',
      { user: 'ann', call: 'tool/orders/lookup' },
      'denied',
      'no policy of level `org` permits user `ann` to call `lookup` of tool `orders`',
      { rules: [], code: 'NO_PERMIT', policyVersion: version, missing: ['org'] },
    ],
    [
      'until somebody approves',
      { ...LOOKUP, call: 'tool/orders/refund' },
      'approval_required',
      'money needs a second pair of eyes',
      { rules: ['org/ask-first'], code: 'APPROVAL_REQUIRED', policyVersion: version, missing: [] },
    ],
    [
      'without a caller',
      { call: 'tool/orders/lookup' },
      'denied',
      'the call has no proven caller',
      { rules: [], code: 'UNKNOWN_PRINCIPAL', policyVersion: version, missing: [] },
    ],
  ];
  for (const [name, question, code, message, facts] of table)
    test(name, async () => {
      const { fault, passed, steps, call } = await ask(question);
      assert.ok(fault);
      assert.deepEqual([fault.code, fault.message, fault.facts, fault.executed], [code, message, facts, 'no']);
      assert.equal(passed.length, 0);
      assert.throws(() => Permit.check(call), /no decision/);
      assert.equal(steps[0]?.attributes?.['code'], (facts as { code: string }).code, 'a refusal is on the record too');
    });
});

test('the span says what was decided, by which rules of which version', async () => {
  const { steps, attributes } = await ask(LOOKUP);
  const policyVersion = world.policy.version;
  assert.deepEqual(steps, [
    {
      name: 'decide',
      startMs: 1000,
      attributes: {
        effect: 'allow',
        code: 'OK',
        rules: ['org/all'],
        missing: [],
        policyVersion,
        at: Date.parse('2026-11-26T10:00:00Z'),
        depth: 0,
        priority: 2,
      },
    },
  ]);
  assert.deepEqual(attributes, [{ 'policy.version': policyVersion, 'policy.rule': ['org/all'] }]);
});

test('a limit shortens and demotes, and never extends or promotes', async () => {
  const longer = await ask(LOOKUP, { timeoutMs: 60_000, priority: 1 });
  assert.deepEqual([longer.passed[0]?.call.timeoutMs, longer.passed[0]?.call.priority], [5000, 3]);
  const shorter = await ask(LOOKUP, { timeoutMs: 100 });
  assert.equal(shorter.passed[0]?.call.timeoutMs, 100);
});

test('a limit holds below even when the caller grants more', async () => {
  const { passed, scope, timers } = await ask(LOOKUP);
  assert.equal(passed[0]?.scope.deadlineMs, 6000);
  assert.deepEqual(
    timers.map(({ delayMs, cancelled }) => [delayMs, cancelled]),
    [[5000, true]],
  );
  assert.equal(scope.signal.reason, undefined);
  const tight = await ask(LOOKUP, {}, 2000);
  assert.equal(tight.passed[0]?.scope, tight.scope, 'a deadline that is nearer already stays as it is');
});

test('a target that routing does not know is its fault, and nothing is decided', async () => {
  const { fault, steps } = await ask({ ...LOOKUP, call: 'tool/ghost/lookup' });
  assert.equal(fault?.code, 'not_found');
  assert.deepEqual(steps, []);
});

const json = (text: string): Partial<Call> => ({ body: { kind: 'bytes', bytes: new TextEncoder().encode(text) } });

test('a rule sees the arguments in the bytes that go on', async () => {
  const pay: Ask = { agent: 'planner', call: 'tool/orders/pay' };
  const small = await ask(pay, json('{"cents":100}'));
  assert.equal(small.passed[0]?.call.body, small.call.body);
  const large = await ask(pay, json('{"cents":101}'));
  assert.deepEqual([large.fault?.facts['code'], large.passed.length], ['TOO_MUCH', 0]);
});

test('arguments that cannot be judged are refused, and the field is named', async () => {
  const { fault, passed } = await ask({ agent: 'planner', call: 'tool/orders/pay' }, json('{"cents":"1"}'));
  assert.deepEqual([fault?.code, fault?.facts['code'], passed.length], ['denied', 'BAD_ARGUMENTS', 0]);
  assert.match(fault?.message ?? '', /`cents` must be a whole number, not a text/);
  const chunks = (async function* () {
    yield new TextEncoder().encode('{"cents":1}');
  })();
  const stream = await ask({ agent: 'planner', call: 'tool/orders/pay' }, { body: { kind: 'stream', chunks } });
  assert.match(stream.fault?.message ?? '', /the payload is a stream/);
});

test('a payload that no rule reads is not parsed, whatever it is', async () => {
  const { passed, call } = await ask({ agent: 'planner', call: 'tool/orders/note' }, json('no JSON'));
  assert.equal(passed.length, 1);
  assert.equal(parsedPayload(call.body), undefined);
});

test('who looks at a decision again sees what it was made from, as plain data and no more', async () => {
  const pay = await ask({ agent: 'planner', call: 'tool/orders/pay' }, json('{"cents":100}'));
  assert.deepEqual(pay.watched[0]?.payload, { data: { cents: 100 } });
  const note = await ask({ agent: 'planner', call: 'tool/orders/note' }, json('{"cents":100}'));
  assert.equal(note.watched[0]?.payload, undefined);
});
