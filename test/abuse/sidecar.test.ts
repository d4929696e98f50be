/** `airspace sidecar run -- <command>` as its help tells it, with processes of its own. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as grpc from '@grpc/grpc-js';
import { protobuf } from '../../src/dialects/a2a/index.ts';
import { eventually, resource, type Scene, startScene } from './scene.ts';
import { sidecar } from './sidecar.ts';

let scene: Scene;
before(async () => {
  scene = await startScene();
  const operations = ['quick', 'slow', 'quit'].map((name) => ({ name, effect: 'read' }));
  const resources = ['worker', 'quitter', 'absent', 'talker'].map((name) => resource('Agent', name, { operations }));
  assert.equal((await scene.ask('/v1/resources:apply', { body: { resources } })).status, 200);
});
after(() => scene[Symbol.asyncDispose]());

const call = (agent: string, operation: string) =>
  scene.ask(`/v1/agents/${agent}/${operation}`, { key: scene.key, body: {} });

const instancesOf = async (agent: string): Promise<number> => {
  const { items } = JSON.parse((await scene.ask('/v1/instances')).text) as { items: { name: string }[] };
  return items.filter(({ name }) => name === agent).length;
};

/** A message to `villain` as a client of A2A 1.0 sends it; answers the status. */
const messageOver = async (address: string, authorization: string): Promise<grpc.status> => {
  const client = new grpc.Client(address, grpc.credentials.createInsecure());
  const metadata = new grpc.Metadata();
  metadata.set('authorization', authorization);
  metadata.set('a2a-version', '1.0');
  const said = { messageId: 'm-1', role: 'ROLE_USER', parts: [{ data: {} }], metadata: { skill: 'echo' } };
  const { promise, resolve } = Promise.withResolvers<grpc.status>();
  client.makeUnaryRequest(
    `/${protobuf.service}/SendMessage`,
    (request: object) => Buffer.from(protobuf.encode('SendMessageRequest', request)),
    (bytes) => bytes,
    { tenant: 'villain', message: said },
    metadata,
    (error) => resolve(error?.code ?? grpc.status.OK),
  );
  return promise.finally(() => client.close());
};

test('an agent gets its address, key and port, works, and ends in order after its calls', async (t) => {
  const { child, token, facts, ended } = await sidecar(t, scene, 'worker', undefined, ['--app-grpc']);
  const ready = await eventually(
    () => call('worker', 'quick'),
    ({ status }) => status === 200,
  );
  assert.deepEqual([ready.status, ready.text], [200, 'done'], ready.text);
  const given = JSON.parse(await readFile(facts, 'utf8')) as Record<string, string>;
  assert.match(given['AIRSPACE_URL']!, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.match(given['PORT']!, /^\d+$/);
  assert.equal(given['AIRSPACE_TOKEN'], undefined, 'a token admits nodes, not agents');
  const { stdout } = spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(child.pid)], { encoding: 'utf8' });
  assert.doesNotMatch(stdout ?? '', new RegExp(token));
  const own = await fetch(`${given['AIRSPACE_URL']}/v1/agents/villain/echo`, {
    method: 'POST',
    body: '{}',
    headers: { authorization: `Bearer ${given['AIRSPACE_KEY']}`, 'content-type': 'application/json' },
  });
  assert.equal(own.status, 200, await own.text());
  assert.equal(await messageOver(given['AIRSPACE_GRPC']!, `Bearer ${given['AIRSPACE_KEY']}`), grpc.status.OK);
  assert.equal(await messageOver(given['AIRSPACE_GRPC']!, 'Bearer another'), grpc.status.UNAUTHENTICATED);

  const slow = call('worker', 'slow');
  await eventually(
    async () => scene.hub.live.gate.running,
    (count) => count > 0,
  );
  child.kill('SIGTERM');
  assert.equal((await slow).text, 'done');
  assert.equal(await ended, 0);
  assert.equal(await readFile(`${facts}.ended`, 'utf8'), 'in order');
  assert.equal(
    await eventually(
      () => instancesOf('worker'),
      (count) => count === 0,
    ),
    0,
  );
});

test('the exit code of the agent is the exit code, and its place in the roster goes with it', async (t) => {
  const { ended, facts } = await sidecar(t, scene, 'quitter');
  await eventually(
    () => call('quitter', 'quick'),
    ({ status }) => status === 200,
  );
  const given = JSON.parse(await readFile(facts, 'utf8')) as Record<string, string>;
  assert.equal(given['AIRSPACE_GRPC'], undefined, 'nobody asked for it');
  await call('quitter', 'quit');
  assert.equal(await ended, 7);
  assert.equal(
    await eventually(
      () => instancesOf('quitter'),
      (count) => count === 0,
    ),
    0,
  );
});

test('what an agent writes is in the logs at the hub when its operator says so, with its last words, and else not', async (t) => {
  const writing = [process.execPath, '-e', "console.log('card 4111'); console.error('\\x1b[2Jdying'); process.exit(7)"];
  const logsOf = async (): Promise<readonly { node: string; stream?: string; text?: string }[]> =>
    JSON.parse((await scene.ask('/v1/logs?agent=talker')).text).records;
  const silent = await sidecar(t, scene, 'talker', writing);
  assert.equal(await silent.ended, 7);
  assert.match(silent.stderr(), /dying/, 'the terminal has it as ever');
  const { ended, stderr } = await sidecar(t, scene, 'talker', writing, ['--keep-output'], 'talker-2');
  assert.equal(await ended, 7);
  assert.ok(stderr().includes('\u001b[2Jdying'), 'as it is');
  const said = await eventually(
    async () => (await logsOf()).filter(({ stream }) => stream !== undefined),
    (found) => found.length >= 2,
  );
  assert.deepEqual(said.map(({ stream, text }) => [stream, text]).sort(), [
    ['stderr', 'dying'],
    ['stdout', 'card 4111'],
  ]);
});

test('an agent that cannot be started is an error in words, and nobody waits for it in the roster', async (t) => {
  const { ended, stderr } = await sidecar(t, scene, 'absent', ['/nonexistent/agent']);
  assert.equal(await ended, 2);
  assert.match(stderr(), /^error: `\/nonexistent\/agent` cannot be started/m);
  assert.doesNotMatch(stderr(), /\n\s+at /);
  assert.equal(await instancesOf('absent'), 0);
  assert.ok(!existsSync(join(scene.dir, 'absent', 'running.json')));
});
