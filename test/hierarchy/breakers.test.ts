/** Breakers of a whole tree, seen from its root and moved from there: a root, the hub of a domain, and a sidecar below that. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { RunningDomainHub } from '../../src/cli/node/domain.ts';
import type { RunningHub } from '../../src/cli/node/hub.ts';
import { type RunningSidecar, startSidecar } from '../../src/cli/node/sidecar.ts';
import { line } from '../../src/cli/testing/line.ts';
import { type BreakerView, DEFAULT_TENANT } from '../../src/contract/index.ts';
import { agent, apply, bundle, call, keyOf, mintKey, OPEN, resource, Scene, until } from './scene.ts';

const scene = new Scene();
const keys = { concierge: mintKey('concierge-1'), ada: mintKey('ada-1'), ops: mintKey('ops-1') };
let root: RunningHub;
let operations: RunningDomainHub;
let sidecar: RunningSidecar;
/** Nothing listens there. */
let nowhere: string;

const freeUrl = async (): Promise<string> => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return `http://127.0.0.1:${port}`;
};

const asked = async (): Promise<string> => {
  const { text } = await call(root, keys.concierge, 'orders/ask');
  return (JSON.parse(text) as { code?: string }).code ?? 'ok';
};

before(async () => {
  nowhere = await freeUrl();
  root = await scene.root();
  await apply(root, [
    resource('Domain', 'operations', { delegated: true }),
    agent('concierge', null),
    keyOf(keys.concierge, 'concierge'),
    resource('User', 'ada', { roles: ['admin'] }),
    keyOf(keys.ada, 'ada', 'user'),
    resource('Alert', 'breakers', { signal: 'breaker' }),
    bundle('org', OPEN),
  ]);
  operations = await scene.domain(root, 'operations');
  await apply(operations, [
    agent('orders', null),
    // Nobody waits until it is back.
    resource('Route', 'once', { to: { kind: 'agent', name: 'orders' }, attempts: 1 }),
    resource('User', 'ops', { roles: ['admin'] }),
    keyOf(keys.ops, 'ops', 'user'),
    bundle('operations', OPEN),
  ]);
  const dir = join(scene.dir, 'sidecar');
  mkdirSync(dir);
  const grant = { role: 'sidecar', tenant: DEFAULT_TENANT, domain: 'operations', agent: 'orders' } as const;
  const { token } = await operations.nodes.issueJoinToken(grant);
  sidecar = await startSidecar({
    ...{ dir, host: '127.0.0.1', port: 0, level: 'error', log: () => {}, hubUrl: operations.url, token },
    ...{ agentUrl: nowhere, agentVersion: '1' },
  });
  scene.defer(() => sidecar.stop(false));
  await until(async () => (await asked()) === 'unreachable', 'calls come as far as the sidecar');
});
after(() => scene[Symbol.asyncDispose]());

const at = (hub: { readonly url: string }, key: { readonly secret: string }) => ({
  breakers: async (): Promise<readonly BreakerView[]> => {
    const reply = await fetch(`${hub.url}/v1/breakers`, { headers: { authorization: `Bearer ${key.secret}` } });
    return ((await reply.json()) as { items: BreakerView[] }).items;
  },
  line: (...argv: readonly string[]) => line([...argv, '--url', hub.url, '--key', key.secret]),
});

/** Of the breaker itself, in the sidecar. */
const forced = (): 'open' | 'closed' | null | undefined =>
  sidecar.live.fleet.pools(performance.now())[0]?.table.remembered(endpoint())?.breaker.forced;

const endpoint = (): string => `orders@${new URL(nowhere).host}`;
const path = (): string => `${operations.id}/${sidecar.id}`;
const ofSidecar = async (): Promise<BreakerView | undefined> =>
  (await at(root, keys.ada).breakers()).find((one) => one.node === path());

test('a breaker that opens two levels down is seen at each hub above, under the path of its node, and an alert counts it', async () => {
  await until(async () => {
    await asked();
    return (await ofSidecar())?.state === 'open';
  }, 'it opens');
  const seen = (await ofSidecar())!;
  assert.deepEqual([seen.target, seen.domain, seen.endpoint], ['agent/orders', 'operations', endpoint()]);
  assert.equal(seen.changes.at(-1)?.to, 'open');
  const there = await at(operations, keys.ops).breakers();
  assert.ok(there.some(({ node, endpoint: one }) => node === sidecar.id && one === endpoint()));
  await until(async () => /the breaker of/.test((await at(root, keys.ada).line('incident', 'ls')).stdout), 'it fires');
});

test('an operator of the root holds it closed by a command, and everybody on the way sees so; a reset gives it back', async () => {
  const ada = at(root, keys.ada);
  const held = await ada.line('breaker', 'close', endpoint(), '--for', '1h', '--reason', 'it is back, look');
  assert.deepEqual([held.exit, held.stderr], [0, '']);
  assert.match(held.stdout, new RegExp(`at ${path()} is held closed until`));
  await until(async () => (await ofSidecar())?.held?.mode === 'closed', 'the sidecar says so');
  assert.equal(forced(), 'closed');
  assert.match((await ada.line('breaker', 'ls')).stdout, /closed by user\/ada, (1h|59m)/);
  assert.match((await ada.line('breaker', 'history', endpoint())).stdout, /open +closed/);
  const ops = at(operations, keys.ops);
  const refused = await ops.line('breaker', 'reset', endpoint());
  assert.match(refused.stderr, /held closed by `user\/ada` from above this hub/);
  assert.equal((await ada.line('breaker', 'reset', endpoint())).exit, 0);
  await until(async () => (await ofSidecar()) !== undefined && (await ofSidecar())?.held === undefined, 'it is free');
  assert.equal(forced(), null);
});

test('an operator of the domain holds what is of the domain, and the root sees it', async () => {
  const ops = at(operations, keys.ops);
  const held = await ops.line('breaker', 'open', endpoint(), '--reason', 'repairs');
  assert.equal(held.exit, 0, held.stderr);
  await until(async () => (await ofSidecar())?.held?.by === 'user/ops', 'the root sees it');
  assert.equal(forced(), 'open');
  const audit = await ops.line('audit', 'ls', '--kind', 'breaker.*', '-o', 'json');
  assert.match(audit.stdout, /breaker\.held/);
  assert.equal((await at(root, keys.ada).line('breaker', 'reset', endpoint())).exit, 0);
  await until(() => forced() === null, 'a level above gives it back');
});
