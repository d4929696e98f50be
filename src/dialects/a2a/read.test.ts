import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../contract/index.ts';
import { a2a } from './dialect.ts';
import { errorFromGrpc, errorFromHttp, errorFromRpc, statusDocumentOf } from './errors.ts';
import { readV1, type Side } from './read.ts';
import { anyV1 } from './testing.ts';
import type { Messages } from './types.ts';
import {
  cancelFrom03,
  cardFrom03,
  cardFromProto03,
  cardTo03,
  eventFrom03,
  eventFromProto03,
  eventTo03,
  getFrom03,
  pushConfigFrom03,
  pushIdFrom03,
  sendFromProto03,
  sendParamsFrom03,
  sendParamsTo03,
} from './v03/index.ts';

const about = { kind: 'agent', operation: 'message', model: '', callId: 'c', atS: 0 } as const;

const READERS: Readonly<Record<string, (value: unknown) => unknown>> = {
  request: (value) => readV1('SendMessageRequest', value, 'ask'),
  event: (value) => readV1('StreamResponse', value, 'answer'),
  card: (value) => readV1('AgentCard', value, 'answer'),
  list: (value) => readV1('ListTasksResponse', value, 'answer'),
  ask: (value) => a2a.readAsk(value, about),
  answer: (value) => a2a.readAnswer(value, about),
  sendParamsFrom03,
  sendFromProto03,
  getFrom03,
  cancelFrom03,
  pushConfigFrom03,
  pushIdFrom03,
  eventFrom03,
  eventFromProto03,
  cardFrom03,
  cardFromProto03,
};

/** A message with one member replaced by anything, somewhere in it. */
const spoilt = (message: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.tuple(message, fc.infiniteStream(fc.nat(30)), fc.jsonValue()).map(([value, steps, junk]) => {
    const root = structuredClone({ value }) as Record<string, unknown>;
    let place: Record<string, unknown> = root;
    let name = 'value';
    for (const step of steps) {
      const inner = place[name];
      if (typeof inner !== 'object' || inner === null || step % 4 === 0) break;
      const names = Object.keys(inner);
      if (names.length === 0) break;
      place = inner as Record<string, unknown>;
      name = names[step % names.length]!;
    }
    place[name] = junk;
    return root['value'];
  });

const old = anyV1('StreamResponse').map((event) => JSON.parse(JSON.stringify(eventTo03(event).value)) as unknown);
const oldAsk = anyV1('SendMessageRequest').map(
  (ask) => JSON.parse(JSON.stringify(sendParamsTo03(ask).value)) as unknown,
);
const card: fc.Arbitrary<unknown> = anyV1('AgentCard').map((one) => {
  const supportedInterfaces = one.supportedInterfaces.map((each) => ({ ...each, protocolVersion: '0.3' }));
  return cardTo03({ ...one, supportedInterfaces })!.value;
});
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 5 }),
  ...(['SendMessageRequest', 'StreamResponse', 'AgentCard', 'ListTasksResponse'] as const).map((name) =>
    spoilt(anyV1(name as keyof Messages)),
  ),
  spoilt(old),
  spoilt(oldAsk),
  spoilt(card),
);

test('whatever is read, it is understood or refused as a fault, and nothing else is thrown', () => {
  let understood = 0;
  fc.assert(
    fc.property(anything, (value) => {
      for (const [name, read] of Object.entries(READERS)) {
        try {
          read(value);
          understood++;
        } catch (thrown) {
          assert.ok(thrown instanceof Fault, `${name}: ${thrown}`);
          assert.ok(['bad_request', 'upstream_invalid'].includes(thrown.code), `${name}: ${thrown.code}`);
        }
      }
    }),
    { numRuns: 400 },
  );
  assert.ok(understood > 50, `only ${understood} were understood`);
});

test('whatever is said of a failure, it is an error', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(20), (value, status) => {
      for (const error of [
        errorFromRpc(value),
        errorFromHttp(value, 400 + status),
        errorFromGrpc(status, 'x', [value]),
      ])
        assert.ok(error.http >= 200 && statusDocumentOf(error).error.details.length === 1);
    }),
  );
});

test('who wrote it is blamed for it', () => {
  const task = { id: 't', status: { state: 'TASK_STATE_WORKING' }, artifacts: [{ artifactId: '', parts: [] }] };
  const blamed = (side: Side) => {
    try {
      return readV1('Task', task, side);
    } catch (thrown) {
      return [(thrown as Fault).code, (thrown as Fault).facts['field']];
    }
  };
  assert.deepEqual(blamed('ask'), ['bad_request', 'Task.artifacts[0].artifactId']);
  assert.deepEqual(blamed('answer'), ['upstream_invalid', 'Task.artifacts[0].artifactId']);
});

test('members that nobody knows stay and are told, and those that are nearly ours are refused', () => {
  const message = { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'a', mood: 'good' }], weather: null };
  const { value, unknown } = readV1('SendMessageRequest', { message }, 'ask');
  assert.deepEqual(value, { message });
  assert.deepEqual(unknown, ['SendMessageRequest.message.parts[0].mood', 'SendMessageRequest.message.weather']);
  for (const name of ['message_id', 'MessageId', 'MESSAGE-ID'])
    assert.throws(
      () => readV1('SendMessageRequest', { message: { ...message, [name]: 'n' } }, 'ask'),
      /must be written `messageId`/,
    );
});

test('a list that an answer leaves out is an empty one, and a request has to have it', () => {
  const message = { messageId: 'm', role: 'ROLE_AGENT', parts: null };
  assert.deepEqual(readV1('Message', message, 'answer').value.parts, []);
  assert.throws(() => readV1('Message', message, 'ask'), /is missing/);
});
