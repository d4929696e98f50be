import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../contract/index.ts';
import type { About, Ask } from '../index.ts';
import { dialectOf, readEvents } from '../index.ts';
import {
  bodyOf,
  fieldText,
  fieldValue,
  legacyError,
  legacyResult,
  mcp,
  membersOf,
  mirrored,
  mirrorsIn,
  modernError,
  modernResult,
  objectOf,
  readMessage,
  readMeta,
  requestOf,
  resultTypeOf,
  writeMeta,
} from './index.ts';

const about: About = { kind: 'tool', operation: 'add', model: '', callId: '0'.repeat(32), atS: 0 };
const ask: Ask = { input: { a: 1 }, turns: [], stream: false, rest: [] };

test('an object that is taken apart and put together says the same', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.boolean(), (value, isWide) => {
      const text = JSON.stringify(value, null, isWide ? 2 : 0);
      const members = membersOf(text)!;
      assert.deepEqual([...members.keys()].sort(), Object.keys(JSON.parse(text)).sort());
      assert.deepEqual(JSON.parse(objectOf(members)), JSON.parse(text));
    }),
  );
  assert.equal(membersOf('[1]'), undefined);
});

test('a request comes through the form as it was, digit by digit', () => {
  const plain = bodyOf('tools/call', '{"name":"add","arguments":{"n":12345678901234567890.0},"_meta":{"x":1}}')!;
  assert.deepEqual(plain, { operation: 'add', contentType: 'application/json', body: '{"n":12345678901234567890.0}' });
  assert.equal(
    requestOf(plain.operation, plain.contentType, plain.body).params,
    '{"name":"add","arguments":{"n":12345678901234567890.0}}',
  );
  const again = bodyOf('tools/call', '{"name":"add","requestState":"s","inputResponses":{}}')!;
  assert.equal(again.contentType, 'application/json;form=mcp');
  assert.deepEqual(JSON.parse(requestOf(again.operation, again.contentType, again.body).params), {
    name: 'add',
    requestState: 's',
    inputResponses: {},
  });
  const other = bodyOf('resources/read', '{"uri":"a:b","_meta":{}}')!;
  assert.equal(other.operation, 'mcp.resources.read');
  assert.deepEqual(requestOf(other.operation, other.contentType, other.body), {
    method: 'resources/read',
    params: '{"uri":"a:b"}',
  });
  assert.equal(bodyOf('made/up', '{}'), undefined);
});

test('a body says the method of its own operation, and no other tool than that which was governed', () => {
  for (const [operation, body] of [
    ['mcp.list', '{"method":"resources/read","params":{}}'],
    ['mcp.list', '{}'],
    ['mcp.list', '{"method":"tools/list","params":[]}'],
    ['add', '[]'],
  ] as const)
    assert.throws(() => requestOf(operation, 'application/json', body), { code: 'bad_request' });
  const { params } = requestOf('add', 'application/json;form=mcp', '{"name":"delete_all","arguments":{}}');
  assert.equal(JSON.parse(params).name, 'add');
});

test('what is no message is refused, and says why', () => {
  for (const [json, why] of [
    ['[]', /no object/],
    ['{"jsonrpc":"1.0","id":1,"result":{}}', /2\.0/],
    ['{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', /not one of/],
    ['{"jsonrpc":"2.0","id":1}', /not one of/],
    ['{"jsonrpc":"2.0","id":null,"result":{}}', /its `id` is missing/],
    ['{"jsonrpc":"2.0","id":1.5,"result":{}}', /its `id` is missing/],
    ['{"jsonrpc":"2.0","id":1,"result":[]}', /no object/],
    ['{"jsonrpc":"2.0","id":1,"error":{"code":"x"}}', /its `error` is none/],
    ['{"jsonrpc":"2.0","id":1,"Result":{},"result":{}}', /wrong case/],
    ['{"jsonrpc":"2.0","id":1,"method":"a\\nb"}', /its `method`/],
    ['{"jsonrpc":"2.0","method":"a","params":[1]}', /`params`/],
    ['{"jsonrpc":"2.0","id":1,"method":"a","result":{}}', /at once/],
  ] as const)
    assert.match(readMessage(json) as string, why);
  assert.deepEqual(readMessage('{"jsonrpc":"2.0","id":7,"result":{"n":1.0}}'), {
    kind: 'result',
    id: 7,
    result: '{"n":1.0}',
  });
  assert.deepEqual(readMessage('{"jsonrpc":"2.0","method":"notifications/progress","params":{"p":1}}'), {
    kind: 'notification',
    method: 'notifications/progress',
    params: '{"p":1}',
  });
});

test('a result goes from one era into the other and back', () => {
  const legacy = '{"tools":[],"_meta":{"a":1}}';
  const modern = modernResult('tools/list', legacy, { name: 's', version: '1' });
  assert.deepEqual(JSON.parse(modern), {
    tools: [],
    resultType: 'complete',
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { a: 1, 'io.modelcontextprotocol/serverInfo': { name: 's', version: '1' } },
  });
  assert.deepEqual(JSON.parse(legacyResult('tools/list', modern)), JSON.parse(legacy));
  assert.equal(resultTypeOf('{"resultType":"input_required"}'), 'input_required');
  assert.equal(resultTypeOf('{}'), 'complete');
  assert.equal(modernError({ code: -32002, message: 'no' }).code, -32602);
  assert.equal(legacyError({ code: -32602, message: 'no' }, 'resources/read').code, -32002);
  assert.equal(legacyError({ code: -32021, message: 'no' }, 'tools/call').code, -32600);
});

