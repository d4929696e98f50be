/** Limits at work: how often, which fields, how many tokens, and what is remembered of a call. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { type Attributes, type Call, Fault, type Reply, type RoutePlan, type Scope } from '../contract/index.ts';
import { Canceller, type Handler, Permit } from '../kernel/index.ts';
import { Places } from './concurrency.ts';
import { decideLayer } from './layer.ts';
import { preparePolicy } from './prepare.ts';
import { Rates } from './rate.ts';
import { redactReplays, redactReplies } from './redact-replies.ts';
import { type Ask, callOf, compileWorld, type ShortWorld } from './testing.ts';

const NOTE = { type: 'object', required: ['note'], properties: { note: { type: 'string' } } };
const WORLD: ShortWorld = {
  domains: [],
  users: [],
  targets: [
    { kind: 'agent', name: 'planner', operations: [{ name: 'run', effect: 'read' }] },
    {
      kind: 'tool',
      name: 'crm',
      operations: [
        { name: 'read', effect: 'read' },
        { name: 'write', effect: 'write', input: NOTE },
      ],
    },
    { kind: 'model', name: 'small', operations: [{ name: 'chat', effect: 'spend' }] },
  ],
};
const POLICIES = `
@id("all") @reason("agents may call") permit(principal is Agent, action, resource);
@id("short") @reason("short notes only")
forbid(principal, action == Action::"tool/crm/write", resource) when { context.args.note == "long" };`;
const READ: Ask = { agent: 'planner', call: 'tool/crm/read' };
const CHAT: Ask = { agent: 'planner', call: 'model/small/chat' };
const utf8 = new TextEncoder();
const json = (body: unknown): Partial<Call> => ({ body: { kind: 'bytes', bytes: utf8.encode(JSON.stringify(body)) } });
const textOf = ({ body }: Pick<Call, 'body'>): string =>
  body.kind === 'bytes' ? new TextDecoder().decode(body.bytes) : 'a stream';

const answering = (text: string, more: Partial<Reply> = {}): Reply => ({
  outcome: 'ok',
  status: 200,
  contentType: 'application/json',
  headers: [],
  body: { kind: 'bytes', bytes: utf8.encode(text) },
  endpoint: 'e',
  attempts: 1,
  ...more,
});

async function* streamOf(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield utf8.encode(text);
}

/** The decide layer, a record that notes what it sees, and the target. */
const governed = async (
  limits: string,
  answer: Reply = answering('{}'),
  instead: () => Promise<Reply> | undefined = () => undefined,
) => {
  const world = await compileWorld(WORLD, {
    org: { policies: POLICIES, limits: `@id("l") ${limits} permit(principal, action, resource);` },
  });
  const attributes: Record<string, Attributes[string]> = {};
  const sent: Call[] = [];
  const recorded: (Reply | Fault)[] = [];
  const target: Handler = async (call) => {
    Permit.check(call);
    sent.push(call);
    return (await instead()) ?? answer;
  };
  const inner = redactReplies()(target);
  const record: Handler = async (call, scope) => {
    try {
      const reply = await inner(call, scope);
      recorded.push(reply);
      return reply;
    } catch (thrown) {
      recorded.push(Fault.from(thrown));
      throw thrown;
    }
  };
  const planOf = () => ({ priority: 2, operation: {} }) as RoutePlan;
  const rates = new Rates();
  const places = new Places();
  const layer = () => decideLayer({ policy: preparePolicy(world), planOf, rates, places })(record);
  const ask = async (question: Ask, overrides: Partial<Call> = {}, nowMs = 0, handler = layer()) => {
    const call = { ...callOf(question), ...json({}), ...overrides };
    const answered = await handler(call, scopeAt(nowMs, attributes)).catch((thrown: unknown) => thrown);
    if (!(answered instanceof Fault)) return { call, reply: answered as Reply };
    return { call, fault: answered };
  };
  return { ask, attributes, sent, recorded };
};

