/** `airspace get` of what is seen and not configured, against the real admin door on loopback. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BreakerView } from '../contract/index.ts';
import { APPROVAL, callEvent, type Served, served } from '../doors/admin/testing/served.ts';
import { line } from './testing/line.ts';

const at = (door: Served, ...argv: string[]) => line([...argv, '--url', door.url, '--key', 'viewer']);

const breaker = (given: Partial<BreakerView>): BreakerView => ({
  ...{ target: 'agent/orders', domain: 'operations', endpoint: 'orders@127.0.0.1:9000', state: 'open', node: 'hub-1' },
  changes: [{ atMs: Date.now() - 130_000, from: 'closed', to: 'open' }],
  ...given,
});
const BANK = { target: 'agent/bank', domain: 'money', endpoint: 'bank@127.0.0.1:9000' };
const breakersOf = (...items: readonly BreakerView[]) => ({ breakers: { list: () => items } as never });
const PORTS = breakersOf(
  breaker({}),
  breaker({ ...BANK, state: 'half_open', changes: [] }),
  breaker({ ...BANK, node: 'hub-1/sidecar-2' }),
);

test('get breakers lists what breaker ls does, by domain and by name', async () => {
  await using door = await served(PORTS);
  const { exit, stdout } = await at(door, 'get', 'breakers');
  assert.equal(exit, 0);
  assert.match(stdout, /^orders@127.0.0.1:9000 +agent\/orders +open +2m1\ds +- +hub-1$/m);
  assert.match(stdout, /^bank@.* half-open +- /m);
  const names = async (...more: string[]) => (await at(door, 'get', 'brk', ...more, '-o', 'name')).stdout;
  // One endpoint at two nodes is two breakers.
  const bank = 'breaker/hub-1/bank@127.0.0.1:9000\nbreaker/hub-1/sidecar-2/bank@127.0.0.1:9000\n';
  assert.equal(await names('-d', 'money'), bank);
  assert.equal(await names('bank@127.0.0.1:9000'), bank);
  assert.equal(await names('agent/orders'), 'breaker/hub-1/orders@127.0.0.1:9000\n');
  assert.equal(
    (await at(door, 'get', 'breaker', '-o', 'json')).stdout,
    (await at(door, 'breaker', 'ls', '-o', 'json')).stdout,
  );
});

test('where every breaker is closed, and where none is of that name, it is said', async () => {
  await using calm = await served(breakersOf());
  assert.match((await at(calm, 'get', 'brk')).stderr, /every breaker is closed, and has been since its node started/);
  await using door = await served(PORTS);
  assert.match((await at(door, 'get', 'brk', 'agent/none')).stderr, /nothing matches; without the filter there are 3/);
});

test('a kind has the same list by each of its names, and by the command that is about it', async () => {
  await using door = await served({ traces: { trace: async () => [callEvent()], recent: async () => [callEvent()] } });
  const same = async (...lines: readonly (readonly string[])[]) => {
    const [first, ...others] = await Promise.all(lines.map((argv) => at(door, ...argv, '-o', 'json')));
    assert.equal(first!.exit, 0);
    assert.match(first!.stdout, /"items": \[\n/);
    for (const other of others) assert.deepEqual(other, first);
  };
  await same(['get', 'approvals'], ['get', 'approval'], ['get', 'apr'], ['approval', 'ls']);
  await same(['get', 'requests'], ['get', 'req'], ['get', 'calls'], ['request', 'ls']);
  assert.deepEqual(await at(door, 'get', 'inc'), await at(door, 'incident', 'ls'));
  const shown = await at(door, 'describe', 'req', 'bbbbbbbb');
  assert.deepEqual(shown, await at(door, 'describe', 'call', 'bbbbbbbb'));
  assert.match((await at(door, 'describe', 'apr', APPROVAL.id)).stdout, /^approval eeee/);
});

test('sidecars are nodes that stand beside an agent or tool', async () => {
  await using all = await served();
  const { items } = (await (await all.get('/v1/nodes', 'viewer')).json()) as { items: { node: object }[] };
  const [one, two] = items;
  const nodes = { list: () => [one, { ...two, node: { ...two!.node, role: 'domain', domain: 'money' } }] } as never;
  await using door = await served({ nodes });
  assert.equal((await at(door, 'get', 'sc', '-o', 'name')).stdout, 'node/n1\n');
  assert.equal((await at(door, 'get', 'nodes', '-o', 'name')).stdout, 'node/n1\nnode/n2\n');
  assert.equal((await at(door, 'get', 'nodes', '-d', 'money', '-o', 'name')).stdout, 'node/n2\n');
});

test('a name is not swallowed where only the newest are listed', async () => {
  await using door = await served();
  for (const kind of ['calls', 'requests', 'incidents', 'approvals']) {
    const { exit, stderr } = await at(door, 'get', kind, 'bbbbbbbb');
    assert.equal(exit, 2, kind);
    assert.match(stderr, new RegExp(`\`get ${kind}\` lists the newest, and takes no names`));
  }
  assert.equal((await line(['get', 'brk', '--url', door.url, '--key', 'nobody'])).exit, 5);
});
