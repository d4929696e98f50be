import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readV1 } from '../read.ts';
import { anyV1, plainly } from '../testing.ts';
import type { Part, StreamResponse } from '../types.ts';
import {
  cardFrom03,
  cardTo03,
  eventFrom03,
  eventFromProto03,
  eventTo03,
  eventToProto03,
  sendFromProto03,
  sendParamsFrom03,
  sendParamsTo03,
  sendToProto03,
  whole,
} from './index.ts';

const RUNS = { numRuns: 200 };

test('what goes to 0.3 and back is the same, or what was lost is named', () => {
  let kept = 0;
  fc.assert(
    fc.property(anyV1('SendMessageRequest'), (request) => {
      const { value, lost } = sendParamsTo03(request);
      const back = sendParamsFrom03(JSON.parse(JSON.stringify(value)));
      assert.deepEqual(back.lost, []);
      if (lost.length > 0) return;
      kept++;
      const { configuration, ...rest } = plainly(request) as { configuration?: Record<string, unknown> };
      const { configuration: told, ...same } = plainly(back.value) as { configuration?: Record<string, unknown> };
      assert.deepEqual(same, rest);
      assert.deepEqual(told ?? {}, configuration ?? {});
    }),
    RUNS,
  );
  assert.ok(kept > 20, `only ${kept} of the messages could be said`);
});

const events = anyV1('StreamResponse').map((event) => readV1('StreamResponse', event, 'answer').value);

test('events come back from 0.3 as they were, through JSON-RPC and through protobuf', () => {
  fc.assert(
    fc.property(events, (event) => {
      const { value, lost } = eventTo03(event);
      if (lost.length > 0) return;
      assert.deepEqual(plainly(eventFrom03(JSON.parse(JSON.stringify(value)))), plainly(event));
      if (JSON.stringify(value).includes('referenceTaskIds')) return;
      const proto = JSON.parse(JSON.stringify(eventToProto03(value)));
      assert.deepEqual(plainly(eventFrom03(eventFromProto03(proto))), plainly(event));
    }),
    RUNS,
  );
});

test('what 0.3 has no words for is named with its place, and refused in a request', () => {
  const say = (part: Part) =>
    sendParamsTo03({ message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'a' }, part] } });
  assert.deepEqual(say({ text: '# a', mediaType: 'text/markdown' }).lost, ['message.parts[1].mediaType']);
  assert.deepEqual(say({ data: {}, filename: 'a.json' }).lost, ['message.parts[1].filename']);
  assert.deepEqual(say({ url: 'https://a.example/f', filename: 'f', mediaType: 'text/csv' }).lost, []);
  assert.throws(() => whole(say({ text: 'a', filename: 'f' }), '1.0', '0.3'), {
    code: 'bad_request',
    message: /A2A 0\.3: `message\.parts\[1\]\.filename`; leave it out/,
  });
});

test('data that is no object survives 0.3', () => {
  for (const data of [[1, 2], 'text', 7, true, null]) {
    const event: StreamResponse = { message: { messageId: 'm', role: 'ROLE_AGENT', parts: [{ data }] } };
    assert.deepEqual(eventFrom03(eventTo03(event).value), event);
  }
});

test('0.3 requests with members that nobody knows lose them by name', () => {
  const params = {
    message: { kind: 'message', messageId: 'm', role: 'user', parts: [{ kind: 'text', text: 'a' }], mood: 1 },
  };
  assert.deepEqual(sendParamsFrom03(params).lost, ['MessageSendParams.message.mood']);
});

test('waiting is what both versions do when nobody says otherwise', () => {
  const message = { messageId: 'm', role: 'ROLE_USER' as const, parts: [{ text: 'a' }] };
  assert.equal(sendParamsTo03({ message }).value.configuration?.blocking, true);
  const waits = { message, configuration: { returnImmediately: true } };
  assert.equal(sendParamsTo03(waits).value.configuration?.blocking, false);
  assert.deepEqual(sendFromProto03(sendToProto03(sendParamsTo03(waits).value)), sendParamsTo03(waits).value);
});

