/** Files of an author on a real hub: laid over what runs, compared with it, and forgotten. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Diagnosis, StoredResource } from '../../contract/index.ts';
import { Admin } from '../admin.ts';
import { type Deployed, deploy } from '../deploy.ts';
import { inProcess } from '../under-test.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-diagnose-'));
let deployed: Deployed;
let admin: Admin;

const GOOD = '@id("all") @reason("r") permit (principal, action, resource) when { context.depth < 3 };';

const resource = (kind: string, name: string, spec: unknown) => ({
  apiVersion: 'airspace.dev/v1',
  kind,
  metadata: { name },
  spec,
});

before(async () => {
  deployed = await deploy(inProcess(scratch), {
    topology: 'hub',
    resources: [
      resource('Domain', 'house', {}),
      resource('Agent', 'echo', { operations: [{ name: 'say', effect: 'read' }] }),
      resource('PolicyBundle', 'org', { level: 'org', policies: { text: GOOD } }),
    ],
    target: { name: 'echo', domain: '', instances: [] },
    callers: [],
  });
  admin = new Admin({ url: deployed.root.url, key: deployed.adminKey, origin: 'the test' });
});

after(async () => {
  await deployed?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

const ask = (text: string): Promise<Diagnosis> =>
  admin.post<Diagnosis>('/v1/policy/diagnose', { files: [{ name: 'org.cedar', text, level: 'org' }] });

const stored = async (): Promise<readonly StoredResource[]> =>
  (await admin.get<{ items: StoredResource[] }>('/v1/resources')).items;

test('names are those of the hub, and each rule is compared with the policy in force', async () => {
  const there = await stored();
  const misspelt = await ask(
    `${GOOD}\n@id("e") @reason("r") forbid (principal, action == Action::"agent/echo/sai", resource);`,
  );
  assert.deepEqual(
    misspelt.diagnostics.map(({ code, suggestion }) => [code, suggestion?.text]),
    [['unknown-operation', 'agent/echo/say']],
  );
  const wider = await ask(GOOD.replace(' when { context.depth < 3 }', ''));
  assert.deepEqual(
    wider.diagnostics.map(({ severity, code, message }) => [severity, code, message]),
    [['information', 'wider', 'wider than the active policy: `org/all`: permit matches more']],
  );
  assert.deepEqual((await ask(GOOD)).diagnostics, []);
  assert.deepEqual(await stored(), there, 'nothing is kept');
});

test('a long text is looked at while the hub answers others', async () => {
  const rules = Array.from(
    { length: 400 },
    (_, at) => `@id("p${at}") @reason("r") forbid (principal, action, resource) when { context.depth > ${at + 10} };`,
  );
  let answered = false;
  const looked = ask([GOOD, ...rules].join('\n')).finally(() => {
    answered = true;
  });
  let status = 0;
  while (!answered) {
    await admin.get('/v1/status');
    status += 1;
  }
  assert.ok((await looked).diagnostics.length > 0);
  assert.ok(status > 10, `${status} answers meanwhile`);
});

test('a hub without policy that only cedar-wasm understands says so', async () => {
  assert.deepEqual((await admin.get<{ fallback: unknown }>('/v1/status')).fallback, []);
});
