/** What domain hubs write down, as the people above read it: under whose name, as far as it is theirs, and nothing of calls that a domain keeps. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RunningDomainHub } from '../../src/cli/node/domain.ts';
import type { RunningHub } from '../../src/cli/node/hub.ts';
import { line } from '../../src/cli/testing/line.ts';
import type { LogRecord } from '../../src/contract/index.ts';
import { agent, apply, bundle, call, keyOf, mintKey, resource, Scene, until } from './scene.ts';

const CLOSED = '@id("none") @reason("nobody may call") @code("CLOSED") forbid (principal, action, resource);';

const scene = new Scene({ said: true });
const keys = Object.fromEntries(
  ['ann', 'eve', 'ida', 'till', 'desk'].map((name) => [name, mintKey(`${name}-1`)]),
) as Record<'ann' | 'eve' | 'ida' | 'till' | 'desk', ReturnType<typeof mintKey>>;
let root: RunningHub;
let east: RunningDomainHub;
let west: RunningDomainHub;

const logsOf = async (key: string, url = root.url, ...more: readonly string[]): Promise<readonly LogRecord[]> => {
  const words = ['logs', '-o', 'jsonl', '--limit', '1000', ...more, '--url', url, '--key', key];
  const { exit, stdout, stderr } = await line(words);
  assert.equal(exit, 0, stderr);
  return stdout
    .split('\n')
    .filter((one) => one !== '')
    .map((one) => JSON.parse(one) as LogRecord);
};

const deniedIn = (records: readonly LogRecord[], domain: string): number =>
  records.filter(({ message, domain: of }) => message === 'call denied' && of === domain).length;

before(async () => {
  root = await scene.root();
  const person = (name: 'ann' | 'eve' | 'ida', spec: object) => [
    resource('User', name, spec),
    keyOf(keys[name], name, 'user'),
  ];
  await apply(root, [
    resource('Domain', 'east', { delegated: true }),
    resource('Domain', 'west', { delegated: true, telemetry: 'sums' }),
    ...[bundle('org', CLOSED), ...person('ann', { roles: ['admin'] }), ...person('eve', { administers: ['east'] })],
  ]);
  [east, west] = [await scene.domain(root, 'east'), await scene.domain(root, 'west')];
  // What one domain exports is no name for another one.
  for (const [hub, name] of [
    [east, 'till'],
    [west, 'desk'],
  ] as const) {
    await apply(hub, [agent(name, null), keyOf(keys[name], name), ...person('ida', { roles: ['admin'] })]);
    await until(async () => (await call(hub, keys[name], `${name}/ask`)).status === 403);
  }
  await until(async () => deniedIn(await logsOf(keys.ann.secret), 'east') > 0);
  // What came after it is there too.
  await until(async () => (await logsOf(keys.ann.secret, root.url, '--node', west.id)).some(isUp));
});
after(() => scene[Symbol.asyncDispose]());

const isUp = ({ message }: LogRecord): boolean => message === 'domain hub is up';

test('what a domain hub writes down is at the root, under its name and domain', async () => {
  const records = await logsOf(keys.ann.secret, root.url, '--node', east.id);
  assert.ok(records.some(isUp));
  assert.ok(records.every(({ node, domain, tenant }) => node === east.id && domain === 'east' && tenant === 'default'));
  assert.ok(deniedIn(await logsOf(keys.ida.secret, east.url), 'east') > 0, 'and at the domain hub itself');
});

test('a domain that keeps its calls keeps what is written down about them', async () => {
  assert.ok(deniedIn(await logsOf(keys.ida.secret, west.url), 'west') > 0);
  const above = await logsOf(keys.ann.secret, root.url, '--node', west.id);
  assert.deepEqual(
    above.filter(({ call_id: id }) => id !== ''),
    [],
  );
});

test('whoever looks after a domain sees what is written down there, and nothing of the others or of the hub', async () => {
  const records = await logsOf(keys.eve.secret);
  assert.ok(records.some(isUp) && deniedIn(records, 'east') > 0);
  assert.ok(records.every(({ domain }) => domain === 'east'));
});
