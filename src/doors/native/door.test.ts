import assert from 'node:assert/strict';
import http from 'node:http';
import { after, test } from 'node:test';
import { type Call, type CallRecord, Fault, type Reply } from '../../contract/index.ts';
import { Canceller, type Handler } from '../../kernel/index.ts';
import { httpUpstream } from '../../upstreams/http/index.ts';
import { endpointAt, pipelineTo, rawTarget, testWorld, textOf } from '../../upstreams/http/testing.ts';
import { type Listener, listen } from '../listen.ts';
import { type AsyncCalls, type NativeDoorOptions, nativeDoor } from './index.ts';

const closers: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

const replyOf = (text: string, more: Partial<Reply> = {}): Reply => ({
  outcome: 'ok',
  status: 200,
  contentType: 'application/json',
  headers: [],
  body: { kind: 'bytes', bytes: Buffer.from(text) },
  endpoint: 'orders@10.0.0.1:80',
  attempts: 1,
  ...more,
});

const doorWith = async (handler: Handler, more: Partial<NativeDoorOptions> = {}): Promise<Listener> => {
  const door = nativeDoor({ handler: () => handler, world: testWorld, ...more });
  const listener = await listen({ host: '127.0.0.1', port: 0, doors: [door], clock: testWorld.clock });
  closers.push(() => listener.close(false));
  return listener;
};

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
  /** The connection broke before the end. */
  readonly broken: boolean;
}

const send = (
  { url }: Listener,
  options: {
    path?: string;
    method?: string;
    headers?: http.OutgoingHttpHeaders;
    body?: string | readonly string[];
  } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { path = '/v1/agents/orders/place', method = 'POST', headers = {}, body = '{"n":1}' } = options;
    const req = http.request(url + path, { method, headers: { 'content-type': 'application/json', ...headers } });
    req.on('error', reject);
    req.on('response', (res) => {
      const chunks: Buffer[] = [];
      const settle = (broken: boolean): void =>
        resolve({ status: res.statusCode ?? 0, headers: res.headers, text: Buffer.concat(chunks).toString(), broken });
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('end', () => settle(!res.complete));
      res.on('error', () => settle(true));
    });
    for (const part of typeof body === 'string' ? [body] : body) req.write(part);
    req.end();
  });

/** A handler that keeps the call it saw. */
const recorder = (reply: Reply = replyOf('{}')): { handler: Handler; seen: Call[] } => {
  const seen: Call[] = [];
  return {
    seen,
    handler: async (call) => {
      seen.push(call);
      return reply;
    },
  };
};

test('a call comes in as it was sent, and its reply goes out with what is known about it', async () => {
  const { handler, seen } = recorder(
    replyOf('{"ok":true}', {
      status: 201,
      version: '3',
      attempts: 2,
      notes: ['panic'],
      headers: [
        ['x-order', '17'],
        ['airspace-policy', 'sha256:aa'],
      ],
    }),
  );
  const answer = await send(await doorWith(handler), {
    headers: {
      authorization: 'Bearer key.secret',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      tracestate: 'a=b',
      'idempotency-key': 'k1',
      'airspace-session': 's1',
      'airspace-timeout-ms': '2500',
      cookie: 'a=b',
      'x-mine': '1',
      'x-hop': '2',
      connection: 'x-hop',
    },
  });
  const [call] = seen;
  assert.deepEqual(call?.credential, { kind: 'bearer', token: 'key.secret' });
  assert.deepEqual(call?.target, { kind: 'agent', name: 'orders', operation: 'place' });
  assert.deepEqual(call?.trace, {
    trace: '4bf92f3577b34da6a3ce929d0e0e4736',
    parentSpan: '00f067aa0ba902b7',
    sampled: true,
  });
  assert.deepEqual([call?.idempotencyKey, call?.session, call?.timeoutMs, call?.stream], ['k1', 's1', 2500, false]);
  assert.deepEqual(call?.headers, [
    ['tracestate', 'a=b'],
    ['x-mine', '1'],
  ]);
  assert.deepEqual(call?.lineage, { root: call?.id, depth: 0 });
  assert.equal(await textOf(call!.body), '{"n":1}');
  assert.deepEqual([answer.status, answer.text], [201, '{"ok":true}']);
  const { headers } = answer;
  assert.equal(headers['airspace-call-id'], call?.id);
  assert.equal(headers['airspace-trace-id'], '4bf92f3577b34da6a3ce929d0e0e4736');
  assert.deepEqual(
    ['endpoint', 'version', 'attempts', 'executed', 'notes', 'policy'].map((name) => headers[`airspace-${name}`]),
    ['orders@10.0.0.1:80', '3', '2', 'yes', 'panic', 'sha256:aa'],
  );
  assert.equal(headers['x-order'], '17');
});

