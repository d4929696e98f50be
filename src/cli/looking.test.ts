/** Commands that look and wait, against the real admin door on loopback. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { Fault, type LogRecord } from '../contract/index.ts';
import { callEvent, LOGS, type Served, served } from '../doors/admin/testing/served.ts';
import { run } from './run.ts';
import { line } from './testing/line.ts';

const at = (door: Served, key: string, ...argv: string[]) => line([...argv, '--url', door.url, '--key', key]);

const record = (given: Partial<LogRecord>): LogRecord => ({ ...LOGS[0]!, ...given });

test('logs are followed: what is there first, and then each record once, until the node ends', async () => {
  const [there, both, next] = ['there', 'both', 'next'].map((message) => record({ message }));
  await using door: Served = await served({
    logs: {
      // What comes between the two is in both.
      find: async () => ({ records: [there!, both!], isCut: false }),
      subscribe: (take) => {
        setImmediate(() => {
          take(both!);
          take(next!);
          setImmediate(() => door.shutDown.cancel(new Fault('cancelled', 'the node shuts down')));
        });
        return () => {};
      },
    },
  });
  const { exit, stdout } = await at(door, 'viewer', 'logs', '-f', '-o', 'jsonl');
  assert.equal(exit, 0);
  assert.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((one) => (JSON.parse(one) as LogRecord).message),
    ['there', 'both', 'next'],
  );
});

test('text of strangers in a log stays on its line and moves nothing', async () => {
  const hostile = '\u001b[2J\u001b]0;owned\u0007\r\nforged  error\u202e';
  const records = [record({ message: hostile, node: hostile, reason: hostile, agent: hostile, target: hostile })];
  await using door = await served({
    logs: { find: async () => ({ records, isCut: true }), subscribe: () => () => {} },
  });
  for (const format of ['table', 'wide']) {
    const { stdout, stderr } = await at(door, 'viewer', 'logs', '-o', format);
    assert.equal(stdout.trimEnd().split('\n').length, 1);
    assert.ok([...stdout.trimEnd()].every((char) => char >= ' ' && char !== '\u007f' && char !== '\u202e'));
    assert.match(stderr, /older records that were not looked at/);
  }
});

test('whoever may not see logs is told so, and what is wrong is named', async () => {
  await using door = await served();
  assert.equal((await at(door, 'nobody', 'logs')).exit, 5);
  assert.equal((await at(door, 'nobody', 'logs', '-f')).exit, 5);
  assert.match((await at(door, 'steward', 'logs')).stdout, /call failed[\s\S]*hub link/);
  assert.match((await at(door, 'viewer', 'logs', 'No Such')).stderr, /is no name of an agent/);
  assert.equal((await at(door, 'viewer', 'logs', 'orders', '-l', 'a=b')).exit, 2);
  assert.match((await at(door, 'outsider', 'logs')).stderr, /nothing that fits/);
});

test('wait ends when it is so, 7 when the time is over, and says what can be waited for', async () => {
  await using door = await served({ traces: { trace: async () => [callEvent()], recent: async () => [] } });
  assert.match((await at(door, 'viewer', 'wait', 'node/n1')).stdout, /^node\/n1 is alive after /);
  assert.equal((await at(door, 'viewer', 'wait', `call/${'b'.repeat(32)}`, '--for', 'ok')).exit, 0);
  const late = await at(door, 'viewer', 'wait', 'agent/orders', '--timeout', '150ms');
  assert.equal(late.exit, 7);
  assert.match(late.stderr, /is not ready after 150ms\n {2}because: 0 of 0 endpoints take calls\n {2}try: /);
  assert.equal((await at(door, 'viewer', 'wait', 'agent/orders', '--for', 'gone')).exit, 0, 'there is none of it');
  for (const wrong of [
    ['agent'],
    ['thing/x'],
    ['agent/orders', '--for', 'rich'],
    ['agent/orders', '--timeout', 'long'],
  ])
    assert.equal((await at(door, 'viewer', 'wait', ...wrong)).exit, 2, wrong.join(' '));
  assert.equal((await at(door, 'nobody', 'wait', 'node/n1')).exit, 5);
});

/** A reader that has seen enough after so many words leaves, as `head` does. */
const until = async (door: Served, enough: (text: string) => boolean, ...argv: string[]): Promise<string> => {
  let text = '';
  const left = new Error('seen enough');
  const stdout = {
    write: (words: string) => {
      text += words;
      if (enough(text)) throw left;
    },
  };
  const stderr = { write: () => {} };
  const io = { stdout, stderr, stdin: Readable.from(['']), env: {}, cwd: '/nonexistent' };
  await run([...argv, '--url', door.url, '--key', 'viewer'], io);
  return text;
};

test('get --watch says in a pipe what changed, and nothing twice', async () => {
  let asked = 0;
  const states = ['alive', 'alive', 'silent'] as const;
  await using plain = await served();
  const { items } = (await (await plain.get('/v1/nodes', 'viewer')).json()) as { items: never[] };
  const nodes = {
    list: () => {
      const state = states[Math.min(asked++, states.length - 1)]!;
      return items.slice(0, state === 'silent' ? 1 : 2).map((one: object) => ({ ...one, state }) as never);
    },
  } as never;
  await using door = await served({ nodes });
  const text = await until(
    door,
    (all) => all.includes('"gone"'),
    ...['get', 'nodes', '-w', '--interval', '100ms', '-o', 'jsonl'],
  );
  const events = text
    .trimEnd()
    .split('\n')
    .map((one) => JSON.parse(one) as { type: string; name: string });
  assert.deepEqual(
    events.map(({ type, name }) => `${type} ${name}`),
    ['added node/n1', 'added node/n2', 'changed node/n1', 'gone node/n2'],
  );
  const json = await at(door, 'viewer', 'get', 'nodes', '-w', '-o', 'json');
  assert.equal(json.exit, 2);
  assert.match(json.stderr, /-o jsonl/);
});

test('ui says the address of a page, and names what has none', async () => {
  const page = async (...argv: string[]) => line(['ui', ...argv, '--url', 'http://127.0.0.1:4600', '--no-open']);
  assert.equal((await page()).stdout, 'http://127.0.0.1:4600/ui\n');
  assert.equal((await page('agent/orders')).stdout, 'http://127.0.0.1:4600/ui/agents?sel=agent%2Forders\n');
  assert.equal((await page('budget/daily')).stdout, 'http://127.0.0.1:4600/ui/budgets?sel=daily\n');
  assert.equal((await page('7f3ac91e')).stdout, 'http://127.0.0.1:4600/ui/requests/7f3ac91e\n');
  assert.equal((await page('moon/1')).exit, 2);
});
