import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runAgent } from './agent-process.ts';

/** Says that it runs, and listens when it may. */
const AGENT = `
import { existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
const [, , dir] = process.argv;
writeFileSync(dir + '/running', '');
const look = setInterval(() => {
  if (!existsSync(dir + '/may-listen')) return;
  clearInterval(look);
  createServer().listen(Number(process.env.PORT), '127.0.0.1');
}, 10);
`;

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
};

const until = async (look: () => boolean): Promise<void> => {
  for (const endMs = performance.now() + 15_000; !look(); ) {
    assert.ok(performance.now() < endMs, 'it never came to be');
    await new Promise((next) => setTimeout(next, 10));
  }
};

test('an agent is ready when it listens, not when its process has started', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'airspace-agent-'));
  t.after(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, 'agent.mjs'), AGENT);
  const port = await freePort();
  const agent = runAgent(
    [process.execPath, join(dir, 'agent.mjs'), dir],
    { PORT: String(port) },
    `http://127.0.0.1:${port}`,
  );
  await until(() => existsSync(join(dir, 'running')));
  assert.equal(agent.isReady(), false);
  await writeFile(join(dir, 'may-listen'), '');
  await until(() => agent.isReady());
  await agent.stop();
  assert.equal(agent.isReady(), false);
});
