/** Requests as attackers and broken clients write them, byte by byte: none of them may reach the handler. */
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';
import type { Handler } from '../../kernel/index.ts';
import { testWorld } from '../../upstreams/http/testing.ts';
import { type Listener, listen } from '../listen.ts';
import { nativeDoor } from './index.ts';

let reached = 0;
let listener: Listener;

const handler: Handler = async () => {
  reached++;
  return {
    outcome: 'ok',
    status: 200,
    contentType: 'application/json',
    headers: [],
    body: { kind: 'bytes', bytes: Buffer.from('{}') },
    endpoint: 'e@1',
    attempts: 1,
  };
};

before(async () => {
  const door = nativeDoor({ handler: () => handler, world: testWorld });
  const limits = { headersMs: 300, requestMs: 600 };
  listener = await listen({ host: '127.0.0.1', port: 0, doors: [door], clock: testWorld.clock, limits });
});
after(() => listener.close(false));

/** Sends bytes, closes its half, and answers all that came back. */
const exchange = (bytes: string | Buffer, halfClose = true): Promise<string> =>
  new Promise((resolve) => {
    const { port, hostname } = new URL(listener.url);
    const socket = net.connect(Number(port), hostname, () => {
      socket.write(bytes);
      if (halfClose) socket.end();
    });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });

const statusOf = (reply: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(reply)?.[1] ?? 0);

interface Shape {
  readonly line?: string;
  readonly host?: string;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  readonly length?: string;
}

const request = ({ line, host = 'host: localhost', headers = [], body = '{}', length }: Shape): Buffer =>
  Buffer.concat([
    Buffer.from(
      `${[
        line ?? 'POST /v1/agents/orders/place HTTP/1.1',
        ...(host === '' ? [] : [host]),
        'content-type: application/json',
        'connection: close',
        ...(length === '' ? [] : [length ?? `content-length: ${Buffer.byteLength(body)}`]),
        ...headers,
      ].join('\r\n')}\r\n\r\n`,
      'latin1',
    ),
    Buffer.from(body),
  ]);

test('the well-formed twin of all these requests reaches the handler', async () => {
  assert.equal(statusOf(await exchange(request({}), false)), 200);
  assert.equal(reached, 1);
  reached = 0;
});

const TE = 'transfer-encoding: chunked';
const KEY = 'authorization: Bearer k';
const node = (...headers: string[]): Shape => ({
  headers: ['authorization: Airspace-Node a.b', `airspace-call-id: ${'a'.repeat(32)}`, ...headers],
});

