import assert from 'node:assert/strict';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { Fault, type Reply, type Scope } from '../../contract/index.ts';
import { encodeStatus, errorFor, protobuf, readStream } from '../../dialects/a2a/index.ts';
import { httpUpstream } from '../http/index.ts';
import { endpointAt, faultOf, makeCall, permitted, rawTarget, testScope, testWorld, textOf } from '../http/testing.ts';
import { a2aWay } from './index.ts';

const open: Agent[] = [];
const upstream = httpUpstream({ world: testWorld, nodeId: 'test', reveal: (_, secret) => `${secret}-value` });
const way = a2aWay(upstream);
after(async () => {
  await upstream.close();
  await Promise.all(open.map((agent) => agent.close()));
});

const HELLO = { message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'hello' }] } };
const TASK = { id: 't', contextId: 'c', status: { state: 'TASK_STATE_COMPLETED' } };

const send = (url: string, stream = false, scope: Scope = testScope().scope, by = way): Promise<Reply> => {
  const call = permitted(
    makeCall({
      target: { kind: 'agent', name: 'echo', operation: 'message' },
      contentType: 'application/json;form=a2a',
      accept: '',
      body: { kind: 'bytes', bytes: Buffer.from(JSON.stringify(HELLO)) },
      headers: [['authorization', 'Bearer mine']],
      stream,
    }),
  );
  const speech = { protocol: 'a2a', version: '1.0', binding: 'GRPC', model: '' } as const;
  return by.to(endpointAt(url, { speech, credential: { secret: 'key', as: 'bearer' } }))(call, call, scope);
};

interface Agent {
  readonly url: string;
  readonly heard: http2.IncomingHttpHeaders[];
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

const agentThat = async (answer: (stream: http2.ServerHttp2Stream) => void, port = 0): Promise<Agent> => {
  const heard: http2.IncomingHttpHeaders[] = [];
  const sessions = new Set<http2.Http2Session>();
  const closed = Promise.withResolvers<void>();
  const server = http2.createServer();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream: http2.ServerHttp2Stream, headers) => {
    heard.push(headers);
    stream.on('error', () => {});
    stream.on('close', () => closed.resolve());
    stream.resume();
    answer(stream);
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const agent: Agent = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    closed: closed.promise,
    close: () =>
      new Promise((resolve) => {
        for (const session of sessions) session.destroy();
        server.close(() => resolve());
      }),
  };
  open.push(agent);
  return agent;
};

const frame = (bytes: Uint8Array, flag = 0): Buffer => {
  const head = Buffer.from([flag, 0, 0, 0, 0]);
  head.writeUInt32BE(bytes.byteLength, 1);
  return Buffer.concat([head, bytes]);
};

const HEAD = { ':status': 200, 'content-type': 'application/grpc' } as const;

/** Frames, and the status behind them. Null: none. */
const says =
  (frames: readonly Uint8Array[], status: http2.OutgoingHttpHeaders | null = { 'grpc-status': '0' }) =>
  (stream: http2.ServerHttp2Stream): void => {
    stream.respond(HEAD, { waitForTrailers: true });
    stream.on('wantTrailers', () => (status === null ? stream.close() : stream.sendTrailers(status)));
    for (const bytes of frames) stream.write(bytes);
    stream.end();
  };

const answer = frame(protobuf.encode('SendMessageResponse', { task: TASK }));
const event = (value: object): Buffer => frame(protobuf.encode('StreamResponse', value));

test('an answer counts with its status, and is asked for with the secret of the target and the time that is left', async () => {
  const agent = await agentThat(says([answer.subarray(0, 3), answer.subarray(3)]));
  assert.deepEqual(JSON.parse(await textOf((await send(agent.url)).body)), { task: TASK });
  const [headers] = agent.heard;
  assert.equal(headers![':path'], '/lf.a2a.v1.A2AService/SendMessage');
  assert.deepEqual(
    [headers!['a2a-version'], headers!['te'], headers!['content-type'], headers!['authorization']],
    ['1.0', 'trailers', 'application/grpc+proto', 'Bearer key-value'],
  );
  assert.match(String(headers!['traceparent']), /^00-/);
});

const bad: readonly [string, (stream: http2.ServerHttp2Stream) => void, Fault['code']][] = [
  ['answers twice', says([answer, answer]), 'upstream_invalid'],
  ['answers nothing', says([]), 'upstream_invalid'],
  ['says no status', says([answer], null), 'upstream_broken'],
  ['says a status that is no number', says([answer], { 'grpc-status': 'fine' }), 'upstream_invalid'],
  ['compresses', says([Buffer.concat([Buffer.from([1]), answer.subarray(1)])]), 'upstream_invalid'],
  ['announces four gigabytes', says([Buffer.from([0, 255, 255, 255, 255])]), 'upstream_invalid'],
  ['stops in the middle', says([answer.subarray(0, 9)]), 'upstream_broken'],
  ['sends no protobuf', says([frame(Buffer.from([255, 255]))]), 'upstream_invalid'],
  ['resets', (stream) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR), 'upstream_broken'],
  [
    'is not gRPC',
    (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/html' });
      stream.end('hello');
    },
    'upstream_invalid',
  ],
];

for (const [name, says_, code] of bad)
  test(`an agent that ${name} is not believed`, async () => {
    const agent = await agentThat(says_);
    const fault = await faultOf(send(agent.url));
    assert.equal(fault.code, code, fault.message);
  });

