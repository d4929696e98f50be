/** Two hubs over one PostgreSQL database: what is changed at one is in force at the other, and what one hears the other knows. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type PostgresServer, postgresMissing, startPostgres } from '../../conformance/postgres/index.ts';
import { bundle, POLICY, resources, STRICTER_POLICY } from '../../conformance/topologies/fixture.ts';
import { Fault } from '../../contract/index.ts';
import { ROOT_KEY_FILE } from '../../vault/index.ts';
import { type Deployed, deploy, type StartedNode } from '../deploy.ts';
import { inProcess } from '../under-test.ts';
import { startHub } from './hub.ts';

const missing = postgresMissing();
const options = missing === undefined ? {} : { skip: missing };
const scratch = mkdtempSync(join(tmpdir(), 'airspace-others-'));

/** Answers `echo`, and never answers `hang`. Says how many wait. */
let waiting = 0;
const agent = createServer((request, response) => {
  if (!request.url!.endsWith('hang')) return void response.end('heard');
  waiting += 1;
  response.once('close', () => {
    waiting -= 1;
  });
});

let server: PostgresServer;
let first: Deployed;
let second: StartedNode;
let key: string;

before(async () => {
  if (missing !== undefined) return;
  server = await startPostgres();
  await new Promise<void>((listening) => agent.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(agent.address() as AddressInfo).port}`;
  const starter = inProcess(scratch, server.url);
  first = await deploy(starter, {
    topology: 'mesh',
    resources: resources({ via: 'mesh', delegated: false }, url),
    target: { name: 'echo', domain: 'workshop', instances: [{ name: 'a', url }] },
    callers: [{ name: 'alice', domain: 'office' }],
  });
  const { secret } = await first.ask('/v1/keys', { body: { principal: { kind: 'agent', name: 'alice' } } });
  key = secret as string;
  mkdirSync(join(scratch, 'second'), { mode: 0o700 });
  for (const file of ['node-key.pem', ROOT_KEY_FILE])
    cpSync(join(scratch, 'root', file), join(scratch, 'second', file));
  second = await starter.hub({ name: 'second' });
});

after(async () => {
  await second?.stop();
  await first?.stop();
  agent.close();
  agent.closeAllConnections();
  await server?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly text: string;
}

const call = async (hub: StartedNode, operation: string, target = 'agents/echo'): Promise<Answer> => {
  const answer = await fetch(`${hub.url}/v1/${target}/${operation}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'text/plain' },
    body: 'hello',
  });
  return { status: answer.status, text: await answer.text() };
};

const askSecond = async (path: string, method = 'GET'): Promise<Record<string, unknown>> => {
  const answer = await fetch(`${second.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${first.adminKey}` },
  });
  assert.ok(answer.ok, `${path} answered ${answer.status}`);
  return (await answer.json()) as Record<string, unknown>;
};

/** Looks again until it is so; how long it may take is the business of the test runner. */
const until = async (look: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await look())) await new Promise((next) => setImmediate(next));
};

test('a hub routes to instances that only the other one hears', options, async () => {
  await until(async () => (await call(second, 'echo')).status === 200);
  assert.equal((await call(second, 'echo')).text, 'heard');
});

test('status says where state lives', options, async () => {
  assert.equal((await askSecond('/v1/status'))['store'], 'postgres');
});

test('configuration that is applied at one hub is in force at the other', options, async () => {
  await first.apply([bundle(STRICTER_POLICY)]);
  await until(async () => (await call(second, 'echo')).status === 403);
  await first.apply([bundle(POLICY)]);
  await until(async () => (await call(second, 'echo')).status === 200);
});

test(
  'an order to stop that is given at one hub cuts calls that run at the other, and is lifted there',
  options,
  async () => {
    const running = call(second, 'hang');
    await until(() => waiting === 1);
    const given = performance.now();
    await first.ask('/v1/kills', { body: { kind: 'agent', name: 'alice', reason: 'enough' } });
    const { status, text } = await running;
    assert.ok(performance.now() - given < 4_000, 'at once, and not with the next poll');
    assert.equal(status, 403);
    assert.match(text, /KILLED.*enough|enough.*KILLED/);
    assert.equal((await call(second, 'echo')).status, 403);
    let items: readonly { readonly id: string }[] = [];
    await until(async () => {
      items = (await askSecond('/v1/kills'))['items'] as typeof items;
      return items.length === 1;
    });
    await askSecond(`/v1/kills/${items[0]!.id}`, 'DELETE');
    // The sidecar of the called agent hears of it through the first hub.
    await until(async () => (await call(second, 'echo')).status === 200);
    await until(async () => ((await first.ask('/v1/kills'))['items'] as unknown[]).length === 0);
  },
);

