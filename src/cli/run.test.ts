import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ControlPort, Fault, type Resource } from '../contract/index.ts';
import { checkShape, sourcesOfText } from '../control/index.ts';
import type { NodeStatus } from '../doors/admin/index.ts';
import { callEvent, killAnswer, type Served, served, TRACE } from '../doors/admin/testing/served.ts';
import { writeRunning } from './running.ts';
import { line } from './testing/line.ts';

/** The commands against the real admin door on loopback. */
const at = (door: Served, key: string, ...argv: string[]) => line([...argv, '--url', door.url, '--key', key]);

const control = (given: Partial<ControlPort>): ControlPort => {
  const never = (): Promise<never> => Promise.reject(new Fault('internal', 'not in this test'));
  return {
    apply: never,
    diff: never,
    list: never,
    remove: never,
    history: never,
    changes: never,
    rollback: never,
    ...given,
  };
};

test('airspace alone fits fifteen lines and is no failure', async () => {
  const { exit, stdout, stderr } = await line([]);
  assert.equal(exit, 0);
  assert.equal(stderr, '');
  assert.ok(stdout.trimEnd().split('\n').length <= 15);
});

test('slips of the finger are usage errors that say what was meant', async () => {
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['gett'], /Did you mean get/],
    [['status', '--outptu', 'json'], /Did you mean --output/],
    [['get'], /missing required argument/],
    [['get', 'agnts'], /there is no kind `agnts`[\s\S]*agents/],
    [['status', '-o', 'xml'], /Allowed choices/],
    [['apply'], /required option/],
    [['trace', 'xyz'], /neither a call nor a trace/],
    [['request', 'orders'], /is not a target/],
    [['token', 'create', '--role', 'hub'], /Allowed choices/],
    [['up', '--port', '99999'], /must be a port/],
  ];
  for (const [argv, said] of cases) {
    const { exit, stdout, stderr } = await line(argv);
    assert.equal(exit, 2, argv.join(' '));
    assert.equal(stdout, '', argv.join(' '));
    assert.match(stderr, said);
  }
});

test('help is an answer', async () => {
  for (const argv of [['--help'], ['apply', '--help'], ['key', 'create', '--help']]) {
    const { exit, stdout, stderr } = await line(argv);
    assert.equal(exit, 0);
    assert.equal(stderr, '');
    assert.match(stdout, /^Usage: airspace/);
  }
});

test('what a node answers becomes the exit code that scripts know', async () => {
  await using door = await served({
    control: control({
      list: () => Promise.resolve([]),
      rollback: () => Promise.reject(new Fault('conflict', 'the configuration has moved on')),
    }),
  });
  assert.equal((await at(door, 'viewer', 'status')).exit, 0);
  assert.equal((await at(door, 'nobody', 'status')).exit, 5);
  assert.equal((await at(door, 'stranger', 'status')).exit, 5);
  assert.equal((await at(door, 'viewer', 'key', 'create', 'agent/orders')).exit, 5);
  assert.equal((await at(door, 'viewer', 'trace', 'ffffffff')).exit, 4);
  assert.equal((await at(door, 'viewer', 'get', 'agents', 'nope')).exit, 4);
  assert.equal((await at(door, 'admin', 'rollback', '1', '--yes')).exit, 6);
  assert.equal((await line(['status', '--url', 'http://127.0.0.1:9'])).exit, 3);
  assert.equal((await line(['status'])).exit, 3);
});

test('errors say what, because of what, and what to try; as data when data was asked for', async () => {
  const words = await line(['status', '--url', 'http://127.0.0.1:9']);
  assert.match(
    words.stderr,
    /^error: no answer from airspace at http:\/\/127\.0\.0\.1:9 .*\n {2}because: .+\n {2}try: airspace up/,
  );
  const data = await line(['status', '-o', 'json']);
  assert.deepEqual(Object.keys(JSON.parse(data.stderr) as object), ['error', 'because', 'try', 'code']);
  assert.equal(data.stdout, '');
});

