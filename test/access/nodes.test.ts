/** The same callers at the other nodes: a hub below, and both listeners of a sidecar. Whoever may not at the hub may not there either. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import http2 from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type RunningDomainHub, startDomainHub } from '../../src/cli/node/domain.ts';
import { CALLER_ROUTES } from '../../src/cli/node/routes.ts';
import { type RunningSidecar, startSidecar } from '../../src/cli/node/sidecar.ts';
import { DEFAULT_TENANT } from '../../src/contract/index.ts';
import { callGrpc, METHODS, requestFor } from './grpc-call.ts';
import { MARKER, WHO } from './people.ts';
import { requestsFor } from './request.ts';
import { type Scene, startScene } from './scene.ts';

const LOOPBACK = { host: '127.0.0.1', port: 0 };

/** Of gRPC. */
const UNAUTHENTICATED = 16;

let dir = '';
let scene: Scene;
let branch: RunningDomainHub;
let sidecar: RunningSidecar;

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'airspace-access-nodes-'));
  scene = await startScene();
  const joining = async (role: 'domain' | 'sidecar', grant: { readonly domain: string; readonly agent: string }) => ({
    ...({ host: '127.0.0.1', port: 0, level: 'error', log: () => {} } as const),
    dir: join(dir, role),
    hubUrl: scene.hub.url,
    token: (await scene.hub.nodes.issueJoinToken({ role, tenant: DEFAULT_TENANT, ...grant })).token,
  });
  branch = await startDomainHub(await joining('domain', { domain: 'branch', agent: '' }));
  const beside = await joining('sidecar', { domain: '', agent: 'alice' });
  sidecar = await startSidecar({ ...beside, agentUrl: null, agentVersion: '1', appGrpc: true, door: LOOPBACK });
  while (branch.snapshotSeq() === 0 || sidecar.snapshotSeq() === 0) await new Promise((turn) => setImmediate(turn));
});
after(async () => {
  await sidecar.stop(false);
  await branch.stop(false);
  await scene[Symbol.asyncDispose]();
  await rm(dir, { recursive: true });
});

/** Everything that callers may ask, as everybody: what reached the target or was seen by whom. */
const outcomesAt = async (at: string, callers: Readonly<Record<string, Readonly<Record<string, string>>>>) => {
  const reached: string[] = [];
  const seen: string[] = [];
  for (const { name, method, path, headers, body } of requestsFor(CALLER_ROUTES, scene))
    for (const [who, proof] of Object.entries(callers)) {
      const before = scene.hits();
      const { text } = await scene.ask(method, path, { ...headers, ...proof }, body, at);
      if (scene.hits() > before) reached.push(`${name} as ${who}`);
      if (text.includes(MARKER)) seen.push(`${name} as ${who}`);
    }
  return { reached, seen };
};

test('at a hub below, nobody reaches what is above it with a key that is not of its domain, and only who may call finds it', async () => {
  const { reached, seen } = await outcomesAt(branch.url, scene.headers);
  assert.deepEqual(reached, [], 'the hub above believes a domain about its own agents only');
  assert.deepEqual(
    seen.filter((line) => !line.endsWith(' as alice')),
    [],
  );
  assert.ok(seen.includes('catalog: GET /registry/agents as alice'));
});

test('a sidecar lets its own agent call, by its own secret, and knows nobody else, whatever key they have', async () => {
  const strangers = await outcomesAt(sidecar.appUrl, scene.headers);
  assert.deepEqual(strangers, { reached: [], seen: [] });
  const own = await outcomesAt(sidecar.appUrl, { own: { authorization: `Bearer ${sidecar.appKey}` } });
  assert.ok(own.reached.includes('native: POST /v1/agents/{name}/{operation} as own'));
});

test('a sidecar shows its numbers to who may look at those of the hub, on both of its listeners, and to nobody else', async () => {
  const outcomes = async (at: string, method: string): Promise<readonly string[]> => {
    const seen: string[] = [];
    const proofs = { ...scene.headers, own: { authorization: `Bearer ${sidecar.appKey}` } };
    for (const [who, proof] of Object.entries(proofs)) {
      const { status, text } = await scene.ask(method, '/metrics', proof, undefined, at);
      assert.equal(status === 200, text.includes('airspace_build_info'), `${method} as ${who}`);
      if (status === 200) seen.push(who);
    }
    return seen.sort();
  };
  // Nobody logs in to a sidecar, so it knows no browser.
  const withKeys = (await outcomes(scene.hub.url, 'GET')).filter((who) => !who.includes('-at-'));
  assert.deepEqual(withKeys, ['adam-admin', 'adam-reading', 'dora-developer', 'olga-operator', 'vera-viewer']);
  assert.deepEqual(await outcomes(sidecar.appUrl, 'GET'), withKeys);
  assert.deepEqual(await outcomes(sidecar.doorUrl, 'GET'), withKeys);
  assert.deepEqual(await outcomes(sidecar.appUrl, 'POST'), []);
});

test('a sidecar asks for the secret of its agent over gRPC, too', async () => {
  const session = http2.connect(`http://${sidecar.appGrpc}`);
  const proofs = { ...scene.headers, own: { authorization: `Bearer ${sidecar.appKey}` } };
  const reached: string[] = [];
  const seen: string[] = [];
  for (const { version, facts } of METHODS)
    for (const [who, proof] of Object.entries(proofs)) {
      const before = scene.hits();
      const { text, status } = await callGrpc(session, version, facts, requestFor(version, facts, scene.call), proof);
      if (scene.hits() > before) reached.push(`${facts.method} ${version} as ${who}`);
      if (who !== 'own' && (text.includes(MARKER) || status !== UNAUTHENTICATED))
        seen.push(`${facts.method} ${version} as ${who}: ${status}`);
    }
  session.close();
  assert.deepEqual(seen, []);
  assert.deepEqual(
    reached,
    ['1.0', '0.3'].flatMap((version) =>
      ['SendMessage', 'SendStreamingMessage'].map((name) => `${name} ${version} as own`),
    ),
  );
});

test('the door of a sidecar for callers with keys opens nothing with the secret of its agent, and nothing behind other nodes', async () => {
  const own = { own: { authorization: `Bearer ${sidecar.appKey}` } };
  const { reached, seen } = await outcomesAt(sidecar.doorUrl, { ...scene.headers, ...own });
  assert.deepEqual(reached, []);
  assert.deepEqual(
    seen.filter((line) => !line.endsWith(' as alice')),
    [],
  );
});

test('nobody is left out', () => {
  assert.deepEqual(Object.keys(scene.headers).sort(), [...WHO].sort());
});
