/** The fleet as processes, called directly and through a stand-in for Airspace. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readSources } from '../../src/control/index.ts';
import { moodAt } from './agents/flapping.ts';
import { freePort } from './free-port.ts';
import { type StandIn, standIn } from './stand-in.ts';
import { type Fleet, modelsWithEndpoints, RESOURCES, startFleet, startTraffic } from './start.ts';
import { supervise } from './supervise.ts';

let airspace: StandIn;
let fleet: Fleet;
const lines: string[] = [];
const waiting = new Map<string, () => void>();
const log = (line: string): void => {
  lines.push(line);
  waiting.get(line)?.();
};

before(async () => {
  airspace = await standIn('/v1/agents/refunds/issue');
  const keys = { concierge: 'key-of-concierge', refunds: 'key-of-refunds' };
  fleet = await startFleet({ rootUrl: airspace.url, domainUrl: airspace.url, keys, log });
  airspace.targets = Object.fromEntries(Object.values(fleet.agents).map(({ name, url }) => [name, url]));
  airspace.targets = { ...airspace.targets, orders: fleet.agents['orders-a']!.url };
});
after(async () => {
  await fleet?.stop();
  airspace?.close();
});

/** For tests that wait for a signal of another process. */
const WAITING = { timeout: 30_000 };

const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

