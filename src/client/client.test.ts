import assert from 'node:assert/strict';
import http, { type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { listen } from '../doors/listen.ts';
import { type AsyncCalls, nativeDoor } from '../doors/native/index.ts';
import { deadline, type Layer } from '../kernel/index.ts';
import { httpUpstream } from '../upstreams/http/index.ts';
import { endpointAt, pipelineTo, testWorld } from '../upstreams/http/testing.ts';
import { AirspaceError, createClient, TargetError } from './index.ts';
import { type AgentContext, NotExecuted, OperationError, type ServeOptions, serveAgent } from './serve.ts';

const closers: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});

const agentWith = async (operations: ServeOptions['operations'], more: Partial<ServeOptions> = {}) => {
  const agent = await serveAgent({ name: 'orders', operations, port: 0, onError: () => {}, ...more });
  closers.push(() => agent.close({ drainMs: 100 }));
  return agent;
};

const nodeBefore = async (url: string, calls?: AsyncCalls, wrap: Layer = deadline({ limitMs: () => 30_000 })) => {
  const upstream = httpUpstream({ world: testWorld, nodeId: 'hub' });
  const pipeline = wrap(pipelineTo(upstream.to(endpointAt(url))));
  const door = nativeDoor({ handler: () => pipeline, world: testWorld, ...(calls === undefined ? {} : { calls }) });
  const listener = await listen({ host: '127.0.0.1', port: 0, doors: [door], clock: testWorld.clock });
  closers.push(
    () => upstream.close(),
    () => listener.close(false),
  );
  return listener;
};

/** A client, a node and an agent in a row. */
const row = async (operations: ServeOptions['operations'], more: Partial<ServeOptions> = {}) => {
  const agent = await agentWith(operations, more);
  const node = await nodeBefore(agent.url);
  return { agent, node, client: createClient({ url: node.url, key: 'k' }) };
};

const errorOf = async (work: Promise<unknown>): Promise<AirspaceError> => {
  const error = await work.then(
    () => assert.fail('expected an error'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof AirspaceError, String(error));
  return error;
};

test('a call goes through a node to an agent and back, with its context', async () => {
  let seen: AgentContext | undefined;
  const { client } = await row({
    place: (input, context) => {
      seen = context;
      return { got: input };
    },
  });
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const { data, meta, status } = await client.call(
    'orders',
    'place',
    { n: 1 },
    { session: 's1', timeoutMs: 5_000, idempotencyKey: 'k1', traceparent: `00-${trace}-00f067aa0ba902b7-01` },
  );
  assert.deepEqual([data, status, meta.attempts, meta.traceId], [{ got: { n: 1 } }, 200, 1, trace]);
  assert.equal(seen?.callId, meta.callId);
  assert.deepEqual(seen?.principal, { id: 'shop', kind: 'agent', tenant: 'default' });
  assert.deepEqual([seen?.session, seen?.trace, seen?.idempotencyKey], ['s1', trace, 'k1']);
  assert.notEqual(seen?.traceparent, `00-${trace}-00f067aa0ba902b7-01`, 'the node has a span of its own');
});

test('an agent sends back what it was handed, so that its calls belong to the tree of its own', async () => {
  const handed = 'h~hub-1~words~mark';
  const seen: (string | undefined)[] = [];
  const between = await listen({
    host: '127.0.0.1',
    port: 0,
    clock: testWorld.clock,
    doors: [
      (req, res) => {
        seen.push(req.headers['airspace-run'] as string | undefined);
        res.end();
        return true;
      },
    ],
  });
  closers.push(() => between.close(false));
  const client = createClient({ url: between.url, key: 'k' });
  const agent = await agentWith({
    place: async (_, context) => (await client.within(context).call('stock', 'look')).data,
  });
  for (const headers of [{ 'airspace-run': handed }, {}])
    await fetch(`${agent.url}/place`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: '{}',
    });
  assert.deepEqual(seen, [handed, undefined]);
});

test('an agent hands trace, session and end of its own call on to those that it calls', async () => {
  const inner: AgentContext[] = [];
  const { client: toInner } = await row({
    look: (_, context) => {
      inner.push(context);
      return 1;
    },
  });
  const { client } = await row({
    place: async (_, context) => (await toInner.within(context).call('stock', 'look')).data,
  });
  const { data, meta } = await client.call(
    'orders',
    'place',
    {},
    { session: 's1', timeoutMs: 5_000, idempotencyKey: 'outer' },
  );
  assert.notEqual(inner[0]?.idempotencyKey, 'outer', 'that key names the outer call');
  assert.deepEqual([data, inner[0]?.trace, inner[0]?.session], [1, meta.traceId, 's1']);
  assert.ok(inner[0]!.timeoutMs! <= 5_000);
});

