import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