const post = async (
  agent: string,
  operation: string,
  input: unknown,
): Promise<{ status: number; data: Record<string, unknown> }> => {
  const response = await fetch(`${fleet.agents[agent]!.url}/${operation}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      traceparent: TRACE,
      'idempotency-key': 'k'.repeat(8) + operation + JSON.stringify(input),
    },
    body: typeof input === 'string' ? input : JSON.stringify(input),
  });
  return { status: response.status, data: (await response.json()) as Record<string, unknown> };
};

test('each agent answers its health check', async () => {
  for (const { url, id } of Object.values(fleet.agents)) assert.equal((await fetch(`${url}/healthz`)).status, 200, id);
});

test('the model’s resource gets the address of its process', async () => {
  const { resources } = await readSources([RESOURCES]);
  const models = modelsWithEndpoints(resources, fleet.agents);
  const places = models.map(({ metadata, spec }) => [metadata.name, spec.endpoints.map(({ url }) => url)]);
  assert.deepEqual(places, [['scripted-small', [fleet.agents['scripted-small']!.url]]]);
});

test('operations answer', async () => {
  const where = await post('orders-a', 'where', { id: 7 });
  assert.deepEqual([where.status, where.data['servedBy']], [200, 'orders-a']);
  assert.equal((where.data['order'] as { item: string }).item, 'cast-iron pan');
  const list = await post('orders-a', 'list', { customer: 'edda' });
  assert.deepEqual(
    (list.data['orders'] as { id: number }[]).map(({ id }) => id),
    [6, 12],
  );
  const search = await post('kb', 'search', { query: 'how long does delivery take?' });
  assert.equal((search.data['articles'] as { slug: string }[])[0]?.slug, 'delivery-times');
  assert.match(String((await post('porter', 'greet', { guest: 'Ada' })).data['greeting']), /Ada/);
  const ticket = await post('porter', 'ticket', { subject: 'x' });
  assert.match(String(ticket.data['ticket']), /^desk-\d{3}$/);
  assert.deepEqual(await post('porter', 'ticket', { subject: 'x' }), ticket, 'one ticket per subject');
});

const REFUSED: readonly (readonly [agent: string, operation: string, input: unknown, status: number])[] = [
  ['orders-a', 'where', { id: 'seven' }, 400],
  ['orders-a', 'where', { id: 7, or: 8 }, 400],
  ['orders-a', 'where', { id: 404 }, 404],
  ['orders-a', 'where', '{', 400],
  ['orders-a', 'cancel', {}, 404],
  ['refunds', 'quote', {}, 400],
  ['refunds', 'quote', { order: 404 }, 404],
  ['refunds', 'quote', { order: 3 }, 409],
  ['kb', 'read', { slug: 'nothing' }, 404],
  ['porter', 'greet', {}, 400],
  ['porter', 'greet', '{', 400],
  ['porter', 'nothing', {}, 404],
  ['concierge', 'ask', { question: '' }, 400],
  ['scripted-small', 'chat', { messages: [] }, 400],
];
for (const [agent, operation, input, status] of REFUSED) {
  test(`${agent}.${operation} answers ${status} to ${JSON.stringify(input)}`, async () => {
    const reply = await post(agent, operation, input);
    assert.equal(reply.status, status, JSON.stringify(reply.data));
  });
}

test('the model says that it is scripted, whole and as a stream', async () => {
  const messages = [{ role: 'user', content: 'hello' }];
  const capped = await post('scripted-small', 'chat', { messages, max_tokens: 1 });
  assert.equal((capped.data['usage'] as { outputTokens: number }).outputTokens, 1);
  const whole = await post('scripted-small', 'chat', { messages });
  assert.deepEqual([whole.data['model'], whole.data['scripted']], ['scripted-small', true]);
  const response = await fetch(`${fleet.agents['scripted-small']!.url}/chat`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ messages, stream: true }),
  });
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
  const events = (await response.text())
    .trim()
    .split('\n\n')
    .map((event) => JSON.parse(event.slice('data: '.length)));
  const last = events.pop();
  assert.deepEqual([last.done, last.model, last.scripted], [true, 'scripted-small', true]);
  assert.equal(events.map(({ token }) => token).join(''), (whole.data['message'] as { content: string }).content);
  assert.deepEqual(last.usage, whole.data['usage']);
});

const ASKED: readonly (readonly [question: string, topic: string, calls: readonly string[], answer: RegExp])[] = [
  ['Where is order 4?', 'order', ['orders.where'], /set of four bowls.*on its way/],
  ['Where is order 404?', 'order', ['orders.where'], /no order 404/],
  ['How long does delivery take?', 'knowledge', ['kb.search'], /three to five working days/],
  ['Good morning', 'greeting', ['porter.greet'], /Good day/],
  [
    'I want my money back for order 7',
    'refund',
    ['refunds.quote', 'refunds.issue', 'porter.ticket'],
    /94\.05 EUR.*desk-\d+/,
  ],
];
for (const [question, topic, calls, answer] of ASKED) {
  test(`the concierge answers "${question}" with the help of ${calls.join(', ')}`, async () => {
    const { status, data } = await post('concierge', 'ask', { question });
    assert.equal(status, 200, JSON.stringify(data));
    assert.equal(data['topic'], topic);
    assert.deepEqual(
      (data['steps'] as { call: string }[]).map(({ call }) => call),
      ['scripted-small.chat', ...calls, 'scripted-small.chat'],
    );
    assert.match(String(data['answer']), answer);
    assert.deepEqual([data['model'], data['scripted']], ['scripted-small', true]);
  });
}

test('a refund that policy denies is told with the rule that denied it', async () => {
  const { data } = await post('concierge', 'ask', { question: 'Refund order 12 please' });
  const step = (data['steps'] as { call: string }[]).find(({ call }) => call === 'refunds.issue');
  assert.deepEqual(step, { call: 'refunds.issue', outcome: 'denied', rule: 'operations/refunds-need-a-person' });
});

test('calls that an agent makes carry its own key, the trace of the call it answers, and not that call’s idempotency key', async () => {
  await post('concierge', 'ask', { question: 'What would I get back, as refund for order 9?' });
  assert.ok(airspace.passed.length > 0);
  for (const { path, headers } of airspace.passed) {
    assert.match(headers.authorization ?? '', /^Bearer key-of-(concierge|refunds)$/, path);
    assert.equal(headers['traceparent'], TRACE, path);
    assert.equal(headers['idempotency-key'], undefined, path);
    assert.ok(Number(headers['airspace-timeout-ms'] ?? 1) > 0, path);
  }
});

test('traffic calls until it is told to stop, each conversation in a session of its own', WAITING, async () => {
  const other = await standIn('/v1/agents/refunds/issue');
  other.targets = airspace.targets;
  const traffic = await startTraffic({ rootUrl: other.url, keys: { visitor: 'key-of-visitor' }, perSecond: 4 });
  await other.hasSeen(4);
  await traffic.stop();
  other.close();
  const seen = other.passed.map(({ headers }) => [headers.authorization, headers['airspace-session']]);
  assert.deepEqual(
    seen.slice(0, 2),
    ['visit-0', 'visit-1'].map((session) => ['Bearer key-of-visitor', session]),
  );
});

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const moody = (mood: string, badMs: number) => (port: number) => [
  ...['--port', String(port), '--flaps', mood],
  ...['--good-ms', '0', '--bad-ms', String(badMs), '--lookup-ms', '0'],
];

test('an ill instance alternates between refusing, saying that nothing ran, and dying; it says that it is not well', async () => {
  const argsFor = moody('ill', 1_000);
  const agent = await supervise({ name: 'unwell', script: script('agents/orders.ts'), argsFor, env: {} }, () => {});
  try {
    const ask = () =>
      fetch(`${agent.url}/where`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"id":1}',
      });
    const refused = await ask();
    assert.deepEqual([refused.status, refused.headers.get('airspace-executed')], [503, 'no']);
    await assert.rejects(ask());
    assert.equal((await ask()).status, 503);
    await assert.rejects(fetch(`${agent.url}/healthz`));
  } finally {
    await agent.stop();
  }
});

test(
  'a deaf instance takes no new connection, and serves those that it has: its health check notices nothing',
  WAITING,
  async () => {
    const argsFor = moody('deaf', 600_000);
    const agent = await supervise({ name: 'deaf', script: script('agents/orders.ts'), argsFor, env: {} }, () => {});
    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    const health = (): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const asked = request(`${agent.url}/healthz`, { agent: kept }, (response) => {
          response.resume().once('end', () => resolve(response.statusCode));
        });
        asked.once('error', reject).end();
      });
    try {
      assert.equal(await health(), 200);
      await assert.rejects(once(connect(Number(new URL(agent.url).port), '127.0.0.1'), 'connect'), /ECONNREFUSED/);
      for (let times = 0; times < 3; times++) assert.equal(await health(), 200);
    } finally {
      kept.destroy();
      await agent.stop();
    }
  },
);

test('moods follow each other by the clock, the bad ones in turn', () => {
  const habit = { goodMs: 5, badMs: 5, bad: ['deaf', 'ill'] as const };
  assert.deepEqual(
    [0, 4, 5, 9, 10, 14, 15, 19, 20, 25].map((ms) => moodAt(ms, habit)),
    ['good', 'good', 'deaf', 'deaf', 'good', 'good', 'ill', 'ill', 'good', 'deaf'],
  );
});

test('an agent that is killed starts again at the same address', WAITING, async () => {
  const kb = fleet.agents['kb']!;
  const pid = kb.pid()!;
  const back = new Promise<void>((resolve) => waiting.set('kb is up again', resolve));
  process.kill(pid, 'SIGKILL');
  await back;
  assert.ok(
    lines.some((line) => line.startsWith('kb ended (SIGKILL')),
    lines.join('\n'),
  );
  assert.notEqual(kb.pid(), pid);
  assert.equal((await fetch(`${kb.url}/healthz`)).status, 200);
});

test('an agent that cannot start says why, and nothing of it stays', async () => {
  const argsFor = () => ['--port', '0', '--no-such-flag'];
  await assert.rejects(
    supervise({ name: 'broken', script: script('agents/kb.ts'), argsFor, env: {} }, () => {}),
    /`broken` ended before it was ready: [\s\S]*no-such-flag/,
  );
});

const PARENT = `
const { supervise } = await import(${JSON.stringify(new URL('supervise.ts', import.meta.url).href)});
const run = (name, port) => supervise({ name, script: ${JSON.stringify(script('agents/'))} + name, argsFor: () => ['--port', port], env: {} }, () => {});
const [kb, porter] = process.argv.slice(1);
const agents = await Promise.all([run('kb.ts', kb), run('porter.ts', porter)]);
console.log(JSON.stringify(agents.map(({ url }) => url)));
`;

/** Processes that start two others, on a machine that may have other work. */
const STARTING = { timeout: 90_000 };

test('agents do not outlive a parent that is killed', STARTING, async () => {
  // When the agents are gone, no other process of these tests is given their ports by chance.
  const ports = [await freePort(), await freePort()].map(String);
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', PARENT, ...ports], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const urls = JSON.parse(await firstLine(parent)) as string[];
  const sockets = urls.map((url) => connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {}));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  // A process that ends may reset what it had open, and that is an end too.
  const closed = Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve))));
  for (const socket of sockets) socket.resume();
  parent.kill('SIGKILL');
  await closed;
  for (const url of urls) await assert.rejects(fetch(`${url}/healthz`));
});

const firstLine = async ({ stdout }: ChildProcess): Promise<string> => {
  for await (const line of createInterface({ input: stdout! })) return line;
  throw new Error('the parent said nothing');
};