test('can is 0 for a yes and 1 for everything else, and assumes what it is told', async () => {
  await using door = await served();
  const words = ['can', 'agent/orders', 'call', 'tool/till/refund'];
  const maybe = await at(
    door,
    'viewer',
    ...words,
    '--context',
    'depth=3',
    '--context',
    'args.note="5"',
    '--context',
    'args.big=true',
  );
  assert.equal(maybe.exit, 1);
  assert.match(maybe.stdout, /^maybe: agent\/orders may call, depending on the call, tool\/till\/refund\n/);
  assert.deepEqual((door.asked[0] as { can: { context: unknown } }).can.context, {
    depth: 3,
    args: { note: '5', big: true },
  });
  for (const wrong of [
    ['can', 'orders', 'call', 'tool/till/refund'],
    ['can', 'agent/orders', 'eat', 'tool/till/refund'],
    ['can', 'agent/orders', 'call', 'till'],
    [...words, '--context', 'depth'],
    [...words, '--context', 'a=1', '--context', 'a.b=1'],
    [...words, '--context', 'a=1', '--context', 'a=2'],
  ])
    assert.equal((await at(door, 'viewer', ...wrong)).exit, 2, wrong.join(' '));
});

const POLICY = (rules: string) => `
apiVersion: airspace.dev/v1
kind: Tool
metadata: { name: till }
spec: { operations: [{ name: look, effect: read }] }
---
apiVersion: airspace.dev/v1
kind: Agent
metadata: { name: front }
spec: { operations: [{ name: ask, effect: read }] }
---
apiVersion: airspace.dev/v1
kind: PolicyBundle
metadata: { name: org }
spec:
  level: org
  policies:
    text: |
      @id("open") @reason("r")
      permit (principal, action, resource);
${rules}`;
const NEVER = `
      @id("never") @reason("r")
      permit (principal, action, resource) when { context.depth > 3 && context.depth < 3 };
`;

test('lint needs no node, says file and line, and is 1 only for errors', async () => {
  const clean = await line(['policy', 'lint', '-f', '-'], { stdin: POLICY('') });
  assert.deepEqual(clean, { exit: 0, stdout: 'no findings\n', stderr: '' });
  const wrong = await line(['policy', 'lint', '-f', '-'], { stdin: POLICY(NEVER) });
  assert.equal(wrong.exit, 1);
  assert.match(wrong.stdout, /^stdin:22:\d+: error\[never-matches\] policy `never`: its conditions exclude each other/);
  const idle = await line(['policy', 'lint', '-f', '-', '-o', 'json'], {
    stdin: POLICY(NEVER.replace(' && context.depth < 3', '')),
  });
  assert.equal(idle.exit, 0);
  assert.deepEqual(
    (JSON.parse(idle.stdout) as { findings: { rule: string }[] }).findings.map(({ rule }) => rule),
    ['implied'],
  );
  assert.equal((await line(['policy', 'lint', '-f', '-'], { stdin: POLICY('').split('---')[0]! })).exit, 2);
});

test('lint against the running configuration says what becomes wider', async () => {
  const bundle = (text: string): string => text.split('---').at(-1)!;
  const deep =
    '\n      @id("deep") @reason("r")\n      forbid (principal, action, resource) when { context.depth > 3 };\n';
  const { resources } = sourcesOfText(POLICY(deep), 'running');
  const stored = checkShape({ resources, origins: [] }, null).resources.map(({ resource }) => ({
    resource,
    version: 1,
    revision: 1,
  }));
  await using door = await served({ control: control({ list: () => Promise.resolve(stored) }) });
  const words = ['policy', 'lint', '-f', '-', '--against', '--url', door.url, '--key', 'viewer'];
  const against = async (stdin: string): Promise<string> => (await line(words, { stdin })).stdout;
  assert.match(
    await against(bundle(POLICY(deep))),
    /^against the running configuration: nothing changes what is allowed\nno findings/,
  );
  assert.match(await against(bundle(POLICY(''))), /\n {2}wider {2}org\/deep {2}forbid removed\n/);
  const stricter = bundle(POLICY(deep)).replace('permit (principal,', 'permit (principal is Agent,');
  assert.match(await against(stricter), /\n {2}narrower {2}org\/open {2}permit matches less\n/);
});

test('why shows clauses to operators, and to everybody else what it showed before', async () => {
  const denied = callEvent({
    status: 'denied',
    steps: [
      { span: 's', name: 'decide', offsetMs: 0, durationMs: 1, attributes: { effect: 'deny', code: 'NO_PERMIT' } },
    ],
  });
  await using door = await served({
    traces: { trace: () => Promise.resolve([denied]), recent: () => Promise.resolve([denied]) },
  });
  assert.match((await at(door, 'operator', 'why', TRACE)).stdout, /the nearest, `clerks`, needs principal is User/);
  const viewer = await at(door, 'viewer', 'why', TRACE);
  assert.equal(viewer.exit, 0);
  assert.doesNotMatch(viewer.stdout, /clerks/);
});

