/** A sidecar on its way to its first policy. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { request } from 'undici';
import { issueJoinToken, newNodeKey } from '../../identity/index.ts';
import { memoryStores } from '../../stores/index.ts';
import { startSidecar } from './sidecar.ts';

const GRANT = { role: 'sidecar', tenant: 'default', domain: '', agent: 'seller' } as const;

test('a sidecar that waits for its hub listens and is not ready', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-sidecar-'));
  const asked = Promise.withResolvers<{ readonly url: string; readonly refuse: () => void }>();
  const hub = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const { url } = JSON.parse(Buffer.concat(chunks).toString()) as { url: string };
      asked.resolve({ url, refuse: () => res.writeHead(401, { 'content-type': 'application/json' }).end('{}') });
    });
  });
  await new Promise<void>((ready) => hub.listen(0, '127.0.0.1', ready));
  t.after(() => {
    hub.closeAllConnections();
    hub.close();
    rmSync(dir, { recursive: true, force: true });
  });
  const { token } = await issueJoinToken(memoryStores().nodes, GRANT, newNodeKey().keyId, Date.now());
  const started = startSidecar({
    dir,
    host: '127.0.0.1',
    port: 0,
    level: 'error',
    log: () => {},
    hubUrl: `http://127.0.0.1:${(hub.address() as AddressInfo).port}`,
    token,
    agentUrl: null,
    agentVersion: '1',
  });
  started.catch(() => {});
  const { url, refuse } = await asked.promise;
  const { statusCode, body } = await request(`${url}/readyz`);
  await body.dump();
  refuse();
  assert.equal(statusCode, 503);
  await assert.rejects(started);
});
