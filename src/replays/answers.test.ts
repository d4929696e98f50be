import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Call, Fault, type ReplayScript } from '../contract/index.ts';
import { payloadDigest } from '../kernel/index.ts';
import { Answers } from './answers.ts';
import type { KeptAnswer, RecordedCall } from './recording.ts';

const bytes = (text: string) => ({ kind: 'bytes', bytes: new TextEncoder().encode(text) }) as const;
let calls = 0;

const call = (text: string, given: Partial<Call> = {}): Call => ({
  id: String(++calls),
  credential: { kind: 'none' },
  principal: { kind: 'agent', tenant: 'default', id: 'triage', roles: [] },
  target: { kind: 'tool', name: 'orders', operation: 'find' },
  ...{ contentType: 'application/json', accept: 'application/json', body: bytes(text), headers: [] },
  trace: { trace: 'a'.repeat(32), sampled: true },
  lineage: { root: 'b'.repeat(32), depth: 1 },
  ...{ priority: 2, stream: false, via: [], retriedElsewhere: false },
  ...given,
});

const said = (text: string): KeptAnswer => ({
  ...{ kind: 'reply', status: 200, type: 'application/json', bytes: new TextEncoder().encode(text) },
});

const recorded = (text: string | null, answer: KeptAnswer, given: Partial<RecordedCall> = {}): RecordedCall => ({
  ...{ callId: 'c', caller: 'agent/triage', target: 'tool/orders/find', record: undefined, answer },
  asked: text === null ? { why: 'nobody kept it' } : { text, type: 'application/json' },
  digest: text === null ? undefined : payloadDigest(bytes(text)),
  ...given,
});

const answers = (recordedCalls: readonly RecordedCall[], script: ReplayScript = {}): Answers =>
  new Answers({ calls: recordedCalls }, script, () => false);

const textOf = (of: Answers, asked: Call): string => {
  const { body } = of.to(asked);
  return body.kind === 'bytes' ? new TextDecoder().decode(body.bytes) : '';
};

const fault = (work: () => unknown): Fault => {
  try {
    work();
  } catch (thrown) {
    return Fault.from(thrown);
  }
  throw new Error('nothing was thrown');
};

test('the same question gets its own answer, in whatever order and however its JSON is written, and once', () => {
  const of = answers([recorded('{"id":1,"x":[1,{"b":1,"a":2}]}', said('one')), recorded('{"id":2}', said('two'))]);
  assert.equal(textOf(of, call('{"id":2}')), 'two');
  assert.equal(textOf(of, call('{ "x": [1, {"a":2,"b":1}], "id": 1 }')), 'one');
  assert.match(fault(() => of.to(call('{"id":2}'))).message, /was called fewer times then/);
});

test('another question never gets the answer of one, and neither does another caller', () => {
  const of = answers([recorded('{"id":1,"note":"x"}', said('one'))]);
  const other = fault(() => of.to(call('{"id":9,"note":"x"}')));
  assert.deepEqual([other.code, other.executed], ['not_found', 'no']);
  assert.match(
    other.message,
    /`tool\/orders\/find` was asked otherwise then, in `id`; give a reply of it with --script/,
  );
  const principal = { kind: 'node', tenant: 'default', id: 'airspace', roles: [] } as const;
  assert.match(fault(() => of.to(call('{"id":1,"note":"x"}', { principal }))).message, /fewer times/);
  assert.equal(textOf(of, call('{"id":1,"note":"x"}')), 'one', 'it is still there');
});

test('where it is not known what was asked, answers come in their order, and that is said', () => {
  const of = answers([recorded(null, said('one')), recorded(null, said('two'))]);
  assert.deepEqual([textOf(of, call('{"id":5}')), textOf(of, call('{"id":6}'))], ['one', 'two']);
  assert.match(of.played[0]?.note ?? '', /not known: taken in the order/);
});

test('faults come again as they were, and what was refused or not kept is missing', () => {
  const of = answers([
    recorded('1', { kind: 'fault', code: 'upstream_broken', message: 'it broke', executed: 'unknown' }),
    recorded('2', { kind: 'missing', why: 'it ended with denied then, and no answer came' }),
  ]);
  const broken = fault(() => of.to(call('1')));
  assert.deepEqual([broken.code, broken.message, broken.executed], ['upstream_broken', 'it broke', 'unknown']);
  assert.match(fault(() => of.to(call('2'))).message, /is missing: it ended with denied then/);
});

test('a script answers alone for the targets that it names, one by one, and says when it is at its end', () => {
  const of = answers([recorded('1', said('recorded'))], {
    'tool/orders/find': [{ json: { a: 1 } }, { text: 'x', status: 404 }, { fault: 'timeout' }],
  });
  assert.equal(textOf(of, call('1')), '{"a":1}');
  const { status, outcome, contentType } = of.to(call('1'));
  assert.deepEqual([status, outcome, contentType], [404, 'failed', 'text/plain; charset=utf-8']);
  assert.equal(fault(() => of.to(call('1'))).code, 'timeout');
  assert.match(fault(() => of.to(call('1'))).message, /the script has no reply of `tool\/orders\/find` left/);
  assert.deepEqual(
    of.played.map(({ by }) => by),
    ['script', 'script', 'script', 'nothing'],
  );
});

test('nobody is answered in words that they did not ask in, and a call that nobody waits for is not taken', () => {
  const of = answers([recorded('1', said('{}')), recorded('2', said('{}'))]);
  assert.match(
    fault(() => of.to(call('1', { accept: 'application/json;form=mcp' }))).message,
    /is `application\/json`, and the agent asked for `application\/json;form=mcp`; give one with --script/,
  );
  assert.match(fault(() => of.to(call('2', { detach: true }))).message, /takes no call that nobody waits for/);
});

test('an agent that goes round in circles comes to an end', () => {
  const of = answers([], { 'tool/orders/find': Array.from({ length: 1_001 }, () => ({ json: 1 })) });
  for (let turn = 0; turn < 1_000; turn++) of.to(call('1'));
  assert.equal(fault(() => of.to(call('1'))).code, 'conflict');
});

test('a task of A2A is no answer, recorded or scripted: somebody would ask its target how it stands', () => {
  const type = 'application/json;form=a2a';
  const asked = () => call('1', { accept: type, contentType: type });
  const of = (text: string) => answers([], { 'tool/orders/find': [{ text, type }] });
  assert.equal(textOf(of('{"message":{}}'), asked()), '{"message":{}}');
  for (const text of [
    '{"task":{}}',
    '{"message":{},"task":{}}',
    '{"id":"t","status":{}}',
    'null',
    '[',
    'data: {"message":{}}',
  ])
    assert.match(fault(() => of(text).to(asked())).message, /is a task, which goes on/, text);
});