test(
  'whoever gives an order hears when the other hub, and what is connected there, carries it out',
  options,
  async (t) => {
    const { token } = await first.ask('/v1/tokens', { body: { role: 'sidecar', agent: 'mallory', domain: 'office' } });
    const starter = inProcess(scratch, server.url);
    const there = await starter.sidecar({ name: 'there', hubUrl: second.url, token: token as string, agentUrl: null });
    t.after(() => there.stop());
    const { seq, order } = (await first.ask('/v1/kills', {
      body: { kind: 'agent', name: 'mallory', reason: 'enough' },
    })) as unknown as { seq: number; order: { id: string } };
    type Nodes = readonly { readonly id: string; readonly state: string; readonly seq: number }[];
    let nodes: Nodes = [];
    await until(async () => {
      nodes = (await first.ask('/v1/kills'))['nodes'] as Nodes;
      return nodes.length === 4 && nodes.every((node) => node.state === 'alive' && node.seq >= seq);
    });
    const kinds = nodes.map(({ id }) => id.replace(/[ -][0-9a-f]+$/, ''));
    assert.deepEqual(kinds.toSorted(), ['hub', 'sidecar-alice', 'sidecar-echo', 'sidecar-mallory']);
    await first.ask(`/v1/kills/${order.id}`, { method: 'DELETE' });
  },
);

test(
  'a sidecar that was admitted by one hub is known to the other, and one that was removed is not',
  options,
  async () => {
    const idsAtSecond = async () =>
      ((await askSecond('/v1/nodes'))['items'] as { node: { id: string } }[]).map(({ node }) => node.id);
    const { items } = (await first.ask('/v1/nodes')) as { items: readonly { node: { id: string; agent: string } }[] };
    const caller = items.find(({ node }) => node.agent === 'alice')!.node.id;
    await until(async () => (await idsAtSecond()).includes(caller));
    await first.ask(`/v1/nodes/${caller}`, { method: 'DELETE' });
    await until(async () => !(await idsAtSecond()).includes(caller));
  },
);

test('a secret that is set, replaced, sealed anew or removed at one hub is so at the other', options, async (t) => {
  const shown: (string | undefined)[] = [];
  const target = createServer((request, response) => {
    shown.push(request.headers.authorization);
    response.end('{}');
  });
  await new Promise<void>((listening) => target.listen(0, '127.0.0.1', listening));
  t.after(() => void target.close());
  const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}`;
  await first.apply([
    bundle('@id("all") @reason("test") permit (principal, action, resource);'),
    {
      ...{ apiVersion: 'airspace.dev/v1', kind: 'Tool', metadata: { name: 'bank' } },
      spec: { endpoints: [{ url }], credential: { secret: 'bank' }, operations: [{ name: 'ask', effect: 'read' }] },
    },
  ]);
  const set = (value: string) => first.ask('/v1/secrets', { body: { name: 'bank', value, origins: [url] } });
  const ask = async (): Promise<number> => (await call(second, 'ask', 'tools/bank')).status;
  await until(async () => (await ask()) === 503);
  await set('sk-one');
  await until(async () => (await ask()) === 200);
  await set('sk-two');
  await until(async () => (await ask()) === 200 && shown.at(-1) === 'Bearer sk-two');
  await first.ask('/v1/secrets:rotate', { body: {} });
  await set('sk-three');
  await until(async () => (await ask()) === 200 && shown.at(-1) === 'Bearer sk-three');
  assert.deepEqual(new Set(shown), new Set(['Bearer sk-one', 'Bearer sk-two', 'Bearer sk-three']));
  await first.ask('/v1/secrets/bank', { method: 'DELETE' });
  await until(async () => (await ask()) === 503);
});

test('a hub with another key, or with the directory of a running one, is refused in plain words', options, async () => {
  const start = (name: string) =>
    startHub({
      dir: join(scratch, name),
      store: server.url,
      host: '127.0.0.1',
      port: 0,
      level: 'error',
      log: () => {},
    });
  await assert.rejects(start('stranger'), (thrown) => {
    assert.ok(thrown instanceof Fault && thrown.code === 'conflict');
    assert.match(thrown.message, /belongs to hubs with key [0-9a-f]{16}.*copy node-key\.pem/);
    return true;
  });
  await assert.rejects(
    start('second'),
    (thrown) => thrown instanceof Fault && /in use by process/.test(thrown.message),
  );
});
