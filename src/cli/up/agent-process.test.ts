import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { runAgent } from './agent-process.ts';

/** Says that it runs, listens when it is told to, and says when whoever came first has left. */
const AGENT = `
import { connect, createServer } from 'node:net';
const tell = connect(Number(process.argv[2]), '127.0.0.1');
tell.once('data', () =>
  createServer((caller) => caller.on('error', () => {}).once('close', () => tell.write('left')).resume())
    .listen(Number(process.env.PORT), '127.0.0.1'),
);
`;

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

test('an agent is ready when it listens, not when its process has started', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'airspace-agent-'));
  t.after(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, 'agent.mjs'), AGENT);
  const port = await freePort();
  const desk = createServer().listen(0, '127.0.0.1');
  t.after(() => desk.close());
  await once(desk, 'listening');
  const running = once(desk, 'connection');
  const agent = runAgent(
    [process.execPath, join(dir, 'agent.mjs'), String((desk.address() as AddressInfo).port)],
    { PORT: String(port) },
    `http://127.0.0.1:${port}`,
  );
  t.after(() => agent.stop());
  const [told] = (await running) as [Socket];
  assert.equal(agent.isReady(), false);
  told.write('listen');
  // Whoever looks leaves once it knows: by then the agent is ready.
  await once(told, 'data');
  assert.equal(agent.isReady(), true);
  await agent.stop();
  assert.equal(agent.isReady(), false);
});

test('what an agent writes is heard line by line, and goes on as it is', async () => {
  const { heard, exit, stdout, stderr } = await listening(`
    process.stdout.write('one\\ntw');
    process.stdout.write('o\\r\\n\\u00e9');
    process.stderr.write('x'.repeat(40_000) + '\\nlast words');
    process.exitCode = 7;
  `);
  assert.equal(exit, 7);
  assert.deepEqual(heard.stdout, ['one', 'two\r', 'é']);
  assert.deepEqual(
    heard.stderr.map((text) => text.length),
    [16_384, 10],
  );
  assert.deepEqual([stdout, stderr], ['one\ntwo\r\né', `${'x'.repeat(40_000)}\nlast words`]);
});

/** In a process of its own, whose streams are what a terminal would have. */
const listening = async (agent: string) => {
  const program = `
    const { runAgent } = await import(${JSON.stringify(new URL('./agent-process.ts', import.meta.url).href)});
    const heard = { stdout: [], stderr: [] };
    const agent = runAgent([process.execPath, '-e', ${JSON.stringify(agent)}], {}, 'http://127.0.0.1:1', (stream, line) => heard[stream].push(line));
    process.send({ exit: await agent.ended, heard });
    process.disconnect();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const [[told], stdout, stderr] = await Promise.all([
    once(child, 'message'),
    text(child.stdout!),
    text(child.stderr!),
  ]);
  return { ...(told as { exit: number; heard: { stdout: string[]; stderr: string[] } }), stdout, stderr };
};