test('an agent that says no is a TargetError with what it said', async () => {
  const { client } = await row({
    place: () => {
      throw new OperationError(409, 'sold out', { left: 0 });
    },
    crash: () => {
      throw new Error('secret');
    },
  });
  const error = await client.call('orders', 'place').catch((thrown: unknown) => thrown);
  assert.ok(error instanceof TargetError);
  assert.deepEqual([error.status, error.data, error.meta.attempts], [409, { left: 0 }, 1]);
  const crash = await client.call('orders', 'crash').catch((thrown: unknown) => thrown);
  assert.ok(crash instanceof TargetError);
  assert.doesNotMatch(JSON.stringify(crash.data), /secret/);
});

test('a fault of the node is an AirspaceError that says whether the work may have run', async () => {
  const { client } = await row({
    place: () => {
      throw new NotExecuted('busy', 3_000);
    },
  });
  const error = await errorOf(client.call('orders', 'place'));
  assert.deepEqual([error.code, error.status, error.executed], ['refused', 503, 'no']);
  assert.ok(error.retryAfterMs! >= 3_000);
  assert.match(error.callId, /^[0-9a-f]{32}$/);
  const nobody = await errorOf(createClient({ url: 'http://127.0.0.1:1' }).call('orders', 'place'));
  assert.deepEqual([nobody.code, nobody.executed], ['unreachable', 'unknown']);
});

test('a stream arrives event by event, and an error of the agent is an event of its own', async () => {
  const { client } = await row({
    async *count(input) {
      for (let n = 1; n <= Number(input); n++) yield { n };
      throw new OperationError(500, 'enough');
    },
  });
  const events = await Array.fromAsync(client.stream('orders', 'count', 2));
  assert.deepEqual(
    events.map(({ event, data }) => [event, JSON.parse(data)]),
    [
      ['message', { n: 1 }],
      ['message', { n: 2 }],
      ['error', { error: 'enough' }],
    ],
  );
});

test('a stream that breaks behind the node throws where it broke (S1)', async () => {
  const broken = http.createServer((_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write('data: 1\n\n', () => res.socket?.destroy());
  });
  await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => broken.close(() => resolve())));
  const node = await nodeBefore(`http://127.0.0.1:${(broken.address() as AddressInfo).port}`);
  const stream = createClient({ url: node.url }).stream('orders', 'place');
  assert.equal((await stream.next()).value.data, '1');
  const error = await errorOf(stream.next());
  assert.deepEqual([error.code, error.executed], ['upstream_broken', 'unknown']);
});

test('a caller that leaves reaches the agent as a signal, through the node (D4)', async () => {
  const stopped = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const { client } = await row({
    place: (_, { signal }) => {
      signal.addEventListener('abort', () => stopped.resolve());
      entered.resolve();
      return stopped.promise;
    },
    async *count(_, { signal }) {
      signal.addEventListener('abort', () => stopped.resolve());
      yield 1;
      await stopped.promise;
    },
  });
  const leave = new AbortController();
  const calling = errorOf(client.call('orders', 'place', {}, { signal: leave.signal }));
  await entered.promise;
  leave.abort();
  assert.equal((await calling).code, 'cancelled');
  await stopped.promise;
  for await (const _ of client.stream('orders', 'count')) break;
  await stopped.promise;
});

test('time that is over reaches the agent as a signal', async () => {
  const { agent } = await row({
    place: async (_, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return signal.reason.name;
    },
  });
  const reply = await fetch(`${agent.url}/place`, { method: 'POST', headers: { 'airspace-timeout-ms': '30' } });
  assert.equal(await reply.json(), 'TimeoutError');
});

test('the same idempotency key runs an operation once, and another payload is refused', async () => {
  let runs = 0;
  const { agent } = await row({ place: async () => ++runs }, { remember: 2 });
  const post = async (key: string, body: string): Promise<readonly [number, unknown]> => {
    const reply = await fetch(`${agent.url}/place`, { method: 'POST', headers: { 'idempotency-key': key }, body });
    return [reply.status, await reply.json()];
  };
  const both = await Promise.all([post('a', '1'), post('a', '1')]);
  assert.deepEqual(
    [...both, await post('a', '1')],
    [
      [200, 1],
      [200, 1],
      [200, 1],
    ],
  );
  assert.equal((await post('a', '2'))[0], 422);
  await post('b', '1');
  await post('c', '1');
  assert.deepEqual(await post('a', '1'), [200, 4], 'the oldest was forgotten');
});

