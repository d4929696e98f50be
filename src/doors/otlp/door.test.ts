import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Fault, type Principal } from '../../contract/index.ts';
import { type ReadSpans, type TraceRequest, writeTraces } from '../../dialects/otlp/index.ts';
import { systemWorld } from '../../kernel/index.ts';
import { type Listener, listen } from '../index.ts';
import { otlpDoor } from './index.ts';

const REQUEST: TraceRequest = {
  resourceSpans: [
    {
      resource: { attributes: [] },
      scopeSpans: [
        {
          scope: { name: 'test' },
          spans: [
            {
              ...{ traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'think', kind: 1, attributes: [] },
              ...{ startTimeUnixNano: '1', endTimeUnixNano: '2', status: { code: 0 } },
            },
          ],
        },
      ],
    },
  ],
};
const JSON_BODY = writeTraces(REQUEST, 'json');

let listener: Listener;
let taken: (readonly [Principal, ReadSpans])[] = [];
let answer: () => Promise<{ rejected: number; message: string }>;

before(async () => {
  const world = systemWorld();
  const door = otlpDoor({
    random: () => 0,
    identify: async (credential) => {
      const id = credential.kind === 'bearer' ? credential.token : '';
      if (id === 'stopped') throw new Fault('denied', 'it is under an order to stop');
      if (id !== 'worker') throw new Fault('unauthenticated', 'no valid credential came with this request');
      return { kind: 'agent', tenant: 'default', id, roles: [] };
    },
    take: (principal, read) => {
      taken.push([principal, read]);
      return answer();
    },
  });
  listener = await listen({ host: '127.0.0.1', port: 0, doors: [door], clock: world.clock });
});
after(() => listener.close(false));
beforeEach(() => {
  taken = [];
  answer = async () => ({ rejected: 0, message: '' });
});

const post = (body: Uint8Array, headers: Readonly<Record<string, string>> = {}, method = 'POST'): Promise<Response> =>
  fetch(`${listener.url}/v1/traces`, {
    method,
    headers: { 'content-type': 'application/json', authorization: 'Bearer worker', ...headers },
    ...(method === 'POST' ? { body: Buffer.from(body) } : {}),
  });

test('spans come in protobuf and JSON, compressed or not, and the answer has the type of the request', async () => {
  for (const encoding of ['protobuf', 'json'] as const)
    for (const isCompressed of [false, true]) {
      const body = writeTraces(REQUEST, encoding);
      const type = encoding === 'json' ? 'application/json' : 'application/x-protobuf';
      const response = await post(isCompressed ? gzipSync(body) : body, {
        'content-type': type,
        ...(isCompressed ? { 'content-encoding': 'gzip' } : {}),
      });
      assert.deepEqual([response.status, response.headers.get('content-type')], [200, type]);
      assert.equal(await response.text(), encoding === 'json' ? '{}' : '');
    }
  assert.equal(taken.length, 4);
  for (const [principal, { spans }] of taken)
    assert.deepEqual([principal.id, spans[0]?.span], ['worker', 'b'.repeat(16)]);
});

test('what was not kept is told in the words of OTLP', async () => {
  answer = async () => ({ rejected: 3, message: '3: too many' });
  const json = await (await post(JSON_BODY)).json();
  assert.deepEqual(json, { partialSuccess: { rejectedSpans: '3', errorMessage: '3: too many' } });
});

test('whoever is not known, is stopped, or is a node sends nothing', async () => {
  const cases = [
    ['Bearer nobody', 401],
    ['', 401],
    ['Bearer stopped', 403],
    ['Airspace-Node x.y', 400],
  ] as const;
  for (const [authorization, status] of cases) {
    const response = await post(JSON_BODY, { authorization });
    assert.equal(response.status, status, authorization);
    assert.equal(typeof ((await response.json()) as { message: string }).message, 'string');
  }
  assert.equal(taken.length, 0);
});

test('what is no export is refused before anybody takes it, and bombs stay small', async () => {
  const cases: readonly (readonly [string, Uint8Array, Readonly<Record<string, string>>, number])[] = [
    ['no JSON', Buffer.from('{'), {}, 400],
    ['repeated names', Buffer.from('{"resourceSpans":[],"resourceSpans":[]}'), {}, 400],
    ['another type', JSON_BODY, { 'content-type': 'text/plain' }, 400],
    ['another encoding', JSON_BODY, { 'content-encoding': 'br' }, 400],
    ['no gzip', JSON_BODY, { 'content-encoding': 'gzip' }, 400],
    ['no protobuf', JSON_BODY, { 'content-type': 'application/x-protobuf' }, 400],
    ['too large', Buffer.alloc(1024 * 1024 + 1, ' '), {}, 413],
    ['a bomb', gzipSync(Buffer.alloc(50 * 1024 * 1024, ' ')), { 'content-encoding': 'gzip' }, 413],
  ];
  for (const [what, body, headers, status] of cases) assert.equal((await post(body, headers)).status, status, what);
  assert.equal((await post(JSON_BODY, {}, 'GET')).status, 405);
  assert.equal(taken.length, 0);
});

test('a store that is not there makes exporters try again, after a while', async () => {
  answer = async () => {
    throw new Fault('storage', 'the record could not be written');
  };
  const response = await post(JSON_BODY);
  assert.deepEqual([response.status, response.headers.get('retry-after')], [503, '5']);
});