const CORPUS: readonly (readonly [what: string, status: number | readonly number[], bytes: Shape | string])[] = [
  ['length and chunked at once', 400, { headers: [TE] }],
  ['chunked spelt twice', 400, { length: '', headers: [TE, TE], body: '2\r\n{}\r\n0\r\n\r\n' }],
  ['chunked in disguise', 400, { length: '', headers: ['transfer-encoding: xchunked'], body: '0\r\n\r\n' }],
  [
    'chunked that is not last',
    400,
    { length: '', headers: ['transfer-encoding: chunked, identity'], body: '0\r\n\r\n' },
  ],
  ['chunked with a vertical tab', 400, { length: '', headers: ['transfer-encoding: \x0bchunked'], body: '0\r\n\r\n' }],
  ['two different lengths', 400, { headers: ['content-length: 3'] }],
  ['two equal lengths', 400, { headers: ['content-length: 2'] }],
  ['a list of lengths', 400, { length: 'content-length: 2, 2' }],
  ['a signed length', 400, { length: 'content-length: +2' }],
  ['a negative length', 400, { length: 'content-length: -2' }],
  ['a hexadecimal length', 400, { length: 'content-length: 0x2' }],
  ['a length beyond all numbers', [400, 413], { length: `content-length: ${'9'.repeat(30)}` }],
  ['a body shorter than its length', [0, 400], { length: 'content-length: 20' }],
  ['a bad chunk size', 400, { length: '', headers: [TE], body: 'zz\r\n{}\r\n0\r\n\r\n' }],
  ['a chunk without its line end', 400, { length: '', headers: [TE], body: '2\r\n{}0\r\n\r\n' }],
  ['chunks with bare line feeds', 400, { length: '', headers: [TE], body: '2\n{}\n0\n\n' }],
  ['chunks without an end', [0, 400], { length: '', headers: [TE], body: '2\r\n{}\r\n' }],
  ['an overflowing chunk size', 400, { length: '', headers: [TE], body: `${'f'.repeat(20)}\r\n{}\r\n0\r\n\r\n` }],
  ['a space before the colon', 400, { headers: ['x-a : b'] }],
  ['a folded header', 400, { headers: ['x-a: b\r\n c'] }],
  ['a NUL in a header', 400, { headers: ['x-a: b\0c'] }],
  ['a bare carriage return in a header', 400, { headers: ['x-a: b\rc'] }],
  ['a header without a name', 400, { headers: [': b'] }],
  ['bare line feeds', 400, 'POST /v1/agents/orders/place HTTP/1.1\nhost: localhost\ncontent-length: 2\n\n{}'],
  ['no host', 400, { host: '' }],
  ['two hosts', 400, { headers: ['host: localhost'] }],
  ['two different hosts', 400, { headers: ['host: evil.example'] }],
  ['a foreign host (DNS rebinding)', 400, { host: 'host: evil.example' }],
  ['a host with a path', 400, { host: 'host: localhost/x' }],
  ['a host with credentials', 400, { host: 'host: a@localhost' }],
  ['an empty host', 400, { host: 'host: ' }],
  ['an absolute path to another host', 400, { line: 'POST http://evil.example/v1/agents/orders/place HTTP/1.1' }],
  ['an absolute path with credentials', 400, { line: 'POST http://a@localhost/v1/agents/orders/place HTTP/1.1' }],
  ['a path without a slash', 400, { line: 'POST v1/agents/orders/place HTTP/1.1' }],
  ['a preface of HTTP/2', [0, 400, 505], 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['HTTP/3.7', [0, 400, 505], { line: 'POST /v1/agents/orders/place HTTP/3.7' }],
  ['CONNECT', [0, 400], { line: 'CONNECT localhost:80 HTTP/1.1' }],
  ['a method that does not exist', 400, { line: 'FETCH /v1/agents/orders/place HTTP/1.1' }],
  ['a TLS greeting', [0, 400], '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['a header block of 20 kB', 431, { headers: [`x-a: ${'b'.repeat(20_000)}`] }],
  ['500 headers', [400, 431], { headers: Array.from({ length: 500 }, (_, i) => `x-${i}: b`) }],
  ['GET', 405, { line: 'GET /v1/agents/orders/place HTTP/1.1' }],
  ['PUT', 405, { line: 'PUT /v1/agents/orders/place HTTP/1.1' }],
  ['an escaped path', 404, { line: 'POST /v1/agents/orders/%2e%2e HTTP/1.1' }],
  ['dot segments', 404, { line: 'POST /v1/agents/../place HTTP/1.1' }],
  ['an empty segment', 404, { line: 'POST /v1/agents//place HTTP/1.1' }],
  ['a double slash in front', 404, { line: 'POST //v1/agents/orders/place HTTP/1.1' }],
  ['a backslash', [400, 404], { line: 'POST /v1/agents/orders\\place HTTP/1.1' }],
  ['a query', 404, { line: 'POST /v1/agents/orders/place?x=1 HTTP/1.1' }],
  ['too many segments', 404, { line: 'POST /v1/agents/orders/place/now HTTP/1.1' }],
  ['a name in capitals', 404, { line: 'POST /v1/agents/ORDERS/place HTTP/1.1' }],
  ['a name of 64 characters', 404, { line: `POST /v1/agents/${'a'.repeat(64)}/place HTTP/1.1` }],
  ['two authorizations', 400, { headers: [KEY, KEY] }],
  ['an unknown scheme', 401, { headers: ['authorization: Basic YTpi'] }],
  ['a token with a space', 401, { headers: ['authorization: Bearer a b'] }],
  ['a bearer that pretends to be a node', 401, { headers: ['authorization: Bearer airspace-node x'] }],
  ['a compressed payload', 415, { headers: ['content-encoding: gzip'] }],
  ['a time that is no number', 400, { headers: ['airspace-timeout-ms: soon'] }],
  ['a time of nothing', 400, { headers: ['airspace-timeout-ms: 0'] }],
  ['a time below nothing', 400, { headers: ['airspace-timeout-ms: -5'] }],
  ['two times', 400, { headers: ['airspace-timeout-ms: 5', 'airspace-timeout-ms: 6'] }],
  ['an idempotency key with a space', 400, { headers: ['idempotency-key: a b'] }],
  ['an idempotency key of 256', 400, { headers: [`idempotency-key: ${'k'.repeat(256)}`] }],
  ['two idempotency keys', 400, { headers: ['idempotency-key: a', 'idempotency-key: b'] }],
  ['a session in Latin-1', 400, { headers: ['airspace-session: \xe9'] }],
  ['two content types', 400, { headers: ['content-type: text/plain'] }],
  ['a declared payload over the limit', 413, { length: 'content-length: 1048577', body: '' }],
  [
    'a chunked payload over the limit',
    413,
    { length: '', headers: [TE], body: `100001\r\n${'x'.repeat(0x100001)}\r\n0\r\n\r\n` },
  ],
  ['JSON that is none', 400, { body: '{]' }],
  ['JSON with duplicate keys', 400, { body: '{"a":1,"a":2}' }],
  ['JSON with __proto__', 400, { body: '{"__proto__":{"x":1}}' }],
  ['JSON that is not UTF-8', 400, { body: Buffer.from([0x22, 0xff, 0x22]) }],
  ['JSON with something behind it', 400, { body: '{}x' }],
  ['JSON nested 1000 deep', 400, { body: '['.repeat(1000) + ']'.repeat(1000) }],
  ['a node without a call id', 400, { headers: ['authorization: Airspace-Node a.b'] }],
  ['a node with a broken lineage', 400, node('airspace-lineage: x;y;z')],
  ['a node with a broken way', 400, node('airspace-via: a b')],
  ['a node with a broken number of the try', 400, node('airspace-attempt: first')],
  ['a node with a policy of no snapshot', 400, node('airspace-policy: sha256:aa')],
  ['a node with a policy of half a trial', 400, node('airspace-policy: sha256:aa;7;')],
  ['async where nobody keeps calls', 400, { headers: ['prefer: respond-async'] }],
  ['a record without an id', 404, { line: 'GET /v1/calls/ HTTP/1.1' }],
  ['a record of nobody', 401, { line: `GET /v1/calls/${'a'.repeat(32)} HTTP/1.1` }],
];

for (const [what, status, shape] of CORPUS) {
  test(`${what} is refused before the handler`, async () => {
    const reply = await exchange(typeof shape === 'string' ? Buffer.from(shape, 'latin1') : request(shape));
    const expected = typeof status === 'number' ? [status] : status;
    assert.ok(expected.includes(statusOf(reply)), `${statusOf(reply)} ${reply.slice(0, 300)}`);
    assert.equal(reached, 0);
  });
}

test('a slow writer of headers is cut', async () => {
  const reply = await exchange('POST /v1/agents/orders/place HTTP/1.1\r\nhost: localhost\r\nx-a: ', false);
  assert.equal(statusOf(reply), 408);
});

test('a slow writer of a body is cut', async () => {
  const reply = await exchange(request({ length: 'content-length: 9', body: '{' }), false);
  assert.ok([0, 408].includes(statusOf(reply)));
  assert.equal(reached, 0);
});

test('a second request hidden in the rest of a refused one is never served', async () => {
  const hidden = request({});
  const reply = await exchange(
    Buffer.concat([request({ length: 'content-length: 1048577', body: '', headers: [] }), hidden]),
  );
  assert.equal(reply.match(/HTTP\/1\.1 /g)?.length, 1);
  assert.equal(reached, 0);
});