test('the words of a server cannot draw on the terminal', async () => {
  await using door = await served({
    control: control({ list: () => Promise.reject(new Fault('bad_request', '\u001b[2Jgone')) }),
  });
  const { stderr, exit } = await at(door, 'viewer', 'get', 'agents');
  assert.equal(exit, 2);
  assert.match(stderr, /^error: gone/);
});

test('diff is 0 when nothing differs, 1 when something does, and more when it could not tell', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'airspace-diff-'));
  await writeFile(
    join(folder, 'a.yaml'),
    'apiVersion: airspace.dev/v1\nkind: Domain\nmetadata: { name: ops }\nspec: {}\n',
  );
  const agent = {
    apiVersion: 'airspace.dev/v1',
    kind: 'User',
    metadata: { name: 'a', tenant: 'default', labels: {} },
  } as const;
  await using same = await served();
  await using other = await served({
    control: control({
      diff: () =>
        Promise.resolve([
          {
            key: 'default/User/a',
            change: 'update',
            before: { ...agent, spec: { roles: ['viewer'] } },
            after: { ...agent, spec: { roles: ['admin'] } },
            paths: ['spec.roles[0]'],
          },
        ]),
    }),
  });
  assert.deepEqual(await at(same, 'viewer', 'diff', '-f', folder), { exit: 0, stdout: 'no difference\n', stderr: '' });
  const found = await at(other, 'viewer', 'diff', '-f', folder);
  assert.equal(found.exit, 1);
  assert.equal(found.stdout, '~ user/a\n    spec.roles[0]: "viewer" → "admin"\n');
  assert.equal((await at(same, 'viewer', 'diff', '-f', join(folder, 'missing.yaml'))).exit, 2);
  assert.equal((await at(same, 'nobody', 'diff', '-f', folder)).exit, 5);
  assert.equal((await line(['diff', '-f', folder])).exit, 3);
  await rm(folder, { recursive: true });
});

test('standard input is applied with its own lines', async () => {
  await using door = await served();
  const team = (name: string) => ({ apiVersion: 'airspace.dev/v1', kind: 'Domain', metadata: { name }, spec: {} });
  const stdin = `${JSON.stringify(team('sales'))}\n---\n${JSON.stringify(team('support'))}\n`;
  const { exit } = await line(['apply', '-f', '-', '--url', door.url, '--key', 'admin'], { stdin });
  assert.equal(exit, 0);
  const [{ apply }] = door.asked as [{ apply: { origins: string[]; resources: unknown[] } }];
  assert.deepEqual(apply.resources, [team('sales'), team('support')]);
  assert.deepEqual(apply.origins, ['stdin:1', 'stdin:3']);
});

test('a mistake on standard input names its line and is never sent', async () => {
  await using door = await served();
  const stdin = 'apiVersion: airspace.dev/v1\nkind: Domian\nmetadata: { name: sales }\nspec: {}\n';
  const { exit, stderr } = await line(['apply', '-f', '-', '--url', door.url, '--key', 'admin'], { stdin });
  assert.equal(exit, 2);
  assert.match(stderr, /stdin:2/);
  assert.deepEqual(door.asked, []);
});

test('nothing is taken away without a yes when nobody can be asked', async () => {
  await using door = await served();
  const refused = await at(door, 'admin', 'delete', 'agent', 'orders');
  assert.equal(refused.exit, 2);
  assert.match(refused.stderr, /--yes/);
  assert.deepEqual(door.asked, []);
  assert.equal((await at(door, 'admin', 'delete', 'agent', 'orders', '--yes')).exit, 0);
  assert.equal((await at(door, 'admin', 'delete', 'agent', 'orders', '--dry-run')).exit, 0);
});

test('an order to stop is given without a question, with a reason, and lifted only after one', async () => {
  await using door = await served();
  const stopped = await at(door, 'operator', 'kill', 'agent/orders', '--reason', 'it loops');
  assert.equal(stopped.exit, 0);
  assert.match(
    stopped.stdout,
    /^agent\/orders is stopped by kill-00c0ffee\n1 running call was cut on the hub\nthe hub does so/,
  );
  assert.deepEqual(door.asked[0], {
    kill: 'olaf',
    request: { kind: 'agent', name: 'orders', reason: 'it loops' },
  });
  assert.equal((await at(door, 'viewer', 'kill', 'agent/orders', '--reason', 'x')).exit, 5);
  for (const wrong of [['orders', '--reason', 'x'], ['robot/orders', '--reason', 'x'], ['agent/orders']])
    assert.equal((await at(door, 'operator', 'kill', ...wrong)).exit, 2, wrong.join(' '));
  assert.equal((await at(door, 'operator', 'kill', 'tree/00c0ffee', '--reason', 'x')).exit, 2);
  assert.match((await at(door, 'operator', 'kill', 'lift', 'kill-00c0ffee')).stderr, /--yes/);
  assert.match(
    (await at(door, 'operator', 'kill', 'lift', 'kill-00c0ffee', '-y')).stdout,
    /^agent\/orders may go on\n/,
  );
});

