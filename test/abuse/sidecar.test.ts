/** `airspace sidecar run -- <command>` as its help tells it, with processes of its own. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, resource, type Scene, startScene } from './scene.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Plain HTTP: says what it was given, takes its time when asked to, and ends with 7 when told to. */
const AGENT = `
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
const { AIRSPACE_URL, AIRSPACE_KEY, AIRSPACE_TOKEN, PORT } = process.env;
writeFileSync(process.argv[2], JSON.stringify({ AIRSPACE_URL, AIRSPACE_KEY, AIRSPACE_TOKEN, PORT }));
process.on('SIGTERM', () => { writeFileSync(process.argv[2] + '.ended', 'in order'); process.exit(0); });
createServer((req, res) => {
  if (req.url === '/quit') process.exit(7);
  setTimeout(() => res.end('done'), req.url === '/slow' ? 600 : 0);
}).listen(Number(PORT), '127.0.0.1');
`;

let scene: Scene;
before(async () => {
  scene = await startScene();
  const operations = ['quick', 'slow', 'quit'].map((name) => ({ name, effect: 'read' }));
  const resources = ['worker', 'quitter', 'absent'].map((name) => resource('Agent', name, { operations }));
  assert.equal((await scene.ask('/v1/resources:apply', { body: { resources } })).status, 200);
  await writeFile(join(scene.dir, 'agent.mjs'), AGENT);
});
after(() => scene[Symbol.asyncDispose]());

const joinToken = async (agent: string): Promise<string> => {
  const { text } = await scene.ask('/v1/tokens', { body: { role: 'sidecar', agent } });
  return (JSON.parse(text) as { token: string }).token;
};

interface Started {
  readonly child: ChildProcess;
  readonly token: string;
  readonly facts: string;
  readonly ended: Promise<number | null>;
  readonly stderr: () => string;
}

const sidecar = async (t: TestContext, agent: string, command?: readonly string[]): Promise<Started> => {
  const token = await joinToken(agent);
  const facts = join(scene.dir, `${agent}.json`);
  const words = ['sidecar', 'run', '--hub', scene.hub.url, '--data', join(scene.dir, agent), '--log-level', 'error'];
  const runs = command ?? [process.execPath, join(scene.dir, 'agent.mjs'), facts];
  const child = spawn(process.execPath, [MAIN, ...words, '--', ...runs], {
    env: { ...process.env, AIRSPACE_TOKEN: token },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  // With the agent behind it, which would otherwise live on and hold the pipe.
  t.after(() => endGroup(child.pid!));
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { child, token, facts, ended, stderr: () => said };
};

const endGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Everybody has left already.
  }
};

const call = (agent: string, operation: string) =>
  scene.ask(`/v1/agents/${agent}/${operation}`, { key: scene.key, body: {} });

const instancesOf = async (agent: string): Promise<number> => {
  const { items } = JSON.parse((await scene.ask('/v1/instances')).text) as { items: { name: string }[] };
  return items.filter(({ name }) => name === agent).length;
};

test('an agent gets its address, key and port, works, and ends in order after its calls', async (t) => {
  const { child, token, facts, ended } = await sidecar(t, 'worker');
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
  const { ended } = await sidecar(t, 'quitter');
  await eventually(
    () => call('quitter', 'quick'),
    ({ status }) => status === 200,
  );
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

test('an agent that cannot be started is an error in words, and nobody waits for it in the roster', async (t) => {
  const { ended, stderr } = await sidecar(t, 'absent', ['/nonexistent/agent']);
  assert.equal(await ended, 2);
  assert.match(stderr(), /^error: `\/nonexistent\/agent` cannot be started/m);
  assert.doesNotMatch(stderr(), /\n\s+at /);
  assert.equal(await instancesOf('absent'), 0);
  assert.ok(!existsSync(join(scene.dir, 'absent', 'running.json')));
});
