/** `airspace breaker` against a door: what it shows, what it sends, and what it refuses before anything is sent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BreakerView } from '../contract/index.ts';
import { breakerAnswer, type Served, served } from '../doors/admin/testing/served.ts';
import { line } from './testing/line.ts';

const at = (door: Served, key: string, ...argv: readonly string[]) =>
  line(['breaker', ...argv, '--url', door.url, '--key', key]);

const AGO_MS = 90_000;
const SEEN: readonly BreakerView[] = [
  {
    ...{ node: 'hub-2/sidecar-1', target: 'agent/orders', domain: 'ops', endpoint: 'orders@a', state: 'half_open' },
    changes: [
      { atMs: Date.now() - AGO_MS, from: 'open', to: 'half_open' },
      { atMs: Date.now() - AGO_MS - 5_000, from: 'closed', to: 'open' },
    ],
  },
  {
    ...{ node: 'hub-1', target: 'agent/orders', domain: 'ops', endpoint: 'orders@b', state: 'open', changes: [] },
    held: {
      ...{ mode: 'open', reason: 'it lies \u001b[31m', by: 'user/olaf', atMs: Date.now() },
      untilMs: Date.now() + 600_000,
    },
  },
  {
    ...{ node: 'hub-3', target: 'agent/kb', domain: '', endpoint: 'kb@\u001b]0;c', state: 'open', changes: [] },
    isStale: true,
  },
];
const door = () => served({ breakers: { list: () => SEEN, force: async () => breakerAnswer } });

test('breakers are listed with their node, who holds them, and whether their node is silent', async () => {
  await using open = await door();
  const { exit, stdout } = await at(open, 'viewer', 'ls', '-o', 'wide');
  assert.equal(exit, 0);
  assert.match(stdout, /orders@a +agent\/orders +half-open +1m/);
  assert.match(stdout, /orders@b .*open by user\/olaf, (10m|9m59s|9m) more +hub-1/);
  assert.match(stdout, /open, its node is silent/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in it.
  assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f]/);
  assert.equal((await at(open, 'viewer', 'ls', '-o', 'name')).stdout.split('\n')[0], 'orders@a');
});

test('the history of a breaker is told newest first, and of one that nobody knows there is none', async () => {
  await using open = await door();
  const { stdout } = await at(open, 'viewer', 'history', 'orders@a');
  assert.match(stdout, /open +half-open +hub-2\/sidecar-1\n.*closed +open/);
  assert.equal((await at(open, 'viewer', 'history', 'orders@a', '--node', 'hub-1')).exit, 4);
  const unknown = await at(open, 'viewer', 'history', 'nobody@x');
  assert.deepEqual([unknown.exit, /breaker ls/.test(unknown.stderr)], [4, true]);
});

test('to hold a breaker takes a reason and the role, and lasts ten minutes unless said; to reset one takes the role', async () => {
  await using open = await served();
  for (const wrong of [
    ['open', 'orders@a'],
    ['open', 'orders@a', '--reason', 'x', '--for', 'soon'],
    ['open', 'orders@a', '--reason', 'x', '--for', '25h'],
    ['open', 'orders@a', '--reason', 'x', '--for', '10ms'],
    ['close', 'orders@a'],
    ['open'],
    ['slam', 'orders@a'],
  ])
    assert.equal((await at(open, 'operator', ...wrong)).exit, 2, wrong.join(' '));
  assert.deepEqual(open.asked, []);
  assert.equal((await at(open, 'viewer', 'open', 'orders@a', '--reason', 'x')).exit, 5);
  const held = await at(open, 'operator', 'open', 'orders@a', '--reason', 'it lies');
  assert.match(held.stdout, /^the breaker of orders@a at hub-1 is held open until .*breaker reset orders@a/);
  await at(open, 'operator', 'close', 'orders@a', '--reason', 'it is well', '--for', '1h', '--node', 'hub-1');
  await at(open, 'operator', 'reset', 'orders@a');
  const asked = open.asked as readonly { readonly request: object }[];
  assert.deepEqual(
    asked.map(({ request }) => request),
    [
      { endpoint: 'orders@a', mode: 'open', reason: 'it lies', forMs: 600_000 },
      { endpoint: 'orders@a', mode: 'closed', reason: 'it is well', forMs: 3_600_000, node: 'hub-1' },
      { endpoint: 'orders@a', mode: 'reset', reason: 'back to the evidence', forMs: 600_000 },
    ],
  );
});
