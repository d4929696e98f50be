import assert from 'node:assert/strict';
import net, { type AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { type Endpoint, Fault } from '../../contract/index.ts';
import { withTimeout } from '../../kernel/index.ts';
import { httpUpstream, type Limits } from './index.ts';
import {
  endpointAt,
  faultOf,
  makeCall,
  permitted,
  type RawTarget,
  rawTarget,
  testScope,
  testWorld,
  textOf,
} from './testing.ts';

const closers: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

const upstreamWith = (limits: Partial<Limits> = {}) => {
  const upstream = httpUpstream({
    world: testWorld,
    nodeId: 'hub-1',
    assertFor: (principal, node) => `signed.${principal.id}.${node}`,
    limits,
  });
  closers.push(() => upstream.close());
  return upstream;
};
const upstream = upstreamWith();

const target = async (answer: Parameters<typeof rawTarget>[0]): Promise<RawTarget> => {
  const raw = await rawTarget(answer);
  closers.push(() => raw.close());
  return raw;
};

const says =
  (text: string) =>
  (socket: net.Socket): void =>
    void socket.write(text);

const OK = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}';

test('without a permit nothing is sent', async () => {
  const raw = await target(says(OK));
  const fault = await faultOf(upstream.to(endpointAt(raw.url))(makeCall(), testScope().scope));
  assert.equal(fault.code, 'denied');
  assert.equal(raw.received.length, 0);
});

test('a call over time is not sent (D3)', async () => {
  const raw = await target(says(OK));
  const { scope } = testScope();
  const late = { ...scope, deadlineMs: scope.clock.nowMs() - 1 };
  const fault = await faultOf(upstream.to(endpointAt(raw.url))(permitted(makeCall()), late));
  assert.deepEqual([fault.code, fault.executed, raw.received.length], ['expired', 'no', 0]);
});

test('a target gets the payload, the context, and none of the credentials', async () => {
  const raw = await target(says(OK));
  const call = permitted(
    makeCall({
      session: 's1',
      headers: [
        ['authorization', 'Bearer secret'],
        ['cookie', 'a=b'],
        ['airspace-attempt', '9'],
        ['x-forwarded-for', '1.2.3.4'],
        ['x-order', '17'],
      ],
    }),
  );
  const timed = withTimeout(testScope().scope, 5_000, () => new Fault('timeout', 'late'));
  const reply = await upstream.to(endpointAt(`${raw.url}/base/`))(call, timed.scope);
  timed.release();
  assert.deepEqual(
    [reply.outcome, reply.status, reply.endpoint, reply.version, reply.attempts, await textOf(reply.body)],
    ['ok', 200, 'orders@test', '7', 1, '{}'],
  );
  const text = raw.received[0]!.text;
  assert.match(text, /^POST \/base\/place HTTP\/1\.1\r\n/);
  assert.match(text, /\r\n\r\n\{"n":1\}$/);
  assert.match(text, /\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01\r\n/);
  assert.match(text, new RegExp(`\r\nairspace-call-id: ${call.id}\r\n`));
  assert.match(text, new RegExp(`\r\nidempotency-key: ${call.id}\r\n`));
  assert.match(text, /\r\nairspace-session: s1\r\n/);
  assert.match(text, /\r\nairspace-timeout-ms: 49\d\d\r\n/);
  assert.match(text, /\r\nairspace-principal: id=shop;kind=agent;tenant=default\r\n/);
  assert.match(text, /\r\nx-order: 17\r\n/);
  assert.doesNotMatch(text, /secret|cookie|airspace-attempt|forwarded/i);
});

test('another node gets an assertion, lineage, way, number of the try and what decided', async () => {
  const raw = await target(says(OK));
  const endpoint = endpointAt(raw.url, { protocol: 'airspace', node: 'sidecar-7' });
  const decided = { version: 'sha256:aa', snapshotSeq: 7, trial: 1790000000000 };
  const call = permitted(makeCall({ via: ['edge'], idempotencyKey: 'k-1', avoid: ['first', 'second'], decided }));
  await upstream.to(endpoint)(call, testScope().scope);
  const text = raw.received[0]!.text;
  assert.match(text, /^POST \/v1\/agents\/orders\/place HTTP\/1\.1\r\n/);
  assert.match(text, /\r\nauthorization: Airspace-Node signed\.shop\.sidecar-7\r\n/);
  assert.match(text, /\r\nairspace-lineage: 0{32};;0\r\n/);
  assert.match(text, /\r\nairspace-via: edge,hub-1\r\n/);
  assert.match(text, /\r\nairspace-attempt: 2\r\n/);
  assert.match(text, /\r\nairspace-policy: sha256:aa;7;1790000000000\r\n/);
  assert.match(text, /\r\nidempotency-key: k-1\r\n/);
});

