import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { Fault } from '../contract/index.ts';
import { testWorld } from '../upstreams/http/testing.ts';
import { type Door, type Listener, listen } from './listen.ts';

const { clock } = testWorld;
const limits = { settleMs: 1 };

const hello: Door = (req, res) => {
  if (req.url !== '/hello') return false;
  res.end('hello');
  return true;
};

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly connection: string;
}

const get = (url: string, options: http.RequestOptions = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    http
      .get(url, options, (res) => {
        let text = '';
        res.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        res.on('end', () => resolve({ status: res.statusCode!, text, connection: res.headers.connection ?? '' }));
      })
      .on('error', reject);
  });

const withListener = async (doors: readonly Door[], use: (listener: Listener) => Promise<void>, more = {}) => {
  const listener = await listen({ host: '127.0.0.1', port: 0, doors, clock, limits, ...more });
  try {
    await use(listener);
  } finally {
    await listener.close(false);
  }
};

test('a bind that other machines can reach needs an explicit word, and TLS or one word more', async () => {
  for (const host of ['0.0.0.0', '::', '192.168.1.1', 'example.org']) {
    await assert.rejects(listen({ host, port: 0, doors: [], clock }), { code: 'bad_request' });
    const plain = listen({ host, port: 0, doors: [], clock, allowPublic: true });
    await assert.rejects(plain, { code: 'bad_request', message: /without TLS/ });
  }
  const listener = await listen({ host: '0.0.0.0', port: 0, doors: [hello], clock, allowPlainPublic: true });
  const { port } = new URL(listener.url);
  assert.equal((await get(`http://127.0.0.1:${port}/hello`, { headers: { host: 'hub.example' } })).text, 'hello');
  await listener.close(false);
});

test('doors are asked in their order, and what none takes is not there', async () => {
  const first: Door = async (req, res) => {
    if (req.url !== '/first') return false;
    res.end('first');
    return true;
  };
  await withListener([first, hello], async ({ url }) => {
    assert.equal((await get(`${url}/first`)).text, 'first');
    assert.equal((await get(`${url}/hello`)).text, 'hello');
    assert.equal((await get(`${url}/other`)).status, 404);
  });
});

test('a door that throws is an answer, not a crash, and its text stays inside', async () => {
  const broken: Door = () => {
    throw new Error('secret');
  };
  await withListener([broken], async ({ url }) => {
    const { status, text } = await get(url);
    assert.equal(status, 500);
    assert.doesNotMatch(text, /secret/);
  });
});

test('a loopback listener answers only for hosts that are its own', async () => {
  const ask = ({ url }: Listener, host: string) => get(`${url}/hello`, { headers: { host } });
  await withListener(
    [hello],
    async (listener) => {
      for (const host of ['localhost', 'LOCALHOST:99', '127.0.0.1', '[::1]:1', 'hub.internal', 'hub.internal:80'])
        assert.equal((await ask(listener, host)).status, 200, host);
      for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1'])
        assert.equal((await ask(listener, host)).status, 400, host);
    },
    { allowedHosts: ['hub.internal'] },
  );
});

test('an address may not take all connections', async () => {
  await withListener(
    [hello],
    async ({ url }) => {
      const agent = new http.Agent({ keepAlive: true });
      assert.equal((await get(`${url}/hello`, { agent })).status, 200);
      await assert.rejects(get(`${url}/hello`, { agent: false }));
      agent.destroy();
    },
    { limits: { ...limits, connectionsPerAddress: 1 } },
  );
});

test('draining says not ready, finishes what is in flight, and then is gone', async () => {
  const entered = Promise.withResolvers<void>();
  const finish = Promise.withResolvers<void>();
  const slow: Door = async (req, res) => {
    if (req.url !== '/slow') return false;
    entered.resolve();
    await finish.promise;
    res.end('done');
    return true;
  };
  const settled = Promise.withResolvers<() => void>();
  const held = {
    ...clock,
    after: (delayMs: number, run: () => void) => {
      if (delayMs !== 2_000) return clock.after(delayMs, run);
      settled.resolve(run);
      return { cancel: () => {} };
    },
  };
  const agent = new http.Agent({ keepAlive: true });
  const listener = await listen({ host: '127.0.0.1', port: 0, doors: [slow], clock: held });
  assert.equal((await get(`${listener.url}/readyz`)).status, 200);
  const inFlight = get(`${listener.url}/slow`, { agent });
  await entered.promise;
  const closed = listener.close(true);
  const stopAccepting = await settled.promise;
  const unready = await get(`${listener.url}/readyz`, { agent: false });
  assert.deepEqual([unready.status, unready.connection], [503, 'close']);
  assert.equal((await get(`${listener.url}/healthz`, { agent: false })).status, 200);
  stopAccepting();
  finish.resolve();
  assert.equal((await inFlight).text, 'done');
  await closed;
  agent.destroy();
  await assert.rejects(get(`${listener.url}/readyz`, { agent: false }), { code: 'ECONNREFUSED' });
});

test('a drain does not wait for ever', async () => {
  const hang: Door = () => true;
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    doors: [hang],
    clock,
    limits: { settleMs: 1, drainMs: 50 },
  });
  const hanging = assert.rejects(get(listener.url));
  await new Promise((resolve) => setImmediate(resolve));
  await listener.close(true);
  await hanging;
});

test('what no door has taken yet is refused as our own word, of known length: another node passes streams on as answers', async () => {
  const starting: Door = () => {
    throw new Fault('unavailable', 'this hub is starting', { executed: 'no' });
  };
  await withListener([starting], async ({ url }) => {
    const answer = await fetch(url);
    const text = await answer.text();
    assert.deepEqual(
      [answer.status, answer.headers.get('content-length'), JSON.parse(text).code, JSON.parse(text).executed],
      [503, String(text.length), 'unavailable', 'no'],
    );
  });
});