test('orders in force are listed, and status and check do not let anybody forget them', async () => {
  await using door = await served();
  assert.equal((await at(door, 'viewer', 'kill', 'ls', '-o', 'name')).stdout, 'kill-00c0ffee\n');
  assert.match(
    (await at(door, 'viewer', 'kill', 'ls')).stdout,
    /kill-00c0ffee +agent\/orders .* user\/olaf +lifted +it loops/,
  );
  assert.match((await at(door, 'viewer', 'status')).stdout, /stopped +agent\/orders \(kill-00c0ffee\)/);
  assert.match((await at(door, 'viewer', 'check')).stdout, /orders +warn +stopped: agent\/orders/);
});

test('how long an order took is measured to the last node that is there; who is away is named', async () => {
  const nodes = [
    { id: 'sidecar-a', state: 'alive', seq: 2, atMs: 1_012 },
    { id: 'sidecar-b', state: 'alive', seq: 3, atMs: 1_040 },
    { id: 'sidecar-c', state: 'silent', seq: 1, atMs: 500 },
  ] as const;
  let behind = true;
  await using door = await served({
    kills: {
      order: async () => killAnswer,
      lift: async () => killAnswer,
      list: () => {
        const slow = { ...nodes[0], seq: behind ? 1 : 2 };
        behind = false;
        return { seq: 3, items: [], nodes: [slow, nodes[1], nodes[2]] };
      },
    },
  });
  const { exit, stdout } = await at(door, 'operator', 'kill', 'agent/orders', '--reason', 'it loops');
  assert.equal(exit, 0);
  assert.match(
    stdout,
    /the hub and 2 connected nodes do so, the last one after 40ms\naway, and told when they are back: sidecar-c/,
  );
});

test('a key is alone on stdout', async () => {
  await using door = await served();
  const { stdout, stderr } = await at(door, 'admin', 'key', 'create', 'agent/orders');
  assert.equal(stdout, 'air_orders-22222222_secret\n');
  assert.match(stderr, /shown once/);
});

test('whoever can read the state of a node becomes its first administrator, once', async () => {
  await using door = await served();
  const data = await mkdtemp(join(tmpdir(), 'airspace-bootstrap-'));
  const argv = ['bootstrap', '--data', data, '--url', door.url];
  assert.equal((await line(argv)).exit, 4);
  await writeFile(join(data, 'bootstrap-token'), 'airb_good\n', { mode: 0o600 });
  const made = await line(argv);
  assert.deepEqual([made.exit, made.stdout], [0, `${join(data, 'admin.key')}\n`]);
  assert.equal(await readFile(join(data, 'admin.key'), 'utf8'), 'air_admin-22222222_secret\n');
  assert.equal((await stat(join(data, 'admin.key'))).mode & 0o777, 0o600);
  await writeFile(join(data, 'bootstrap-token'), 'airb_used\n');
  assert.equal((await line(argv)).exit, 5);
  await rm(data, { recursive: true });
});

test('calls and their trace are found by a part of their id', async () => {
  await using door = await served();
  const calls = await at(door, 'viewer', 'get', 'calls', '--no-headers');
  assert.match(calls.stdout, /bbbbbbbb {2}agent\/concierge {2}agent\/orders\/where {2}ok {2}5ms/);
  assert.match(
    (await at(door, 'viewer', 'trace', TRACE.slice(0, 8))).stdout,
    /^trace a{32} {2}1 call on 1 node.* {2}2 spans said by agents\n/,
  );
  assert.match((await at(door, 'viewer', 'why', TRACE)).stdout, /agent\/orders\/where ran it/);
});