const scopeAt = (nowMs: number, attributes: Record<string, Attributes[string]>): Scope => ({
  clock: { nowMs: () => nowMs, wallMs: () => 0, after: () => ({ cancel: () => {} }) },
  ids: { traceId: () => 't', spanId: () => 's', callId: () => 'c' },
  random: () => 0,
  signal: new Canceller(),
  deadlineMs: Number.POSITIVE_INFINITY,
  span: {
    spanId: 's',
    set: (added) => Object.assign(attributes, added),
    step: (_name, _startMs, added) => Object.assign(attributes, added),
  },
});

describe('how often', () => {
  test('a call beyond the rate is refused, names the rule and the time, and reaches nobody', async () => {
    const { ask, sent } = await governed('@rate("2/1s")');
    await ask(READ);
    await ask(READ);
    const { fault } = await ask(READ);
    assert.equal(fault?.code, 'rate_limited');
    assert.equal(fault.executed, 'no');
    assert.equal(fault.retryAfterMs, 500);
    assert.deepEqual(fault.facts['rules'], ['org/l']);
    assert.equal(
      fault.message,
      '`org/l` lets agent `planner` call `read` of tool `crm` 2 times in 1 s; call again in 500 ms',
    );
    assert.equal(sent.length, 2);
    assert.equal((await ask(READ, {}, 500)).fault, undefined);
  });

  test('a call that is refused for its payload costs no place', async () => {
    const { ask } = await governed('@rate("1/1s") @redact_in("/a")');
    assert.equal((await ask(READ, { contentType: 'text/plain' })).fault?.facts['code'], 'CANNOT_REDACT');
    assert.equal((await ask(READ)).fault, undefined);
    assert.equal((await ask(READ)).fault?.code, 'rate_limited');
  });
});

describe('how many at once', () => {
  test('a call beyond the places is refused at once and charged to no rate, and the end of one frees a place', async () => {
    const waiting = Promise.withResolvers<Reply>();
    let calls = 0;
    const { ask, sent } = await governed('@concurrency("2") @rate("3/1s")', answering('{}'), () => {
      calls += 1;
      return calls <= 2 ? waiting.promise : undefined;
    });
    const first = [ask(READ), ask(READ)];
    const { fault } = await ask(READ);
    assert.equal(fault?.facts['code'], 'TOO_MANY_AT_ONCE');
    assert.equal(
      fault?.message,
      '`org/l` lets agent `planner` have 2 calls to `read` of tool `crm` in the works; call again when one is done',
    );
    assert.equal((await ask({ ...READ, call: 'tool/crm/write' }, json({ note: 'x' }))).fault, undefined);
    waiting.resolve(answering('{}'));
    await Promise.all(first);
    // The third of three: the refused one was charged nothing.
    assert.equal((await ask(READ)).fault, undefined);
    assert.equal((await ask(READ)).fault?.facts['code'], 'RATE_LIMITED');
    assert.equal(sent.length, 4);
  });

  test('a stream keeps its place until it is over, and a failed call gives it back', async () => {
    const stream = answering('', { body: { kind: 'stream', chunks: streamOf('a', 'b') } });
    const { ask } = await governed('@concurrency("1")', stream);
    const { reply } = await ask(READ);
    assert.equal((await ask(READ)).fault?.facts['code'], 'TOO_MANY_AT_ONCE');
    assert.ok(reply?.body.kind === 'stream');
    for await (const _ of reply.body.chunks);
    assert.equal((await ask(READ)).fault, undefined);
    const failing = await governed('@concurrency("1")', answering('{}'), () =>
      Promise.reject(new Fault('upstream_broken', 'gone')),
    );
    for (let n = 0; n < 3; n++) assert.equal((await failing.ask(READ)).fault?.code, 'upstream_broken');
  });
});