test('a caller that is no node chooses neither call id, lineage, way, retries nor policy', async () => {
  const { handler, seen } = recorder();
  await send(await doorWith(handler), {
    headers: {
      authorization: 'Bearer k',
      'airspace-call-id': 'a'.repeat(32),
      'airspace-lineage': `${'b'.repeat(32)};;3`,
      'airspace-via': 'x',
      'airspace-attempt': '1',
      'airspace-policy': 'sha256:aa;7',
    },
  });
  const call = seen[0]!;
  assert.notEqual(call.id, 'a'.repeat(32));
  assert.deepEqual([call.lineage, call.via, call.retriedElsewhere], [{ root: call.id, depth: 0 }, [], false]);
  assert.deepEqual([call.decided, call.headers.filter(([name]) => name.startsWith('airspace-'))], [undefined, []]);
});

test('a node is believed, and its assertion cannot be confused with an API key', async () => {
  const { handler, seen } = recorder();
  const [id, root, parent] = ['a', 'b', 'c'].map((digit) => digit.repeat(32));
  await send(await doorWith(handler), {
    headers: {
      authorization: 'Airspace-Node x.y',
      'airspace-call-id': id,
      'airspace-lineage': `${root};${parent};3`,
      'airspace-via': 'edge, hub-1',
      'airspace-attempt': '2',
      'airspace-policy': 'sha256:aa;7;1790000000000',
    },
  });
  const call = seen[0]!;
  assert.equal(call.id, id);
  assert.deepEqual(call.lineage, { root, parent, depth: 3 });
  assert.deepEqual([call.via, call.retriedElsewhere], [['edge', 'hub-1'], true]);
  assert.deepEqual(call.decided, { version: 'sha256:aa', snapshotSeq: 7, trial: 1790000000000 });
  assert.deepEqual(call.credential, { kind: 'bearer', token: 'airspace-node x.y' });
});

test('a fault becomes a problem document that says all but its cause', async () => {
  const listener = await doorWith(async () => {
    throw new Fault('rate_limited', 'slow down', {
      retryAfterMs: 10_000,
      cause: new Error('secret'),
      facts: { rule: 'r1', policyVersion: 'sha256:bb' },
    });
  });
  const { status, headers, text } = await send(listener);
  assert.equal(status, 429);
  assert.equal(headers['content-type'], 'application/problem+json');
  assert.deepEqual([headers['airspace-executed'], headers['airspace-policy']], ['no', 'sha256:bb']);
  const after = Number(headers['retry-after']);
  assert.ok(after >= 10 && after <= 15, `${after}`);
  const problem = JSON.parse(text);
  assert.equal(problem.callId, headers['airspace-call-id']);
  assert.equal(problem.traceId, headers['airspace-trace-id']);
  assert.deepEqual(
    [problem.type, problem.status, problem.code, problem.detail, problem.executed, problem.facts.rule],
    ['https://airspace.dev/problems/rate_limited', 429, 'rate_limited', 'slow down', 'no', 'r1'],
  );
  assert.doesNotMatch(text, /secret/);
});

test('an unexpected error stays with the operator', async () => {
  const causes: unknown[] = [];
  const handler: Handler = async () => {
    throw new TypeError('secret detail');
  };
  const listener = await doorWith(handler, { onInternal: (fault) => causes.push(fault.cause) });
  const { status, text } = await send(listener);
  assert.equal(status, 500);
  assert.doesNotMatch(text, /secret/);
  assert.match(String(causes[0]), /secret detail/);
});

test('nobody knows the caller: 401 says how to identify', async () => {
  const listener = await doorWith(async () => {
    throw new Fault('unauthenticated', 'who are you?');
  });
  const { status, headers } = await send(listener);
  assert.deepEqual([status, headers['www-authenticate']], [401, 'Bearer realm="airspace"']);
});

const stream = (chunks: AsyncIterable<Uint8Array>, contentType = 'text/event-stream'): Reply =>
  replyOf('', { contentType, body: { kind: 'stream', chunks } });

test('an event stream passes byte by byte, whatever its chunks', async () => {
  const text = 'id: 1\r\ndata: {"a":1}\r\n\r\n: hello\n\ndata: é😀\n\nevent: done\ndata\n\n';
  const bytes = Buffer.from(text);
  for (const size of [1, 3, 7, 1000]) {
    const handler: Handler = async () =>
      stream(
        (async function* () {
          for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
        })(),
      );
    const answer = await send(await doorWith(handler), { headers: { accept: 'text/event-stream' } });
    assert.deepEqual([answer.text, answer.broken, answer.headers['content-type']], [text, false, 'text/event-stream']);
  }
});