test('lists are data with a kind when data was asked for', async () => {
  await using door = await served();
  const { stdout } = await at(door, 'viewer', 'get', 'instances', '-o', 'json');
  const list = JSON.parse(stdout) as { apiVersion: string; kind: string; items: unknown[] };
  assert.deepEqual([list.apiVersion, list.kind, list.items.length], ['airspace.dev/v1', 'InstanceList', 2]);
  assert.equal(
    (await at(door, 'viewer', 'get', 'instances', '-o', 'name')).stdout,
    'instance/default/orders/9000\ninstance/default/kb/1\n',
  );
  assert.equal((await at(door, 'viewer', 'get', 'instances', '-o', 'jsonl')).stdout.trim().split('\n').length, 2);
  assert.match(
    (await at(door, 'viewer', 'get', 'instances', '-o', 'yaml')).stdout,
    /^apiVersion: airspace\.dev\/v1\nkind: InstanceList\n/,
  );
});

const STATUS: NodeStatus = {
  ...{ node: 'hub-1', role: 'hub', version: '1', startedAtMs: 0, ready: true, snapshotSeq: 1, rosterSeq: 1 },
  ...{ store: 'sqlite', weakened: [], fallback: [], agentSpans: { kept: 0, left: {} } },
  telemetry: {
    ...{ events: 0, agentSpans: 0, bytes: 0, fileBytes: null, freeBytes: null, oldestMs: null },
    ...{ keepBytes: 2 ** 30, sample: 1, removed: { age: 0, size: 0, sample: 0 } },
  },
};

test('status says how much of telemetry there is, what it may be, and what was removed for which reason', async () => {
  const bytes = { bytes: 2 ** 29, fileBytes: 2 ** 30, freeBytes: 2 ** 20, keepBytes: 3 * 2 ** 30 };
  const kept = {
    ...bytes,
    events: 12,
    agentSpans: 3,
    oldestMs: 0,
    sample: 0.1,
    removed: { age: 4, size: 0, sample: 6 },
  };
  await using door = await served({ status: () => ({ ...STATUS, telemetry: kept }) });
  assert.match(
    (await at(door, 'viewer', 'status')).stdout,
    /traces +12 calls since 1970-01-01T00:00Z, 512MiB of 3GiB; 1GiB on the disk, 1MiB of it free; 10% of ordinary traces are kept; removed: 4 for their age, 6 for the sample/,
  );
});

test('status says what a collector did not get, and what agents said that was not kept', async () => {
  const dropped = { queue_full: 3, refused: 0, unavailable: 4 };
  const otlp = { to: 'http://c.example/v1/traces', sent: 9, waiting: 2, dropped, trouble: 'it is \u001b[31mfull' };
  const otlpMetrics = { ...otlp, to: 'http://c.example/v1/metrics', dropped: { refused: 1 }, trouble: '' };
  await using door = await served({
    status: () => ({ ...STATUS, otlp, otlpMetrics, agentSpans: { kept: 5, left: { rate: 6 } } }),
  });
  const { stdout } = await at(door, 'viewer', 'status');
  assert.match(
    stdout,
    /export +9 spans sent to http:\/\/c\.example\/v1\/traces, 2 waiting, 7 dropped \(queue_full 3, unavailable 4\); the last request: it is /,
  );
  assert.match(
    stdout,
    /export +9 points of metrics sent to http:\/\/c\.example\/v1\/metrics, 1 dropped \(refused 1\)\n/,
  );
  assert.match(stdout, /said +5 spans of agents kept, 6 dropped \(rate 6\)/);
  assert.ok(!stdout.includes('\u001b'));
  await using quiet = await served({ status: () => STATUS });
  assert.doesNotMatch((await at(quiet, 'viewer', 'status')).stdout, /^(export|said) /m);
});

test('check says no with 1, and can wait for a yes', async () => {
  let ready = false;
  await using door = await served({
    status: () => ({ ...STATUS, ready }),
  });
  assert.equal((await at(door, 'viewer', 'check')).exit, 1);
  const waiting = at(door, 'viewer', 'check', '--wait', '10s');
  ready = true;
  assert.equal((await waiting).exit, 0);
  assert.equal((await line(['check', '--url', 'http://127.0.0.1:9'])).exit, 1);
});

test('tap prints each call as it finishes and ends with the node', async () => {
  await using door = await served();
  const tapped = at(door, 'viewer', 'tap', '-o', 'jsonl');
  while (door.feed.readers === 0) await new Promise((resolve) => setImmediate(resolve));
  door.feed.emit(callEvent({ status: 'denied' }));
  door.revoked.add('viewer');
  door.world.fire();
  const { exit, stdout } = await tapped;
  assert.equal(exit, 0);
  assert.equal((JSON.parse(stdout) as { status: string }).status, 'denied');
});