test('an error is a failed reply, behind messages and in place of them, with details and without', async () => {
  const details = Buffer.from(encodeStatus(errorFor('TASK_NOT_CANCELABLE', 'too late'))).toString('base64');
  const cases: readonly [(stream: http2.ServerHttp2Stream) => void, number, string, string][] = [
    [says([answer], { 'grpc-status': '9', 'grpc-status-details-bin': details }), 400, 'TASK_NOT_CANCELABLE', ''],
    [says([], { 'grpc-status': '5', 'grpc-message': 'gone%20%e2%82%ac' }), 404, 'TASK_NOT_FOUND', 'gone €'],
    [says([], { 'grpc-status': '16' }), 401, 'INVALID_REQUEST', 'status 401'],
    [
      (stream) => stream.respond({ ...HEAD, 'grpc-status': '12', 'grpc-message': 'no%' }, { endStream: true }),
      501,
      'INTERNAL_ERROR',
      'no%',
    ],
    [(stream) => stream.respond({ ':status': 503 }, { endStream: true }), 503, 'INTERNAL_ERROR', 'status 503'],
  ];
  for (const [says_, status, reason, message] of cases) {
    const agent = await agentThat(says_);
    const reply = await send(agent.url);
    const { error } = JSON.parse(await textOf(reply.body)) as {
      error: { message: string; details: { reason: string }[] };
    };
    assert.deepEqual(
      [reply.outcome, reply.status, error.details[0]?.reason, error.message],
      ['failed', status, reason, message],
    );
  }
});

const eventsOf = (reply: Reply) =>
  Array.fromAsync(readStream((reply.body as { chunks: AsyncIterable<Uint8Array> }).chunks));

test('events come as they are sent, and a status that is no good breaks the stream', async () => {
  const working = { task: { ...TASK, status: { state: 'TASK_STATE_WORKING' } } };
  const done = { statusUpdate: { taskId: 't', contextId: 'c', status: TASK.status } };
  const well = await agentThat(says([event(working), event(done)]));
  assert.deepEqual(await eventsOf(await send(well.url, true)), [working, done]);
  const broken = await agentThat(says([event(working)], { 'grpc-status': '14', 'grpc-message': 'later' }));
  const fault = await faultOf(send(broken.url, true).then(eventsOf));
  assert.equal(fault.code, 'upstream_broken');
  assert.match(fault.message, /later/);
});

test('a caller that goes away resets the stream of the agent', async () => {
  for (const stream of [false, true]) {
    const heard = Promise.withResolvers<void>();
    const agent = await agentThat((one) => {
      if (stream) {
        one.respond(HEAD);
        one.write(event({ task: { ...TASK, status: { state: 'TASK_STATE_WORKING' } } }));
      }
      heard.resolve();
    });
    const { scope, canceller } = testScope();
    const reply = send(agent.url, stream, scope);
    const work = stream ? reply.then(eventsOf) : reply;
    work.catch(() => {});
    await (stream ? reply : heard.promise);
    canceller.cancel(new Fault('cancelled', 'gone'));
    assert.equal((await faultOf(work)).code, 'cancelled');
    await agent.closed;
  }
});

test('a reply that is refused at its head is left, and not waited for', async () => {
  const agent = await agentThat((stream) => {
    stream.respond({ ':status': 200, 'content-type': 'text/html' });
    stream.write('and so on');
  });
  assert.equal((await faultOf(send(agent.url))).code, 'upstream_invalid');
  await agent.closed;
});

test('where nothing listens, or nobody speaks HTTP/2, the call ends', async () => {
  const fault = await faultOf(send('http://127.0.0.1:1'));
  assert.deepEqual([fault.code, fault.executed], ['unreachable', 'no']);
  const old = await rawTarget((socket) => socket.end('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'));
  const other = await faultOf(send(old.url));
  assert.ok(['upstream_broken', 'upstream_invalid', 'unreachable'].includes(other.code), other.code);
  await old.close();
});

test('an agent that went away and came back is called again', async () => {
  const first = await agentThat(says([answer]));
  assert.equal((await send(first.url)).status, 200);
  await first.close();
  const again = await agentThat(says([answer]), Number(new URL(first.url).port));
  assert.equal((await send(again.url)).status, 200);
  assert.equal(again.heard.length, 1);
});

test('a reader that takes its time loses nothing, and one that takes too much of it is cut', async () => {
  const many = 400;
  const text = 'x'.repeat(20_000);
  const artifact = { artifactId: 'a', parts: [{ text }] };
  const agent = await agentThat((stream) => {
    stream.respond(HEAD, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.write(event({ task: { ...TASK, status: { state: 'TASK_STATE_WORKING' } } }));
    for (let at = 0; at < many; at++)
      stream.write(event({ artifactUpdate: { taskId: 't', artifact, append: at > 0 } }));
    stream.end(event({ statusUpdate: { taskId: 't', status: TASK.status } }));
  });
  const slowly = async (reply: Promise<Reply>): Promise<number> => {
    let events = 0;
    for await (const _ of readStream(((await reply).body as { chunks: AsyncIterable<Uint8Array> }).chunks)) {
      events++;
      // What has come by now is let in before the next is taken.
      await new Promise(setImmediate);
    }
    return events;
  };
  assert.equal(await slowly(send(agent.url, true)), many + 2);
  const small = httpUpstream({
    world: testWorld,
    nodeId: 'test',
    reveal: () => '',
    limits: { cutBytes: 100_000, maxReplyBytes: 100_000 },
  });
  assert.equal((await faultOf(slowly(send(agent.url, true, testScope().scope, a2aWay(small))))).code, 'slow_consumer');
  await small.close();
});
