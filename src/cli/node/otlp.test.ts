/** Over real connections: what becomes of a request, whatever the collector does with it. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { writeTaken } from '../../dialects/otlp/index.ts';
import { collector, type OtlpSettings } from './otlp.ts';

const BODY = Buffer.from('{"resourceSpans":[]}');

interface Came {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

const answering = async (answer: (res: ServerResponse) => void, change: Partial<OtlpSettings> = {}) => {
  const came: Came[] = [];
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    came.push({ path: req.url ?? '', headers: req.headers, body: Buffer.concat(chunks) });
    answer(res);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const settings: OtlpSettings = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    ...{ encoding: 'json', names: 'otel', headers: { 'api-key': 's3cret' }, timeoutMs: 5_000, isCompressed: true },
    ...change,
  };
  return {
    came,
    send: collector(settings),
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise<void>((closed) => server.close(() => closed()));
    },
  };
};

test('a batch is posted compressed, with the headers of the operator', async () => {
  await using one = await answering((res) => res.end('{}'));
  assert.deepEqual(await one.send(BODY), { kind: 'taken', partial: { rejectedSpans: 0, errorMessage: '' } });
  const [{ path, headers, body }] = one.came as [Came];
  assert.equal(path, '/v1/traces');
  assert.deepEqual(
    [headers['content-type'], headers['content-encoding'], headers['api-key']],
    ['application/json', 'gzip', 's3cret'],
  );
  assert.deepEqual(gunzipSync(body), BODY);
  await using plain = await answering((res) => res.end(), { isCompressed: false, encoding: 'protobuf' });
  await plain.send(BODY);
  assert.deepEqual([plain.came[0]!.headers['content-encoding'], plain.came[0]!.body], [undefined, BODY]);
  assert.equal(plain.came[0]!.headers['content-type'], 'application/x-protobuf');
});

test('a part that was refused is read, in the encoding that the answer has', async () => {
  const partial = { rejectedSpans: 4, errorMessage: 'too old' };
  for (const encoding of ['protobuf', 'json'] as const) {
    await using one = await answering((res) => {
      res.setHeader('content-type', encoding === 'json' ? 'application/json' : 'application/x-protobuf');
      res.end(writeTaken(partial, encoding));
    });
    assert.deepEqual(await one.send(BODY), { kind: 'taken', partial });
  }
});

test('only what OTLP says can be sent again is for later, and after what the collector asks for', async () => {
  for (const status of [429, 502, 503, 504]) {
    await using one = await answering((res) => res.writeHead(status, { 'retry-after': '7' }).end());
    assert.deepEqual(await one.send(BODY), { kind: 'later', why: `the collector answered ${status}`, afterMs: 7_000 });
  }
  for (const status of [301, 400, 401, 404, 413, 500, 501]) {
    await using one = await answering((res) => res.writeHead(status, { location: '/elsewhere' }).end());
    assert.deepEqual(await one.send(BODY), { kind: 'refused', why: `the collector answered ${status}` });
    assert.equal(one.came.length, 1, 'nobody is sent elsewhere with the headers');
  }
  const date = new Date(Date.now() + 60_000).toUTCString();
  await using dated = await answering((res) => res.writeHead(503, { 'retry-after': date }).end());
  const { afterMs = 0 } = (await dated.send(BODY)) as { readonly afterMs?: number };
  assert.ok(afterMs > 50_000 && afterMs <= 61_000, String(afterMs));
  await using odd = await answering((res) => res.writeHead(503, { 'retry-after': 'soon' }).end());
  assert.deepEqual(await odd.send(BODY), { kind: 'later', why: 'the collector answered 503' });
});

test('a collector that says nothing, is not there, or never ends its answer holds nobody', async () => {
  await using silent = await answering(() => {}, { timeoutMs: 100 });
  assert.deepEqual(await silent.send(BODY), { kind: 'later', why: 'the collector said nothing in 100 ms' });
  await using slow = await answering((res) => res.write('{'), { timeoutMs: 100 });
  assert.equal((await slow.send(BODY)).kind, 'later');
  await using endless = await answering((res) => {
    const more = (): void => {
      while (!res.destroyed && res.write('x'.repeat(65_536))) {}
    };
    res.on('drain', more);
    more();
  });
  assert.equal((await endless.send(BODY)).kind, 'taken');
  const gone = await answering((res) => res.end());
  await gone[Symbol.asyncDispose]();
  assert.deepEqual(await gone.send(BODY), { kind: 'later', why: 'the collector was not reached (ECONNREFUSED)' });
});