test('explain says what the schema says', async () => {
  assert.equal(
    (await line(['explain', 'route.attempts'])).stdout,
    'Route.spec.attempts  <integer>  optional\n  tries in total (R1); 1 turns retries off\n  default: 3\n  from 1 to 3\n',
  );
  const wrong = await line(['explain', 'agent.endpoints.wieght']);
  assert.equal(wrong.exit, 4);
  assert.match(wrong.stderr, /because: it has url, version, weight, labels/);
  assert.equal((await line(['explain', 'agent.constructor'])).exit, 4);
});

test('a mistake on the command line is data too when data was asked for', async () => {
  for (const [argv, said] of [
    [['gett', '-o', 'json'], /unknown command 'gett'.*Did you mean get/],
    [['status', '--outptu', 'x', '-ojson'], /unknown option '--outptu'/],
    [['apply', '--output=jsonl'], /required option/],
    [['key', '-o', 'json'], /a command is missing/],
    [['get', 'agnts', '-o', 'json'], /there is no kind `agnts`/],
  ] as const) {
    const { exit, stdout, stderr } = await line(argv);
    assert.deepEqual([exit, stdout, stderr.split('\n').length], [2, '', 2], argv.join(' '));
    const { error, code } = JSON.parse(stderr) as { error: string; code: string };
    assert.equal(code, 'usage');
    assert.match(error, said);
  }
});

test('an empty list says whether there is nothing or only nothing that matches', async () => {
  await using none = await served({ control: control({ list: () => Promise.resolve([]) }) });
  assert.match((await at(none, 'viewer', 'get', 'agents')).stderr, /no agent here; apply some/);
  const metadata = { name: 'a', tenant: 'default', labels: {} };
  const user = { apiVersion: 'airspace.dev/v1', kind: 'User', metadata, spec: { roles: [] } } satisfies Resource;
  const stored = { resource: user, version: 1, revision: 1 };
  await using one = await served({ control: control({ list: () => Promise.resolve([stored]) }) });
  const { exit, stderr } = await at(one, 'viewer', 'get', 'users', '-l', 'tier=gold');
  assert.deepEqual([exit, stderr], [0, 'nothing matches; without the filter there is 1 user\n']);
  const instances = await at(one, 'viewer', 'get', 'instances', 'nobody');
  assert.equal(instances.stderr, 'nothing matches; without the filter there are 2 instances\n');
});

test('a node is found by its state, wherever that is, and its key goes to it alone', async () => {
  await using door = await served();
  const data = await mkdtemp(join(tmpdir(), 'airspace-elsewhere-'));
  await writeRunning(data, { url: door.url, pid: 1 });
  await writeFile(join(data, 'admin.key'), 'admin\n', { mode: 0o600 });
  assert.equal((await line(['status', '--data', data])).exit, 0);
  assert.equal((await line(['status'], { env: { AIRSPACE_DATA: data } })).exit, 0);
  // A payload is no folder.
  assert.equal((await line(['request', 'a/b', '--data', data], { env: {} })).exit, 3);
  const nowhere = await line(['status', '--data', join(data, 'none')]);
  assert.equal(nowhere.exit, 3);
  assert.match(nowhere.stderr, /no airspace runs with the state in .*none/);
  await rm(data, { recursive: true });
});

const full = existsSync('/dev/full') ? false : 'this system has no /dev/full';
test('an answer that cannot be written is one line and exit 74, not a stack', { skip: full }, () => {
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const { status, stderr } = spawnSync(
    'sh',
    ['-c', 'exec "$0" "$1" explain agent > /dev/full', process.execPath, main],
    {
      encoding: 'utf8',
    },
  );
  assert.deepEqual([status, stderr], [74, 'error: the answer cannot be written: ENOSPC\n']);
});

test('a list of users says who holds which role, and who administers what', async () => {
  const user = (name: string, spec: object) => ({
    resource: {
      apiVersion: 'airspace.dev/v1',
      kind: 'User',
      metadata: { name, tenant: 'default', labels: {} },
      spec,
    } as Resource,
    version: 1,
    revision: 1,
  });
  const users = [user('sara', { roles: [], administers: ['sales', 'field'] }), user('vera', { roles: ['viewer'] })];
  await using door = await served({ control: control({ list: async () => users }) });
  const { stdout } = await at(door, 'viewer', 'get', 'users');
  assert.match(stdout, /sara .* no roles, administers sales, field /);
  assert.match(stdout, /vera .* viewer /);
});