test('the fault of another node comes back as the same fault', async () => {
  const problem = JSON.stringify({
    code: 'rate_limited',
    detail: 'slow down',
    executed: 'no',
    facts: { rule: 'r1', bad: { deep: 1 } },
  });
  const raw = await target(
    says(
      `HTTP/1.1 429 X\r\ncontent-type: application/problem+json\r\nretry-after: 3\r\ncontent-length: ${problem.length}\r\n\r\n${problem}`,
    ),
  );
  const endpoint = endpointAt(raw.url, { protocol: 'airspace', final: true, node: 'n' });
  const fault = await faultOf(upstream.to(endpoint)(permitted(makeCall()), testScope().scope));
  assert.deepEqual(
    [fault.code, fault.message, fault.executed, fault.retryAfterMs, fault.facts, fault.remote],
    ['rate_limited', 'slow down', 'no', 3_000, { rule: 'r1' }, true],
  );
});

test('a problem document of the target behind a node is a reply, not a fault', async () => {
  const problem = '{"code":"denied"}';
  const head = `HTTP/1.1 403 X\r\ncontent-type: application/problem+json\r\ncontent-length: ${problem.length}\r\n`;
  const raw = await target(says(`${head}airspace-endpoint: deep@1\r\n\r\n${problem}`));
  const endpoint = endpointAt(raw.url, { protocol: 'airspace', final: true, node: 'n' });
  const reply = await upstream.to(endpoint)(permitted(makeCall()), testScope().scope);
  assert.deepEqual([reply.outcome, reply.status, reply.endpoint], ['failed', 403, 'deep@1']);
});

test('what a target may not say through us is kept back', async () => {
  const raw = await target(
    says(
      'HTTP/1.1 302 Found\r\nlocation: http://evil/\r\nset-cookie: a=1\r\nairspace-policy: forged\r\naccess-control-allow-origin: *\r\nx-fine: 1\r\ncontent-length: 0\r\n\r\n',
    ),
  );
  const reply = await upstream.to(endpointAt(raw.url))(permitted(makeCall()), testScope().scope);
  assert.equal(reply.status, 302);
  assert.deepEqual(reply.headers, [
    ['x-fine', '1'],
    ['airspace-policy', 'sha256:0000000000000000'],
  ]);
});

interface Broken {
  readonly when: string;
  readonly answer: (socket: net.Socket) => void;
  readonly code: string;
  readonly executed: string;
}

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
const BROKEN: readonly Broken[] = [
  { when: 'closes without an answer', answer: (s) => s.destroy(), code: 'upstream_broken', executed: 'unknown' },
  {
    when: 'promises more than it sends',
    answer: (s) => s.end(`${HEAD}content-length: 50\r\n\r\n{}`),
    code: 'upstream_broken',
    executed: 'unknown',
  },
  { when: 'answers garbage', answer: says('SSH-2.0-OpenSSH_9\r\n'), code: 'upstream_invalid', executed: 'unknown' },
  {
    when: 'answers with two lengths',
    answer: says(`${HEAD}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`),
    code: 'upstream_invalid',
    executed: 'unknown',
  },
  {
    when: 'sends endless headers',
    answer: (s) => void s.write(`${HEAD}${'x-a: b\r\n'.repeat(40_000)}`),
    code: 'upstream_invalid',
    executed: 'unknown',
  },
  {
    when: 'switches protocols unasked',
    answer: says('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n'),
    code: 'upstream_invalid',
    executed: 'unknown',
  },
  {
    when: 'declares more than a unary reply may have',
    answer: says(`${HEAD}content-length: 999999999\r\n\r\n`),
    code: 'upstream_invalid',
    executed: 'unknown',
  },
  { when: 'hangs before its answer', answer: () => {}, code: 'timeout', executed: 'unknown' },
  {
    when: 'hangs inside its answer',
    answer: says(`${HEAD}content-length: 50\r\n\r\n{`),
    code: 'timeout',
    executed: 'unknown',
  },
  {
    when: 'says itself that it did nothing (R4)',
    answer: says('HTTP/1.1 503 X\r\nairspace-executed: no\r\nretry-after: 2\r\ncontent-length: 0\r\n\r\n'),
    code: 'refused',
    executed: 'no',
  },
];

