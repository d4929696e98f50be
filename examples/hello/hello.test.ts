/** The smallest agent is a whole one: it answers, it is checked for health, and it ends when it is told to. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Resource } from '../../src/contract/index.ts';
import { readSources } from '../../src/control/index.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

test('it greets, is well, and ends on SIGTERM', { timeout: 30_000 }, async () => {
  const { AIRSPACE_URL: _url, AIRSPACE_KEY: _key, ...env } = process.env;
  const child = spawn(process.execPath, [here('agent.ts')], { stdio: ['ignore', 'pipe', 'inherit'], env });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const url = line.replace('listening on ', '');
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(`${url}/greet`, { method: 'POST', headers, body: '{"name":"Ada"}' });
  assert.deepEqual(await reply.json(), { greeting: 'hello, Ada' });
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});

test('its resource is one', async () => {
  const { resources } = await readSources([here('hello.yaml')]);
  assert.equal(Resource.parse(resources[0]).metadata.name, 'hello');
});