test('`_meta` passes through a header without the trace, and not without bounds', () => {
  const header = writeMeta({ traceparent: 'x', progressToken: 'é' });
  assert.deepEqual(readMeta([['mcp-meta', header]]), { progressToken: 'é' });
  assert.deepEqual(readMeta([]), {});
  assert.throws(() => writeMeta({ a: 'x'.repeat(4_000) }), { code: 'too_large' });
  for (const bad of ['WzFd', '!', Buffer.from('nope').toString('base64url')])
    assert.throws(() => readMeta([['mcp-meta', bad]]), { code: 'bad_request' });
});

test('arguments are repeated in headers where a tool wants it, and only where it may', () => {
  const schema = {
    type: 'object',
    properties: {
      city: { type: 'string', 'x-mcp-header': 'City' },
      deep: { type: 'object', properties: { n: { type: 'integer', 'x-mcp-header': 'N' } } },
    },
  };
  const mirrors = mirrorsIn(schema);
  assert.ok(typeof mirrors !== 'string');
  assert.deepEqual(mirrored(mirrors, { city: 'Zürich', deep: { n: 4 } }), [
    'mcp-param-city',
    '=?base64?WsO8cmljaA==?=',
    'mcp-param-n',
    '4',
  ]);
  assert.deepEqual(mirrored(mirrors, { city: null }), []);
  for (const property of [
    { type: 'number', 'x-mcp-header': 'a' },
    { type: 'string', 'x-mcp-header': 'a b' },
    { type: 'array', items: { type: 'string', 'x-mcp-header': 'a' } },
  ])
    assert.equal(typeof mirrorsIn({ properties: { property } }), 'string');
  assert.equal(
    typeof mirrorsIn({
      properties: { a: { type: 'string', 'x-mcp-header': 'X' }, b: { type: 'string', 'x-mcp-header': 'x' } },
    }),
    'string',
  );
  fc.assert(fc.property(fc.string(), (text) => assert.equal(fieldText(fieldValue(text)), text)));
  assert.equal(fieldText('=?base64?%?='), undefined);
});

test('arguments and content have the same meaning in the common words', () => {
  assert.deepEqual(mcp.readAsk({ arguments: { a: 1 } }, about), ask);
  assert.deepEqual(mcp.writeAsk(ask, about), { arguments: { a: 1 } });
  const result = {
    content: [
      { type: 'text', text: 'hello' },
      { type: 'image', data: 'AA==', mimeType: 'image/png' },
      { type: 'resource_link', uri: 'https://example.org/x', name: 'x', mimeType: 'text/plain' },
    ],
    structuredContent: { sum: 3 },
    isError: true,
  };
  const answer = mcp.readAnswer(result, about);
  assert.equal(answer.stop, 'failed');
  assert.deepEqual(
    answer.parts.map(({ kind }) => kind),
    ['text', 'file', 'file', 'data'],
  );
  const written = mcp.writeAnswer(answer, about) as typeof result;
  assert.deepEqual([written.isError, written.structuredContent], [true, { sum: 3 }]);
  assert.deepEqual(written.content.slice(0, 3), result.content);
  const twice = mcp.readAnswer(
    { content: [{ type: 'text', text: '{"sum":3}' }], structuredContent: { sum: 3 } },
    about,
  );
  assert.deepEqual(twice.parts, [{ kind: 'data', data: { sum: 3 } }]);
});

test('what a tool has no words for is refused, and what is no result too', () => {
  assert.throws(() => mcp.writeAsk({ ...ask, rest: ['configuration'] }, about), Fault);
  assert.throws(() => mcp.writeAsk({ ...ask, input: [1] }, about), Fault);
  const call = { kind: 'call' as const, id: '1', name: 'x', input: {} };
  assert.throws(() => mcp.writeAnswer({ parts: [call], stop: 'calls', rest: [] }, about), /cannot be said/);
  for (const result of [[], { content: 'x' }, { content: [{ type: 'made-up' }] }])
    assert.throws(() => mcp.readAnswer(result, about), { code: 'upstream_invalid' });
});

test('a stream of messages becomes an answer, and an answer on its way a stream of messages', async () => {
  const bytes = mcp.writeEvents(
    (async function* () {
      yield { kind: 'begin' as const, context: 'c' };
      yield { kind: 'note' as const, text: 'thinking' };
      yield { kind: 'text' as const, at: 0, text: 'hel' };
      yield { kind: 'text' as const, at: 0, text: 'lo' };
      yield { kind: 'end' as const, stop: 'end' as const };
    })(),
    about,
  );
  const kept = await Array.fromAsync(bytes);
  const events = await Array.fromAsync(readEvents(of(kept)));
  assert.deepEqual(JSON.parse(events.at(-1)!.data), {
    result: {
      resultType: 'complete',
      content: [{ type: 'text', text: 'hello' }],
      _meta: { 'dev.airspace/context': 'c' },
    },
  });
  assert.deepEqual(await Array.fromAsync(dialectOf('mcp').readEvents(of(kept), about)), [
    { kind: 'begin' },
    { kind: 'note', text: 'thinking' },
    { kind: 'text', at: 0, text: 'hello' },
    { kind: 'end', stop: 'end' },
  ]);
});

async function* of(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