describe('what the target gets', () => {
  test('redacted fields never leave, and the permit is for the bytes that do', async () => {
    const { ask, sent } = await governed('@redact_in("/customer/email,/note")');
    const body = { customer: { email: 'a@b.example', id: 1 }, other: 'x' };
    const { call } = await ask(READ, {
      ...json(body),
      headers: [
        ['content-digest', 'sha-256=:x:'],
        ['x-app', '1'],
      ],
    });
    assert.equal(textOf(sent[0]!), '{"customer":{"email":"[redacted]","id":1},"other":"x"}');
    assert.deepEqual(sent[0]!.headers, [['x-app', '1']]);
    assert.equal(textOf(call), JSON.stringify(body), 'the bytes of the caller stay as they are');
    assert.throws(() => Permit.check(call), /no decision/);
  });

  const unreadable: readonly (readonly [string, Partial<Call>])[] = [
    ['a stream', { body: { kind: 'stream', chunks: streamOf('{}') } }],
    ['another type', { contentType: 'text/plain' }],
    ['no JSON', { body: { kind: 'bytes', bytes: utf8.encode('{') } }],
    ['nothing', { body: { kind: 'bytes', bytes: new Uint8Array() } }],
  ];
  for (const [name, overrides] of unreadable)
    test(`${name} cannot be redacted and is denied`, async () => {
      const { ask, sent } = await governed('@redact_in("/note")');
      const { fault } = await ask(READ, overrides);
      assert.equal(fault?.code, 'denied');
      assert.equal(fault.facts['code'], 'CANNOT_REDACT');
      assert.equal(sent.length, 0);
    });

  const tokens: readonly (readonly [string, string, string])[] = [
    ['too many become as many as allowed', '{"max_tokens":5000}', '{"max_tokens":100}'],
    ['fewer stay', '{"max_tokens":5}', '{"max_tokens":5}'],
    ['fewer stay however they are written', '{"max_tokens":5e1}', '{"max_tokens":5e1}'],
    ['none become as many as allowed', '{"messages":[]}', '{"messages":[],"max_tokens":100}'],
    ['what is no number becomes one', '{"max_tokens":"9999"}', '{"max_tokens":100}'],
    ['below zero is no limit', '{"max_tokens":-1}', '{"max_tokens":100}'],
    ['beyond a double', '{"max_tokens":1e999}', '{"max_tokens":100}'],
    ['by its other name too', '{"max_completion_tokens":900}', '{"max_completion_tokens":100,"max_tokens":100}'],
  ];
  for (const [name, asked, expected] of tokens)
    test(`tokens of a model: ${name}`, async () => {
      const { ask, sent } = await governed('@max_tokens("100")');
      await ask(CHAT, { body: { kind: 'bytes', bytes: utf8.encode(asked) } });
      assert.equal(textOf(sent[0]!), expected);
    });

  test('a cap that cannot be put in place lets nothing through', async () => {
    const { ask, sent } = await governed('@max_tokens("100")');
    for (const overrides of [json([]), { contentType: 'text/plain' }])
      assert.equal((await ask(CHAT, overrides)).fault?.facts['code'], 'CANNOT_LIMIT_TOKENS');
    assert.equal(sent.length, 0);
  });

  test('a limit of tokens is nothing to a tool: its bytes stay the same object', async () => {
    const { ask, sent } = await governed('@max_tokens("100")');
    const { call } = await ask(READ, json({ max_tokens: 5000 }));
    assert.equal(sent[0]!.body, call.body);
  });
});

