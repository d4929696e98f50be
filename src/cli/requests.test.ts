/** `airspace request ls | show | cancel` on a real hub: calls that went well, failed, were denied, wait for people, and run by themselves. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type CallEvent, DEFAULT_TENANT, type TraceFilter, WHOLE_TENANT } from '../contract/index.ts';
import { callEvent, served } from '../doors/admin/testing/served.ts';
import { mintKey } from '../identity/index.ts';
import { type RunningHub, startHub } from './node/hub.ts';
import { ADMIN_KEY_FILE, writeRunning } from './running.ts';
import { step } from './testing/events.ts';
import { line, type Ran } from './testing/line.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-requests-'));
const keys = { ada: mintKey('ada-1'), clerk: mintKey('clerk-1'), other: mintKey('other-1') };
let bank: Server;
let hub: RunningHub;
let ids: Readonly<Record<'ok' | 'failed' | 'denied' | 'held' | 'slow', string>>;

const resource = (kind: string, name: string, spec: unknown) => ({
  ...{ apiVersion: 'airspace.dev/v1', kind, metadata: { name }, spec },
});
const keyOf = (kind: 'user' | 'agent', name: keyof typeof keys) =>
  resource('Key', `${name}-1`, { principal: { kind, name }, secretHash: keys[name].secretHash });

const POLICY = `
@id("all") @reason("everybody may call") permit (principal, action, resource);
@id("no") @reason("nobody steals") forbid (principal, action, resource) when { context.operation == "steal" };
@id("pay") @reason("payments need a person") @remedy("approval") @approval("roles=finance; ttl=1h")
forbid (principal, action, resource) when { context.operation == "pay" };
`;

const at = (key: keyof typeof keys, ...argv: string[]): Promise<Ran> =>
  line([...argv, '--url', hub.url, '--key', keys[key].secret]);

/** The id is told on stderr. */
const made = async (operation: string, ...more: string[]): Promise<string> => {
  const { stderr } = await at('clerk', 'request', `agent/bank/${operation}`, '-d', '{}', ...more);
  return /^call ([0-9a-f]{32}) /m.exec(stderr)![1]!;
};

const states = async (...argv: string[]): Promise<readonly string[]> => {
  const { exit, stdout } = await at('ada', 'request', 'ls', '--limit', '1000', ...argv, '-o', 'json');
  assert.equal(exit, 0);
  const names = new Map(Object.entries(ids).map(([name, id]) => [id, name]));
  const { items } = JSON.parse(stdout) as { items: readonly CallEvent[] };
  return items.flatMap(({ callId }) => names.get(callId) ?? []).toSorted();
};

before(async () => {
  bank = createServer((request, response) => {
    request.resume();
    if (request.url?.endsWith('slow')) return;
    response.writeHead(request.url?.endsWith('break') ? 500 : 200, { 'content-type': 'application/json' }).end('{}');
  });
  bank.listen(0, '127.0.0.1');
  await once(bank, 'listening');
  const url = `http://127.0.0.1:${(bank.address() as AddressInfo).port}`;
  hub = await startHub({
    ...{ host: '127.0.0.1', port: 0, level: 'error', log: () => {}, oracle: 0 },
    ...{ dir: join(scratch, 'hub'), allowPrivateEgress: true },
  });
  const operations = ['look', 'break', 'steal', 'pay', 'slow'].map((name) => ({ name, effect: 'write' }));
  const resources = [
    resource('User', 'ada', { roles: ['admin'] }),
    ...['clerk', 'other'].map((name) => resource('Agent', name, { operations: [{ name: 'x' }] })),
    resource('Agent', 'bank', { operations, endpoints: [{ url }] }),
    ...[keyOf('user', 'ada'), keyOf('agent', 'clerk'), keyOf('agent', 'other')],
    resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
  ];
  await hub.control.apply({
    ...{ tenant: DEFAULT_TENANT, resources, origins: resources.map(() => 'test'), by: 'test', rights: WHOLE_TENANT },
    ...{ reason: '', dryRun: false, prune: false },
  });
  ids = {
    ok: await made('look'),
    failed: await made('break'),
    denied: await made('steal'),
    held: await made('pay'),
    slow: await made('slow', '--async'),
  };
  // Nodes write calls down in batches, behind them.
  while ((await states()).length < 5) await new Promise((next) => setImmediate(next));
});

