import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ledger } from './ledger.ts';
import { sampleDatabase } from './sample.ts';
import { createService } from './service.ts';

test('a desk that is full refuses a new session and goes on serving the ones it has', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'airline-'));
  const ledger = new Ledger(join(dir, 'ledger.jsonl'));
  const service = createService({ database: sampleDatabase, ledger, maxSessions: 1 }).listen(0, '127.0.0.1');
  t.after(async () => {
    service.closeAllConnections();
    service.close();
    ledger.close();
    await rm(dir, { recursive: true });
  });
  await once(service, 'listening');
  const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/think`;
  const status = async (session: string): Promise<number> =>
    (await fetch(url, { method: 'POST', body: '{"thought": ""}', headers: { 'airspace-session': session } })).status;
  assert.deepEqual([await status('first'), await status('second'), await status('first')], [200, 503, 200]);
});
