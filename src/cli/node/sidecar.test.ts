/** A sidecar on its way to its first policy. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { issueJoinToken, newNodeKey } from '../../identity/index.ts';
import { memoryStores } from '../../stores/index.ts';
import { startSidecar } from './sidecar.ts';

const GRANT = { role: 'sidecar', tenant: 'default', domain: '', agent: 'seller' } as const;

test('a sidecar that waits for its hub listens, and nobody gets in', async (t) => {
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
  assert.match(url, /^https:/);
  const { hostname, port } = new URL(url);
  await assert.rejects(fetch(`${url}/readyz`));
  assert.equal(await heardFrom(hostname, Number(port)), '');
  refuse();
  await assert.rejects(started);
});

/** What is answered to a request without TLS. */
const heardFrom = (host: string, port: number): Promise<string> =>
  new Promise((resolve) => {
    let heard = '';
    const socket = connect(port, host, () => socket.write('GET /readyz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'));
    socket.setEncoding('latin1').on('data', (text: string) => {
      heard += text.startsWith('HTTP/') ? text : '';
    });
    socket.on('error', () => {}).once('close', () => resolve(heard));
  });