test('a final event is what ends or waits', () => {
  const final = (state: 'TASK_STATE_WORKING' | 'TASK_STATE_INPUT_REQUIRED' | 'TASK_STATE_FAILED') =>
    (eventTo03({ statusUpdate: { taskId: 't', status: { state } } }).value as { final: boolean }).final;
  assert.deepEqual(
    [final('TASK_STATE_WORKING'), final('TASK_STATE_INPUT_REQUIRED'), final('TASK_STATE_FAILED')],
    [false, true, true],
  );
});

test('hostile 0.3 is refused: parts of no kind, states that do not exist, names in another case', () => {
  const task = (more: object) => ({ kind: 'task', id: 't', contextId: 'c', status: { state: 'working' }, ...more });
  const refused = { code: 'upstream_invalid' };
  assert.throws(() => eventFrom03(task({ status: { state: 'TASK_STATE_WORKING' } })), refused);
  assert.throws(() => eventFrom03(task({ id: 'a\u0000b' })), refused);
  assert.throws(() => eventFrom03(task({ ContextId: 'd' })), /must be written `contextId`/);
  assert.throws(
    () => eventFrom03(task({ history: [{ messageId: 'm', role: 'user', parts: [{ kind: 'text' }] }] })),
    refused,
  );
  assert.throws(() => eventFrom03({ kind: 'promise' }), refused);
  assert.throws(() => eventFrom03(null), refused);
});

const CARD_02 = {
  protocolVersion: '0.2.0',
  name: 'a',
  description: 'b',
  url: 'http://127.0.0.1:1/',
  version: '1',
  capabilities: { streaming: true, stateTransitionHistory: true },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [{ id: 's', name: 's', description: 's', tags: [], security: [{ key: [] }] }],
  security: [{ key: ['read'] }],
  securitySchemes: {
    key: { type: 'apiKey', in: 'header', name: 'x-key' },
    login: {
      type: 'oauth2',
      flows: {
        implicit: { authorizationUrl: 'https://a', scopes: {} },
        password: { tokenUrl: 'https://b', scopes: {} },
      },
    },
  },
};

test('a card of 0.2 is read as 0.3, and what its schemes lose is named', () => {
  const { value, lost } = cardFrom03(CARD_02);
  assert.deepEqual(value.supportedInterfaces, [
    { url: 'http://127.0.0.1:1/', protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
  ]);
  assert.deepEqual(lost, ['capabilities.stateTransitionHistory', 'securitySchemes.login.flows.password']);
  const back = cardTo03(value)!.value;
  assert.deepEqual(back.security, CARD_02.security);
  assert.deepEqual(back.skills, CARD_02.skills);
  assert.deepEqual(back.securitySchemes?.['key'], CARD_02.securitySchemes.key);
  assert.equal(cardTo03({ ...value, supportedInterfaces: [] }), undefined);
});

test('outside JSON-RPC, 0.3 is read by the names that JSON has and by those of protobuf, and not by both at once', () => {
  const said = { messageId: 'm', role: 'ROLE_USER', content: [{ text: 'a' }] };
  const read = { message: { kind: 'message', messageId: 'm', role: 'user', parts: [{ kind: 'text', text: 'a' }] } };
  assert.deepEqual(sendFromProto03({ message: said }), read);
  assert.deepEqual(sendFromProto03({ request: said }), read);
  assert.throws(() => sendFromProto03({ request: said, message: said }), /must be written `message`/);
  assert.deepEqual(eventFromProto03({ msg: said }), eventFromProto03({ message: said }));
});

test('what a message refers to cannot be said outside JSON-RPC: a request with it is refused, and an answer leaves it out', () => {
  const message = { messageId: 'm', parts: [{ text: 'a' }], referenceTaskIds: ['t'] };
  const asked = sendParamsTo03({ message: { ...message, role: 'ROLE_USER' } }).value;
  assert.throws(() => sendToProto03(asked), { code: 'bad_request' });
  const answered = eventTo03({ message: { ...message, role: 'ROLE_AGENT' } }).value;
  assert.deepEqual(eventToProto03(answered), {
    message: { messageId: 'm', role: 'ROLE_AGENT', content: [{ text: 'a' }] },
  });
});