after(async () => {
  bank.closeAllConnections();
  bank.close();
  await hub.stop(false);
  rmSync(scratch, { recursive: true, force: true });
});

test('calls are listed by how they went; one that waits for people did not go well', async () => {
  assert.deepEqual(await states('--status', 'held'), ['held']);
  assert.deepEqual(await states('--status', 'denied'), ['denied']);
  assert.ok(!(await states('--status', 'ok')).includes('held'));
  assert.ok((await states('--status', 'ok')).includes('ok'));
  const { stdout } = await at('ada', 'request', 'ls', '--status', 'held');
  assert.match(stdout, /agent\/clerk {2}agent\/bank\/pay {2}held/);
  assert.match((await at('ada', 'get', 'calls')).stdout, /agent\/bank\/pay +held/, 'the two say the same');
});

test('calls of an agent are those that it made and those that it got, and no others', async () => {
  assert.equal((await states('--agent', 'clerk')).length, 5);
  assert.equal((await states('--agent', 'agent/bank', '--since', '1h')).length, 5);
  const none = await at('ada', 'request', 'ls', '--agent', 'other');
  assert.equal(none.stdout, '');
  assert.match(none.stderr, /no call that fits was seen/);
});

test('what request ls does not understand is named', async () => {
  for (const [argv, said] of [
    [['--limit', '0'], /--limit must be a number from 1 to 1000/],
    [['--since', 'soon'], /--since must be such as 15m/],
    [['--agent', 'No Such'], /is no name of an agent/],
    [['--status', 'fine'], /Allowed choices are held, ok/],
  ] as const) {
    const { exit, stderr } = await at('ada', 'request', 'ls', ...argv);
    assert.equal(exit, 2);
    assert.match(stderr, said);
  }
  assert.equal((await at('other', 'request', 'ls')).exit, 5);
});

test('request show says what describe call says', async () => {
  const shown = await at('ada', 'request', 'show', ids.denied.slice(0, 12));
  assert.match(shown.stdout, /made by {6}agent\/clerk/);
  assert.deepEqual(shown, await at('ada', 'describe', 'call', ids.denied.slice(0, 12)));
});

test('the node is found by its state behind each word of request', async () => {
  const place = join(scratch, 'place');
  await writeRunning(place, { url: hub.url, pid: process.pid });
  await writeFile(join(place, ADMIN_KEY_FILE), keys.ada.secret, { mode: 0o600 });
  for (const argv of [['ls', '--status', 'denied'], ['show', ids.denied], ['reconcile']]) {
    const { exit, stderr } = await line(['request', ...argv, '--data', place]);
    assert.equal(exit, 0, `${argv}: ${stderr}`);
  }
});