test('an agent that drains refuses new calls without executing them, and finishes what runs', async () => {
  const entered = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const beats: { method: string; path: string; body: { state?: string; id?: string; name?: string } }[] = [];
  const first = Promise.withResolvers<void>();
  const drained = Promise.withResolvers<void>();
  const hub = http.createServer(async (req: IncomingMessage, res) => {
    const text = (await Array.fromAsync(req)).join('');
    beats.push({ method: req.method!, path: req.url!, body: text === '' ? {} : JSON.parse(text) });
    res.end('{}');
    first.resolve();
    if (beats.at(-1)?.body.state === 'draining') drained.resolve();
  });
  await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => hub.close(() => resolve())));
  const agent = await serveAgent({
    name: 'orders',
    port: 0,
    operations: {
      place: async () => {
        entered.resolve();
        await finish.promise;
        return 'done';
      },
    },
    hub: { url: `http://127.0.0.1:${(hub.address() as AddressInfo).port}`, key: 'k' },
  });
  await first.promise;
  const running = fetch(`${agent.url}/place`, { method: 'POST' });
  await entered.promise;
  const closing = agent.close();
  await drained.promise;
  finish.resolve();
  assert.equal(await (await running).json(), 'done');
  await closing;
  assert.deepEqual([beats[0]?.path, beats[0]?.body.state, beats[0]?.body.name], ['/v1/instances', 'ready', 'orders']);
  const id = beats[0]!.body.id!;
  assert.deepEqual([beats.at(-1)?.method, beats.at(-1)?.path], ['DELETE', `/v1/instances/${encodeURIComponent(id)}`]);
});

test('unknown operations, wrong methods and broken payloads are told apart', async () => {
  const { agent } = await row({ place: () => 1 });
  const status = async (path: string, init: RequestInit): Promise<number> =>
    (await fetch(agent.url + path, init)).status;
  const headers = { 'content-type': 'application/json' };
  assert.equal(await status('/place', { method: 'POST', headers: { origin: 'http://evil.example' } }), 403);
  assert.equal(await status('/other', { method: 'POST' }), 404);
  assert.equal(await status('/constructor', { method: 'POST' }), 404);
  assert.equal(await status('/place', {}), 405);
  assert.equal(await status('/place', { method: 'POST', headers, body: '{' }), 400);
  assert.equal(await status('/place', { method: 'POST', body: 'x'.repeat(5_000_000) }), 413);
  assert.equal(await status('/healthz', {}), 200);
});

test('an asynchronous call is polled until it is over', async () => {
  const id = 'd'.repeat(32);
  const record = {
    id,
    target: { kind: 'agent' as const, name: 'orders', operation: 'place' },
    trace: 'e'.repeat(32),
    acceptedAtMs: 0,
    concludedAtMs: null,
    reply: null,
  };
  const stored = {
    outcome: 'ok' as const,
    status: 200,
    contentType: 'application/json',
    body: new TextEncoder().encode('{"ok":true}'),
    code: '',
    message: '',
    endpoint: 'e',
    attempts: 1,
  };
  let asked = 0;
  const calls: AsyncCalls = {
    get: async () =>
      ++asked < 3 ? { ...record, state: 'dispatched' } : { ...record, state: 'done', concludedAtMs: 1, reply: stored },
    cancel: async () => ({ ...record, state: 'cancelled' }),
  };
  const node = await nodeBefore('http://127.0.0.1:1', calls, () => async (call) => {
    assert.equal(call.detach, true);
    return {
      outcome: 'ok',
      status: 202,
      contentType: 'application/json',
      headers: [],
      body: { kind: 'bytes', bytes: new TextEncoder().encode(JSON.stringify({ id })) },
      endpoint: '',
      attempts: 0,
    };
  });
  const client = createClient({ url: node.url, key: 'k' });
  assert.deepEqual(await client.callAsync('orders', 'place', {}), { id });
  assert.deepEqual((await client.poll(id, { everyMs: 1 })).data, { ok: true });
  assert.equal((await client.cancel(id)).state, 'cancelled');
});