describe('what the caller gets', () => {
  const CARD = '@redact_out("/card/number")';

  test('redacted fields reach neither the caller nor the record', async () => {
    const answer = answering('{"card":{"number":"4111","kind":"v"}}', {
      headers: [
        ['etag', '"x"'],
        ['x-app', '1'],
      ],
    });
    const { ask, recorded } = await governed(CARD, answer);
    const { reply } = await ask(READ);
    assert.equal(textOf(reply!), '{"card":{"number":"[redacted]","kind":"v"}}');
    assert.equal(recorded[0], reply);
    assert.deepEqual(reply?.headers, [['x-app', '1']]);
  });

  test('a JSON reply of unknown length is read to its end first', async () => {
    const chunks = streamOf('{"card":{"num', 'ber":"4111"}}');
    const { ask } = await governed(CARD, answering('', { body: { kind: 'stream', chunks } }));
    assert.equal(textOf((await ask(READ)).reply!), '{"card":{"number":"[redacted]"}}');
  });

  test('a reply that cannot be redacted is withheld, and its call is known to have run', async () => {
    let left = false;
    const events: AsyncIterableIterator<Uint8Array> = {
      next: async () => ({ done: false, value: utf8.encode('data: 4111\n\n') }),
      return: async () => {
        left = true;
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => events,
    };
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const more of [
      { contentType: 'text/event-stream', body: { kind: 'stream', chunks: events } as const },
      { contentType: 'text/plain' },
      { body: { kind: 'bytes', bytes: utf8.encode(deep) } as const },
      { body: { kind: 'stream', chunks: streamOf('"', 'x'.repeat(2 ** 20), '"') } as const },
    ]) {
      const { ask, recorded } = await governed(CARD, answering('4111', more));
      const { fault } = await ask(READ);
      assert.equal(fault?.code, 'upstream_invalid');
      assert.equal(fault.executed, 'yes');
      assert.equal(fault.facts['code'], 'CANNOT_REDACT');
      assert.equal(recorded[0], fault);
    }
    assert.equal(left, true, 'nobody is left reading what nobody gets');
  });

  test('an error of the target stays an error, and text that cannot be redacted is withheld', async () => {
    const failed = { outcome: 'failed', status: 500 } as const;
    const plain = await governed(CARD, answering('card 4111', { ...failed, contentType: 'text/plain' }));
    const { reply } = await plain.ask(READ);
    assert.equal(reply?.status, 500);
    assert.equal(textOf(reply), '"[redacted]"');
    const told = await governed(CARD, answering('{"card":{"number":1}}', failed));
    assert.equal(textOf((await told.ask(READ)).reply!), '{"card":{"number":"[redacted]"}}');
  });

  test('what was recorded before the limit is redacted when it is told again', async () => {
    const kept = answering('{"card":{"number":"4111"}}', { notes: ['replayed'] });
    const replaying = redactReplays(async () => kept, { redactOut: ['/card/number'] });
    const reply = await replaying(callOf(READ), scopeAt(0, {}));
    assert.equal(textOf(reply), '{"card":{"number":"[redacted]"}}');
  });

  test('an empty reply has nothing to hide', async () => {
    const { ask } = await governed(CARD, answering('', { status: 204, contentType: '' }));
    assert.equal((await ask(READ)).reply?.status, 204);
  });
});

test('a digest of what the target gets is noted, and no digest where a rule says none', async () => {
  const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
  const digest = async (limits: string): Promise<unknown> => {
    const { ask, attributes } = await governed(limits);
    await ask(READ, json({ note: 'a' }));
    return attributes['payload.sha256'];
  };
  assert.equal(await digest('@log_payload("hash-only")'), sha('{"note":"a"}'));
  assert.equal(await digest('@log_payload("full")'), sha('{"note":"a"}'));
  assert.equal(await digest('@log_payload("full") @redact_in("/note")'), sha('{"note":"[redacted]"}'));
  assert.equal(await digest('@log_payload("none")'), undefined);
  assert.equal(await digest('@timeout_ms("1000")'), undefined);
});

test('arguments that rules read are not on the record where a limit keeps them back', async () => {
  const recordedArgs = async (limits: string): Promise<unknown> => {
    const { ask, attributes } = await governed(limits);
    assert.equal((await ask({ ...READ, call: 'tool/crm/write' }, json({ note: 'a' }))).fault, undefined);
    return attributes['args'];
  };
  for (const open of ['@timeout_ms("1000")', '@log_payload("full")', '@redact_out("/note")'])
    assert.equal(await recordedArgs(open), '{"note":"a"}', open);
  for (const closed of ['@log_payload("hash-only")', '@log_payload("none")', '@redact_in("/note")'])
    assert.equal(await recordedArgs(closed), undefined, closed);
});

test('the budget class stands on the record of the call', async () => {
  const { ask, attributes } = await governed('@budget_class("standard")');
  await ask(READ);
  assert.equal(attributes['policy.budget_class'], 'standard');
});