for (const { when, answer, code, executed } of BROKEN) {
  test(`a target that ${when}: ${code}, executed ${executed}`, async () => {
    const raw = await target(answer);
    const impatient = upstreamWith({ firstByteMs: 150, idleMs: 100 });
    const fault = await faultOf(impatient.to(endpointAt(raw.url))(permitted(makeCall()), testScope().scope));
    assert.deepEqual([fault.code, fault.executed], [code, executed], fault.message);
    assert.doesNotMatch(fault.message, /127\.0\.0\.1/);
    if (code !== 'refused') await raw.received[0]!.closed;
  });
}

test('bytes beyond the declared length are dropped, and never become the reply to the next call', async () => {
  const raw = await target((socket) => socket.write(`${HEAD}content-length: 2\r\n\r\n{}${OK.replace('{}', '[]')}`));
  const send = () => upstream.to(endpointAt(raw.url))(permitted(makeCall()), testScope().scope);
  const replies = [await textOf((await send()).body), await textOf((await send()).body)];
  assert.deepEqual(replies, ['{}', '{}']);
  assert.equal(raw.received.length, 2, 'the connection was not used again');
});

test('503 without the marker is a failed reply: it may have run', async () => {
  const raw = await target(says('HTTP/1.1 503 X\r\ncontent-length: 4\r\n\r\nbusy'));
  const reply = await upstream.to(endpointAt(raw.url))(permitted(makeCall()), testScope().scope);
  assert.deepEqual([reply.outcome, reply.status], ['failed', 503]);
});

test('nothing listens: unreachable, executed no', async () => {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const fault = await faultOf(
    upstream.to(endpointAt(`http://127.0.0.1:${port}`))(permitted(makeCall()), testScope().scope),
  );
  assert.deepEqual([fault.code, fault.executed], ['unreachable', 'no']);
});

test('cancelling closes the socket, and the outcome stays unknown (D4)', async () => {
  const { scope, canceller } = testScope();
  const raw = await target(() => canceller.cancel(new Fault('cancelled', 'the caller went away')));
  const fault = await faultOf(upstream.to(endpointAt(raw.url))(permitted(makeCall()), scope));
  assert.deepEqual([fault.code, fault.executed], ['cancelled', 'unknown']);
  await raw.received[0]!.closed;
});

test('a call cancelled while it waits for a connection never leaves', async () => {
  const raw = await target(() => {});
  const narrow = upstreamWith({ connections: 1 });
  const first = testScope();
  const holding = faultOf(narrow.to(endpointAt(raw.url))(permitted(makeCall()), first.scope));
  const second = testScope();
  const waiting = faultOf(narrow.to(endpointAt(raw.url))(permitted(makeCall()), second.scope));
  second.canceller.cancel(new Fault('cancelled', 'gone'));
  const fault = await waiting;
  assert.deepEqual([fault.code, fault.executed], ['cancelled', 'no']);
  first.canceller.cancel(new Fault('cancelled', 'gone'));
  await holding;
  assert.ok(raw.received.length <= 1);
});

const EVENTS = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n';
const chunked = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;

test('an event stream comes chunk by chunk, and breaking it off is a fault after what came', async () => {
  const raw = await target((socket) => {
    socket.write(EVENTS + chunked('data: 1\n\n'));
  });
  const reply = await upstream.to(endpointAt(raw.url))(permitted(makeCall({ stream: true })), testScope().scope);
  assert.equal(reply.body.kind, 'stream');
  const chunks = (reply.body as Extract<typeof reply.body, { kind: 'stream' }>).chunks[Symbol.asyncIterator]();
  assert.equal(Buffer.from((await chunks.next()).value).toString(), 'data: 1\n\n');
  raw.received[0]!.socket.write(chunked('data: 2\n\n'), () => raw.received[0]!.socket.destroy());
  assert.equal(Buffer.from((await chunks.next()).value).toString(), 'data: 2\n\n');
  const fault = await faultOf(chunks.next());
  assert.deepEqual([fault.code, fault.executed], ['upstream_broken', 'unknown']);
});

test('a stream that another node ends with an error event has failed for us too, also when the event comes with the last one (S1)', async () => {
  const error =
    'event: error\ndata: {"type":"https://airspace.dev/problems/timeout","code":"timeout","detail":"late"}\n\n';
  for (const written of [
    `${chunked('data: 1\n\n')}${chunked(error)}`,
    `${chunked('data: 1\n\n')}${chunked(`\n${error}`)}`,
    chunked(`data: 1\n\n${error}`),
  ]) {
    const raw = await target((socket) => void socket.write(`${EVENTS}${written}0\r\n\r\n`));
    const endpoint = endpointAt(raw.url, { protocol: 'airspace', final: true, node: 'n' });
    const reply = await upstream.to(endpoint)(permitted(makeCall({ stream: true })), testScope().scope);
    const chunks = (reply.body as Extract<typeof reply.body, { kind: 'stream' }>).chunks[Symbol.asyncIterator]();
    assert.equal(Buffer.from((await chunks.next()).value).toString(), 'data: 1\n\n');
    const fault = await faultOf(chunks.next());
    assert.deepEqual([fault.code, fault.message, fault.remote], ['timeout', 'late', true]);
  }
});