test('only whoever made a call stops it, and a call that is over is told to be', async () => {
  for (const id of [ids.held, ids.slow]) {
    const theirs = await at('other', 'request', 'cancel', id);
    assert.equal(theirs.exit, 4);
    assert.match(theirs.stderr, /there is no call `[0-9a-f]{32}` that this key made[\s\S]*--as-key/);
  }
  const held = await at('ada', 'request', 'cancel', ids.held.slice(0, 12), '--as-key', keys.clerk.secret);
  assert.deepEqual([held.exit, held.stdout], [0, `call ${ids.held} is cancelled\n`]);
  assert.match((await at('ada', 'approval', 'ls', '--state', 'cancelled')).stdout, /agent\/bank\/pay/);
  const slow = await at('clerk', 'request', 'cancel', ids.slow, '-o', 'json');
  assert.equal(slow.exit, 0);
  assert.equal((JSON.parse(slow.stdout) as { id: string }).id, ids.slow);
  // It writes, and was sent: nobody knows what it did. Asked until it has stopped; that it never does would end this test by its time.
  for (let again = slow; !again.stdout.includes('is over, and may have run'); ) {
    again = await at('clerk', 'request', 'cancel', ids.slow);
    assert.ok(/is asked to stop, and still/.test(again.stdout) ? again.exit === 0 : again.exit === 1, again.stdout);
  }
  assert.equal((await at('clerk', 'request', 'cancel', 'xyz')).exit, 2);
  assert.match(
    (await at('clerk', 'request', 'cancel', ids.slow, '--session', 's')).stderr,
    /`request cancel` has no option --session/,
  );
});

const HELD = { httpStatus: 202, steps: [step('hold', 0, 1, { outcome: 'held' })] };

test('of two calls with one beginning neither is stopped, and no agent of the same name is taken for a tool', async () => {
  const twin = (end: string, given: Partial<CallEvent> = {}) =>
    callEvent({ callId: end.padStart(32, 'b'), span: end, ...given });
  const events = [
    twin('1'),
    twin('2', { target: { kind: 'tool', name: 'orders', operation: 'where' } }),
    twin('3', { httpStatus: 202, steps: [step('hold', 0, 1, { outcome: 'granted' })] }),
  ];
  await using door = await served({ traces: { trace: async () => events, recent: async () => events } });
  const ask = (...argv: string[]) => line([...argv, '--url', door.url, '--key', 'viewer']);
  const { exit, stderr } = await ask('request', 'cancel', 'bbbbbbbb');
  assert.equal(exit, 2);
  assert.match(stderr, /fits 3 calls; give more digits/);
  const rows = (await ask('request', 'ls', '--agent', 'orders', '-o', 'name')).stdout.trimEnd().split('\n');
  assert.equal(rows.length, 2, 'each once, and not the one of the tool');
  assert.equal((await ask('request', 'ls', '--status', 'held')).stdout, '', 'it was let go: the target answered 202');
  events.push(twin('4', { callId: '4'.repeat(32), ...HELD }), twin('5', { callId: '5'.repeat(32), ...HELD }));
  events.push(twin('6', { callId: '5'.repeat(32), startedAtMs: 9_000 }));
  const waiting = (await ask('request', 'ls', '--status', 'held', '-o', 'name')).stdout;
  assert.equal(waiting, `call/${'4'.repeat(32)}\n`, 'the other one went on since');
});

test('one that waits is found behind thousands of others, as far as anybody looks', async () => {
  const many = (count: number, heldAt: number): readonly CallEvent[] =>
    Array.from({ length: count }, (_, at) =>
      callEvent({
        ...{ callId: at.toString(16).padStart(32, '0'), span: `s${at}`, startedAtMs: 1_000_000 - at },
        ...(at === heldAt ? HELD : {}),
      }),
    );
  for (const [events, rows, note] of [
    [many(3_000, 2_500), `call/${(2_500).toString(16).padStart(32, '0')}\n`, /^$/],
    [many(12_000, 11_999), '', /only the newest calls were looked through; .*approval ls/],
  ] as const) {
    const recent = async ({ untilMs = Infinity, limit }: TraceFilter) =>
      events.filter(({ startedAtMs }) => startedAtMs <= untilMs).slice(0, limit);
    await using door = await served({ traces: { trace: async () => [], recent } });
    const found = ['request', 'ls', '--status', 'held', '-o', 'name', '--limit', '1', '--url', door.url];
    const { stdout, stderr } = await line([...found, '--key', 'viewer']);
    assert.equal(stdout, rows);
    assert.match(stderr, note);
  }
});
