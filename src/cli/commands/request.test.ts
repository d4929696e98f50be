import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http, { type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Fault, type FaultCode, HEADERS } from '../../contract/index.ts';
import { writeProblem } from '../../doors/native/index.ts';
import { line } from '../testing/line.ts';

interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Door extends AsyncDisposable {
  readonly url: string;
  readonly asked: Asked[];
}

const CALL = 'c1'.repeat(16);

/** A native door that says what the test wants. */
const door = async (answer: (res: ServerResponse) => void): Promise<Door> => {
  const asked: Asked[] = [];
  const server = http.createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    asked.push({ path: req.url ?? '', headers: req.headers, body });
    answer(res);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const replies =
  (status: number, type: string, body: string) =>
  (res: ServerResponse): void => {
    res.writeHead(status, {
      'content-type': type,
      [HEADERS.callId]: CALL,
      [HEADERS.traceId]: 'ab'.repeat(16),
      [HEADERS.endpoint]: 'orders@127.0.0.1:9000',
      [HEADERS.executed]: 'yes',
      [HEADERS.attempts]: '2',
    });
    res.end(body);
  };

const refuses =
  (code: FaultCode, details: ConstructorParameters<typeof Fault>[2] = {}) =>
  (res: ServerResponse): void =>
    writeProblem(
      res,
      new Fault(code, `because of ${code}`, details),
      { callId: CALL, traceId: 'ab'.repeat(16) },
      () => 0,
    );

test('the reply is alone on stdout, its ids are on stderr', async () => {
  await using open = await door(replies(200, 'application/json', '{"ok":true}'));
  const ran = await line([
    'request',
    'orders/where',
    '--data',
    '{"id":7}',
    '--url',
    open.url,
    '--key',
    'k',
    '--timeout',
    '5s',
    '--idempotency-key',
    'once',
  ]);
  assert.deepEqual(ran, { exit: 0, stdout: '{"ok":true}\n', stderr: `call ${CALL}  trace ${'ab'.repeat(16)}\n` });
  const [{ path, headers, body }] = open.asked as [Asked];
  assert.deepEqual([path, body], ['/v1/agents/orders/where', '{"id":7}']);
  assert.equal(headers.authorization, 'Bearer k');
  assert.equal(headers[HEADERS.timeoutMs], '5000');
  assert.equal(headers[HEADERS.idempotencyKey], 'once');
});

test('another key calls as its owner, a file and standard input are payloads', async () => {
  await using open = await door(replies(200, 'text/plain', 'x'));
  const folder = await mkdtemp(join(tmpdir(), 'airspace-request-'));
  await writeFile(join(folder, 'd.json'), '[1]');
  const base = ['--url', open.url, '--key', 'k'];
  await line(['request', 'model/small/chat', '--as-key', 'other', '-d', `@${join(folder, 'd.json')}`, ...base]);
  await line(['request', 'tool/x/y', '-d', '@-', ...base], { stdin: '[2]' });
  assert.deepEqual(
    open.asked.map(({ path, body, headers }) => [path, body, headers.authorization]),
    [
      ['/v1/models/small/chat', '[1]', 'Bearer other'],
      ['/v1/tools/x/y', '[2]', 'Bearer k'],
    ],
  );
  assert.equal((await line(['request', 'a/b', '-d', '@/nonexistent', ...base])).exit, 2);
  await rm(folder, { recursive: true });
});

test('how a call ended is the exit code', async () => {
  const cases: readonly (readonly [FaultCode, number])[] = [
    ['denied', 8],
    ['approval_required', 10],
    ['unauthenticated', 5],
    ['not_found', 4],
    ['timeout', 7],
    ['expired', 7],
    ['idempotency_mismatch', 6],
    ['bad_request', 2],
    ['unavailable', 1],
    ['upstream_broken', 1],
    ['internal', 1],
  ];
  for (const [code, exit] of cases) {
    await using open = await door(refuses(code));
    const ran = await line(['request', 'orders/where', '--url', open.url]);
    assert.equal(ran.exit, exit, code);
    assert.equal(ran.stdout, '');
    assert.match(ran.stderr, new RegExp(`error: because of ${code}\n`));
    assert.match(ran.stderr, /try: airspace why c1c1c1c1\n/);
  }
});

test('a denied call names its rule and says that nothing was run', async () => {
  await using open = await door(refuses('denied', { facts: { rules: ['operations/refunds-need-a-person'] } }));
  const { stderr } = await line(['request', 'refunds/issue', '--url', open.url]);
  assert.match(stderr, /because: rule operations\/refunds-need-a-person; nothing was run\n/);
});

test('a target that answers with an error of its own is heard, and is exit 1', async () => {
  const own = '{"type":"about:blank","detail":"no such order","code":"denied"}';
  await using open = await door(replies(404, 'application/problem+json', own));
  const ran = await line(['request', 'orders/where', '--url', open.url]);
  assert.equal(ran.exit, 1);
  assert.equal(ran.stdout, `${own}\n`);
});

test('as data, the reply comes with what is known about it', async () => {
  await using open = await door(replies(200, 'application/json', '{"ok":true}'));
  const { stdout } = await line(['request', 'orders/where', '-o', 'json', '--url', open.url]);
  assert.deepEqual(JSON.parse(stdout), {
    status: 200,
    callId: CALL,
    traceId: 'ab'.repeat(16),
    endpoint: 'orders@127.0.0.1:9000',
    version: null,
    attempts: 2,
    policy: null,
    body: { ok: true },
  });
});

test('a redirect is not followed: the key goes to nobody else', async () => {
  await using other = await door(replies(200, 'text/plain', 'caught'));
  await using open = await door((res) => res.writeHead(307, { location: `${other.url}/v1/agents/a/b` }).end());
  const ran = await line(['request', 'a/b', '--url', open.url, '--key', 'k']);
  assert.equal(ran.exit, 3);
  assert.deepEqual(other.asked, []);
});

test('words that are no time or no target are usage errors, and nothing is asked', async () => {
  await using open = await door(replies(200, 'text/plain', 'x'));
  for (const [words, said] of [
    [['a/b', '--timeout', 'abc'], /--timeout must be such as 500ms, 5s or 2m, not `abc`/],
    [['a/b', '--timeout', '0s'], /--timeout must be such as/],
    [['agent/orders'], /`agent\/orders` has no operation; a target is <kind>\/<name>\/<operation>/],
    [['orders'], /is not a target: <kind>\/<name>\/<operation>, or <agent>\/<operation>/],
  ] as const) {
    const { exit, stderr } = await line(['request', ...words, '--url', open.url]);
    assert.equal(exit, 2, words.join(' '));
    assert.match(stderr, said);
  }
  assert.deepEqual(open.asked, []);
});