test('a target that refuses keeps its connection', async () => {
  const raw = await target(says('HTTP/1.1 503 X\r\nairspace-executed: no\r\ncontent-length: 0\r\n\r\n'));
  for (let turn = 0; turn < 3; turn++)
    await faultOf(upstream.to(endpointAt(raw.url))(permitted(makeCall()), testScope().scope));
  assert.ok(raw.received.length < 3, 'connections were used again');
});

test('comments keep no stream alive (S2)', async () => {
  let beat: NodeJS.Timeout | undefined;
  const raw = await target((socket) => {
    socket.write(EVENTS + chunked('data: 1\n\n'));
    beat = setInterval(() => socket.write(chunked(':\n\n')), 20);
  });
  const impatient = upstreamWith({ idleMs: 120 });
  const reply = await impatient.to(endpointAt(raw.url))(permitted(makeCall({ stream: true })), testScope().scope);
  const fault = await faultOf(textOf(reply.body));
  clearInterval(beat);
  assert.equal(fault.code, 'timeout');
});

test('a reader that leaves closes the socket', async () => {
  const raw = await target((socket) => void socket.write(EVENTS + chunked('data: 1\n\n')));
  const reply = await upstream.to(endpointAt(raw.url))(permitted(makeCall({ stream: true })), testScope().scope);
  for await (const _ of (reply.body as Extract<typeof reply.body, { kind: 'stream' }>).chunks) break;
  await raw.received[0]!.closed;
});

test('a reader that does not read stops the target, and is cut in the end (S3)', async () => {
  const block = chunked('x'.repeat(64 * 1024));
  let written = 0;
  const raw = await target((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n`);
    const more = (): void => {
      while (!socket.destroyed && socket.write(block)) written += block.length;
      written += block.length;
    };
    socket.on('drain', more);
    more();
  });
  const strict = upstreamWith({ idleMs: 200 });
  const reply = await strict.to(endpointAt(raw.url))(permitted(makeCall({ stream: true })), testScope().scope);
  await raw.received[0]!.closed;
  assert.ok(written < 32 * 1024 * 1024, `the target could write ${written} bytes`);
  assert.equal((await faultOf(textOf(reply.body))).code, 'slow_consumer');
});

test('a slow reader gets everything, because the target is told to wait (S3)', async () => {
  const size = 8 * 1024 * 1024;
  const raw = await target((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${size}\r\n\r\n`);
    socket.write(Buffer.alloc(size));
  });
  const reply = await upstream.to(endpointAt(raw.url))(permitted(makeCall()), testScope().scope);
  let read = 0;
  for await (const chunk of (reply.body as Extract<typeof reply.body, { kind: 'stream' }>).chunks) {
    read += chunk.byteLength;
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(read, size);
});

test('a streamed unary reply over its cap is cut', async () => {
  const raw = await target((socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${chunked('x'.repeat(3_000))}0\r\n\r\n`);
  });
  const small = upstreamWith({ maxReplyBytes: 2_000 });
  const reply = await small.to(endpointAt(raw.url))(permitted(makeCall()), testScope().scope);
  assert.equal((await faultOf(textOf(reply.body))).code, 'upstream_invalid');
});

test('a streamed request is piped, and its failure ends the exchange as its own fault', async () => {
  const raw = await rawTarget(() => {});
  closers.push(() => raw.close());
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('one');
    throw new Fault('cancelled', 'the caller went away');
  }
  const call = permitted(makeCall({ body: { kind: 'stream', chunks: chunks() } }));
  const fault = await faultOf(upstream.to(endpointAt(raw.url))(call, testScope().scope));
  assert.equal(fault.code, 'cancelled');
});

test('a probe tells healthy from sick, silent and absent', async () => {
  const well = await target(says(OK));
  const sick = await target(says('HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n'));
  const silent = await target(() => {});
  const probe = (endpoint: Endpoint) => upstream.probe(endpoint, '/healthz', 100);
  assert.equal((await probe(endpointAt(well.url))).healthy, true);
  assert.match(well.received[0]!.text, /^GET \/healthz HTTP/);
  const { healthy, status } = await probe(endpointAt(sick.url));
  assert.deepEqual([healthy, status], [false, 500]);
  assert.equal((await probe(endpointAt(silent.url))).healthy, false);
  assert.equal((await probe(endpointAt('http://127.0.0.1:1'))).healthy, false);
});