const failing = (...texts: readonly string[]) =>
  async function* (): AsyncGenerator<Uint8Array> {
    for (const text of texts) yield Buffer.from(text);
    throw new Fault('upstream_broken', 'it broke');
  };

test('an event stream that fails ends with an error event (S1)', async () => {
  const { text, broken } = await send(await doorWith(async () => stream(failing('data: 1\r\n\r\n')())));
  assert.equal(broken, false);
  assert.match(text, /^data: 1\r\n\r\nevent: error\ndata: \{.*"code":"upstream_broken".*"executed":"unknown".*\}\n\n$/);
});

test('half an event never counts as a whole one', async () => {
  const { text } = await send(await doorWith(async () => stream(failing('data: 1\n\nid: 2\nda', 'ta: {"half":')())));
  const last = text.split('\n\n')[1]!;
  assert.match(last, /^id: 2\ndata: \{"half":\nevent: error\ndata: \{.*"upstream_broken"/);
});

test('another stream that fails is cut, so that nobody takes it for complete', async () => {
  const { text, broken } = await send(await doorWith(async () => stream(failing('abc')(), 'application/octet-stream')));
  assert.deepEqual([text, broken], ['abc', true]);
});

test('a quiet event stream gets a heartbeat between events, and none inside one (S2)', async () => {
  let beat: (() => void) | undefined;
  const clock = {
    ...testWorld.clock,
    after: (delayMs: number, run: () => void) => {
      if (delayMs !== 15_000) return testWorld.clock.after(delayMs, run);
      beat = run;
      return { cancel: () => {} };
    },
  };
  const handler: Handler = async () =>
    stream(
      (async function* () {
        yield Buffer.from('data: 1\n\n');
        beat?.(); // not quiet since the last beat
        beat?.(); // quiet, between events
        yield Buffer.from('data: 2');
        beat?.();
        beat?.(); // quiet, inside an event
        yield Buffer.from('\n\n');
      })(),
    );
  const { text } = await send(await doorWith(handler, { world: { ...testWorld, clock } }));
  assert.equal(text, 'data: 1\n\n:\n\ndata: 2\n\n');
});

test('a caller that leaves cancels its call at once (D4)', async () => {
  const cancelled = Promise.withResolvers<Fault>();
  const entered = Promise.withResolvers<void>();
  const listener = await doorWith((_, scope) => {
    scope.signal.onCancel(cancelled.resolve);
    entered.resolve();
    return new Promise<Reply>((_resolve, reject) => scope.signal.onCancel(reject));
  });
  const req = http.request(`${listener.url}/v1/agents/orders/place`, { method: 'POST' });
  req.on('error', () => {});
  req.end('x');
  await entered.promise;
  const left = performance.now();
  req.destroy();
  assert.equal((await cancelled.promise).code, 'cancelled');
  assert.ok(performance.now() - left < 250);
});

test('a caller that leaves in the middle of a stream closes the socket of the target within 250 ms (D4)', async () => {
  const target = await rawTarget(
    (socket) =>
      void socket.write(
        'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n',
      ),
  );
  const upstream = httpUpstream({ world: testWorld, nodeId: 'hub' });
  closers.push(
    () => target.close(),
    () => upstream.close(),
  );
  const listener = await doorWith(pipelineTo(upstream.to(endpointAt(target.url))));
  const req = http.request(`${listener.url}/v1/agents/orders/place`, { method: 'POST' });
  req.on('error', () => {});
  req.on('response', (res) => {
    res.on('error', () => {});
    res.once('data', () => req.destroy());
  });
  req.end('x');
  await new Promise((resolve) => req.once('close', resolve));
  const left = performance.now();
  await target.received[0]!.closed;
  assert.ok(performance.now() - left < 250);
});

test('a chunked upload of lines is passed on as it comes; JSON is collected and checked', async () => {
  const kinds: string[] = [];
  const handler: Handler = async (call) => {
    kinds.push(call.body.kind);
    return replyOf(JSON.stringify(await textOf(call.body)));
  };
  const listener = await doorWith(handler, { limits: { stream: 20 } });
  const headers = { 'content-type': 'application/x-ndjson' };
  const parts = ['{"a":1}\n', '{"a":2}\n'];
  assert.equal((await send(listener, { headers, body: parts })).text, JSON.stringify(parts.join('')));
  assert.equal((await send(listener, { body: ['{"a"', ':1}'] })).text, JSON.stringify('{"a":1}'));
  assert.deepEqual(kinds, ['stream', 'bytes']);
  assert.equal((await send(listener, { headers, body: [...parts, ...parts] })).status, 413);
});

test('payloads that arrive at once are bounded in sum, and what they took is given back', async () => {
  const listener = await doorWith(recorder().handler, { limits: { collecting: 100 } });
  for (let turn = 0; turn < 3; turn++) {
    assert.equal((await send(listener, { body: `"${'x'.repeat(90)}"` })).status, 200);
    assert.equal((await send(listener, { body: `"${'x'.repeat(110)}"` })).status, 503);
  }
});

test('a listener of one known process lends its name to no web page', async () => {
  const principal = { kind: 'agent' as const, tenant: 'default', id: 'shop', roles: [] };
  const { handler, seen } = recorder();
  const listener = await doorWith(handler, { known: () => ({ kind: 'known', principal }) });
  assert.equal((await send(listener, { headers: { origin: 'http://evil.example' } })).status, 403);
  assert.equal((await send(listener)).status, 200);
  assert.deepEqual(
    seen.map((call) => call.credential),
    [{ kind: 'known', principal }],
  );
});

test('a stream that is open late in a drain ends with an error event that says why (3.9)', async () => {
  const goingAway = new Canceller();
  const began = Promise.withResolvers<void>();
  const handler: Handler = async (_, scope) => {
    const stopped = Promise.withResolvers<never>();
    stopped.promise.catch(() => {});
    scope.signal.onCancel(stopped.reject);
    return stream(
      (async function* () {
        yield Buffer.from('data: 1\n\n');
        began.resolve();
        await stopped.promise;
      })(),
    );
  };
  const answer = send(await doorWith(handler, { goingAway }));
  await began.promise;
  goingAway.cancel(new Fault('unavailable', 'this node is going away', { executed: 'unknown' }));
  const { text, broken } = await answer;
  assert.equal(broken, false);
  assert.match(text, /^data: 1\n\nevent: error\ndata: .*going away/);
});

const OWNER = 'mine';
const record = (more: Partial<CallRecord> = {}) => ({
  id: 'd'.repeat(32),
  state: 'accepted' as const,
  target: { kind: 'agent' as const, name: 'orders', operation: 'place' },
  trace: 'e'.repeat(32),
  acceptedAtMs: 0,
  concludedAtMs: null,
  reply: null,
  ...more,
});

const keeper = (state: { current: ReturnType<typeof record> }): AsyncCalls => {
  const find: AsyncCalls['get'] = async (credential, id) =>
    credential.kind === 'bearer' && credential.token === OWNER && id === state.current.id ? state.current : undefined;
  return {
    get: find,
    cancel: async (credential, id) => {
      if ((await find(credential, id)) === undefined) return undefined;
      state.current = { ...state.current, state: 'cancelled' as never };
      return state.current;
    },
  };
};

test('an asynchronous call is accepted, polled, and its reply given byte for byte to its owner only', async () => {
  const state = { current: record() };
  const { handler, seen } = recorder(
    replyOf('{}', { status: 202, attempts: 0, endpoint: '', headers: [['location', `/v1/calls/${state.current.id}`]] }),
  );
  const listener = await doorWith(handler, { calls: keeper(state) });
  const auth = { authorization: `Bearer ${OWNER}` };
  const accepted = await send(listener, { headers: { ...auth, prefer: 'respond-async, wait=10' } });
  assert.deepEqual([accepted.status, seen[0]?.detach], [202, true]);
  assert.equal(accepted.headers['airspace-executed'], undefined);
  const path = accepted.headers.location!;
  assert.equal(path, `/v1/calls/${state.current.id}`);
  const get = (tail = '', headers: http.OutgoingHttpHeaders = auth, method = 'GET') =>
    send(listener, { path: path + tail, method, headers, body: '' });
  assert.equal(JSON.parse((await get()).text).state, 'accepted');
  assert.equal((await get('/reply')).status, 409);
  assert.equal((await get('', { authorization: 'Bearer other' })).status, 404);
  assert.equal((await get('', {})).status, 401);
  const stored = {
    outcome: 'failed' as const,
    status: 418,
    contentType: 'text/plain',
    body: Buffer.from('tea'),
    code: '',
    message: '',
    endpoint: 'e@1',
    attempts: 1,
  };
  state.current = record({ state: 'done', concludedAtMs: 5, reply: stored }) as never;
  const reply = await get('/reply');
  assert.deepEqual([reply.status, reply.text, reply.headers['airspace-executed']], [418, 'tea', 'yes']);
  state.current = record({
    state: 'done',
    concludedAtMs: 5,
    reply: { ...stored, outcome: 'fault', code: 'denied', message: 'no' },
  }) as never;
  assert.equal((await get('/reply')).status, 403);
  assert.equal(JSON.parse((await get('', auth, 'DELETE')).text).state, 'cancelled');
});

test('paths of other doors are left to them', async () => {
  const listener = await doorWith(recorder().handler);
  for (const path of ['/v1/resources', '/v1/agents', '/', '/v2/agents/a/b'])
    assert.equal((await send(listener, { path, method: 'GET', body: '' })).status, 404);
});
