/** Nodes over mutual TLS: who gets in, who does not and why, and a certificate that changes while calls go on. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { request as overTls } from 'node:https';
import { type AddressInfo, connect as overTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ConnectionOptions, connect as tlsConnect } from 'node:tls';
import { API_VERSION, DEFAULT_TENANT, HEADERS, type NodeEntry, WHOLE_TENANT } from '../../contract/index.ts';
import { HttpHubWire, joinHub } from '../../control/index.ts';
import {
  AssertionSigner,
  Authority,
  type NodeKey,
  newNodeKey,
  nodePrincipal,
  openCertificate,
  openNodeKey,
} from '../../identity/index.ts';
import { certify } from '../../identity/x509.ts';
import { systemWorld } from '../../kernel/index.ts';
import { type RunningDomainHub, startDomainHub } from './domain.ts';
import { type RunningHub, startHub } from './hub.ts';
import { type RunningSidecar, startSidecar } from './sidecar.ts';

const HOUR = 3_600_000;
const { clock } = systemWorld();
const scratch = mkdtempSync(join(tmpdir(), 'airspace-mesh-'));
const lines: string[] = [];
let worker: Server;
let release = (): void => {};
let hub: RunningHub;
let rootKey: NodeKey;
let authority: Authority;
let caller: RunningSidecar;
let callee: RunningSidecar;

const resource = (kind: string, name: string, spec: unknown, domain?: string): unknown => ({
  ...{ apiVersion: API_VERSION, kind, spec, metadata: { name, ...(domain === undefined ? {} : { domain }) } },
});
const nodeOptions = (name: string) => ({
  ...{ dir: join(scratch, name), host: '127.0.0.1', port: 0, level: 'warn' as const },
  log: (line: string) => void lines.push(line),
});
const tokenFor = async (agent: string): Promise<string> =>
  (await hub.nodes.issueJoinToken({ role: 'sidecar', tenant: DEFAULT_TENANT, domain: '', agent })).token;
const joining = async (agent: string, agentUrl: string | null) => ({
  ...{ ...nodeOptions(agent), hubUrl: hub.url, token: await tokenFor(agent), agentUrl, agentVersion: '1' },
});

before(async () => {
  worker = createServer((req, res) => {
    if (req.url !== '/follow') return void res.setHeader('content-type', 'application/json').end('"done"');
    res.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    release = () => res.end('data: 2\n\n');
  });
  await new Promise<void>((ready) => worker.listen(0, '127.0.0.1', ready));
  hub = await startHub({ ...nodeOptions('hub'), oracle: 0 });
  const operations = ['work', 'follow'].map((name) => ({ name, effect: 'read' }));
  const resources = [
    ...['asker', 'doer', 'spare'].map((name) => resource('Agent', name, { operations })),
    resource('Domain', 'branch', { delegated: true }),
    resource('Agent', 'clerk', { operations }, 'branch'),
    resource('Route', 'direct', { to: { kind: 'agent', name: 'doer' }, via: 'mesh' }),
    resource('PolicyBundle', 'org', {
      level: 'org',
      policies: { text: '@id("all") @reason("everybody may call") permit (principal, action, resource);' },
    }),
  ];
  await hub.control.apply({
    ...{ tenant: DEFAULT_TENANT, resources, origins: resources.map(() => 'test'), by: 'test', rights: WHOLE_TENANT },
    ...{ reason: '', dryRun: false, prune: false },
  });
  const agentUrl = `http://127.0.0.1:${(worker.address() as AddressInfo).port}`;
  callee = await startSidecar(await joining('doer', agentUrl));
  caller = await startSidecar(await joining('asker', null));
  rootKey = await openNodeKey(join(scratch, 'hub'));
  authority = await Authority.root(rootKey, clock.wallMs());
  await until(async () => (await ask('work')).status === 200);
});
after(async () => {
  await caller.stop(false);
  await callee.stop(false);
  await hub.stop(false);
  worker.closeAllConnections();
  worker.close();
  rmSync(scratch, { recursive: true, force: true });
});

const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  const endMs = performance.now() + 15_000;
  while (!(await holds())) {
    assert.ok(performance.now() < endMs, `${holds} came true; the log says ${lines.slice(-8).join('')}`);
    await new Promise((turn) => setTimeout(turn, 10));
  }
};

const ask = (operation: string): Promise<Response> =>
  fetch(`${caller.appUrl}/v1/agents/doer/${operation}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${caller.appKey}`, accept: 'text/event-stream, application/json' },
  });

const entryOf = (id: string): NodeEntry => hub.nodes.list(null).find(({ node }) => node.id === id)!.node;
const keyOf = (agent: string): Promise<NodeKey> => openNodeKey(join(scratch, agent));
const always = (): boolean => true;

/** What a node would show: PEM, its own certificate first. */
interface Shown {
  readonly key: NodeKey;
  readonly chain: readonly string[];
}

const tls = (shown: Shown | undefined): ConnectionOptions => ({
  ...{ ca: authority.chain[0]!, checkServerIdentity: () => undefined },
  ...(shown === undefined ? {} : { key: shown.key.pem(), cert: shown.chain.join('') }),
});

/** The status of a request as it comes to the listener for nodes; 0 when there is no answer. */
const statusOf = (
  shown: Shown | undefined,
  headers: Readonly<Record<string, string>> = {},
  path = '/v1/agents/doer/work',
) =>
  new Promise<number>((resolve) => {
    const req = overTls(`${callee.url}${path}`, { method: 'POST', headers, agent: false, ...tls(shown) }, (res) => {
      res.resume().once('end', () => resolve(res.statusCode ?? 0));
    });
    req.once('error', () => resolve(0)).end();
  });

const assertion = async (agent: string, id: string): Promise<Record<string, string>> => {
  const signer = new AssertionSigner(id, await keyOf(agent), clock);
  const { tenant, domain } = entryOf(id);
  const principal = { kind: 'agent', tenant, id: agent, ...(domain === '' ? {} : { domain }), roles: [] } as const;
  const callId = randomBytes(16).toString('hex');
  return {
    authorization: `${HEADERS.nodeScheme} ${signer.assert(principal, callee.id)}`,
    ...{ [HEADERS.callId]: callId, [HEADERS.lineage]: `${callId};;0`, [HEADERS.via]: id },
  };
};

/** In the log of the callee. */
const said = (reason: string): boolean => lines.some((line) => line.includes(`"reason":"${reason}"`));

const bySelf = (key: NodeKey): Promise<string> =>
  certify(
    {
      ...{ subject: 'me', publicKey: key.publicKey, uri: 'spiffe://x.airspace', authority: null },
      ...{ notBeforeMs: clock.wallMs() - HOUR, notAfterMs: clock.wallMs() + HOUR },
    },
    { name: 'me', key },
  );

const own = async (): Promise<Shown> => {
  const key = await keyOf('asker');
  return { key, chain: await authority.leaf(entryOf(caller.id), always, clock.wallMs()) };
};

test('a node gets in with its own certificate and its own assertion', async () => {
  assert.equal(await statusOf(await own(), await assertion('asker', caller.id)), 200);
});

test('without TLS there is no answer, and with TLS but no certificate, or an old version of TLS, there is none either', async () => {
  const { hostname, port } = new URL(callee.url);
  const heard = await new Promise<string>((resolve) => {
    let text = '';
    const socket = overTcp(Number(port), hostname, () => socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n'));
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
    });
    socket.on('error', () => {}).once('close', () => resolve(text));
  });
  assert.doesNotMatch(heard, /HTTP\//);
  assert.equal(await statusOf(undefined, await assertion('asker', caller.id)), 0);
  const old = { ...tls(await own()), minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
  const code = await new Promise((resolve) =>
    tlsConnect({ ...old, host: hostname, port: Number(port) }, () => resolve('connected')).once('error', (error) =>
      resolve((error as NodeJS.ErrnoException).code),
    ),
  );
  assert.match(String(code), /PROTOCOL_VERSION/);
  await until(() => ['plain-http', 'no-certificate', 'old-tls'].every((reason) => said(reason)));
});

test('a certificate that is over, of another plane, of nobody, or for another key is worth nothing', async () => {
  const key = await keyOf('asker');
  const words = await assertion('asker', caller.id);
  const entry = entryOf(caller.id);
  const past = clock.wallMs() - 48 * HOUR;
  const stranger = newNodeKey();
  const otherPlane = await Authority.root(newNodeKey(), clock.wallMs());
  const now = clock.wallMs();
  const cases: Readonly<Record<string, readonly [Shown, number]>> = {
    expired: [{ key, chain: await (await Authority.root(rootKey, past)).leaf(entry, always, past) }, 0],
    'self-signed': [{ key: stranger, chain: [await bySelf(stranger)] }, 0],
    'bad-chain': [{ key: stranger, chain: (await Authority.root(stranger, now)).chain }, 0],
    'other-root': [{ key, chain: await otherPlane.leaf(entry, always, now) }, 0],
    'unknown-node': [{ key, chain: await authority.leaf({ ...entry, id: 'sidecar-gone-0001' }, always, now) }, 401],
    'other-place': [{ key, chain: await authority.leaf({ ...entry, agent: 'doer' }, always, now) }, 401],
    'other-key': [
      { key: stranger, chain: await authority.leaf({ ...entry, publicKey: stranger.publicKey }, always, now) },
      401,
    ],
  };
  for (const [reason, [shown, status]] of Object.entries(cases)) {
    assert.equal(await statusOf(shown, words), status, reason);
    await until(() => said(reason));
  }
});

test('an intermediate vouches for its own domain only', async () => {
  const [key, hubKey] = [await keyOf('asker'), newNodeKey()];
  const branch: NodeEntry = {
    ...{ id: 'domain-branch-0001', role: 'domain', tenant: DEFAULT_TENANT, domain: 'branch', agent: '' },
    ...{ publicKey: hubKey.publicKey, url: 'https://127.0.0.1:9' },
  };
  const given = await authority.intermediate(branch, 0, always, clock.wallMs());
  const chain = await Authority.given(hubKey, given).leaf(entryOf(caller.id), always, clock.wallMs());
  assert.equal(await statusOf({ key, chain }, await assertion('asker', caller.id)), 401);
  await until(() => said('outside-domain'));
});

test('an assertion counts on the connection of its node, and no other credential counts there at all', async () => {
  const spare = await startSidecar(await joining('spare', null));
  try {
    const other: Shown = {
      key: await keyOf('spare'),
      chain: await authority.leaf(entryOf(spare.id), always, clock.wallMs()),
    };
    await until(async () => (await statusOf(other, await assertion('spare', spare.id))) === 200);
    assert.equal(await statusOf(other, await assertion('asker', caller.id)), 401, 'said on the connection of another');
    assert.equal(await statusOf(other), 401);
    assert.equal(await statusOf(other, { authorization: `Bearer ${caller.appKey}` }), 401);
    await until(() => said('other-node'));

    // One that was admitted, and then removed while its connection is open.
    const { hostname, port } = new URL(callee.url);
    const open = tlsConnect({ ...tls(other), host: hostname, port: Number(port) });
    await new Promise((secured) => open.once('secureConnect', secured));
    const ended = new Promise((closed) =>
      open
        .on('error', () => {})
        .resume()
        .once('close', closed),
    );
    await hub.nodes.remove(null, spare.id);
    await ended;
    assert.equal(await statusOf(other, { authorization: 'Bearer x' }), 401);
  } finally {
    await spare.stop(false);
  }
});

test('a caller sends nothing to whoever is not the node that it means', async () => {
  const { hostname, port } = new URL(callee.url);
  await callee.stop(false);
  let asked = 0;
  const impostor = (await import('node:https')).createServer(
    { key: (await keyOf('asker')).pem(), cert: (await own()).chain.join(''), minVersion: 'TLSv1.3' },
    (_, res) => {
      asked += 1;
      res.end('"done"');
    },
  );
  await new Promise<void>((ready) => impostor.listen(Number(port), hostname, ready));
  const answer = await ask('work');
  assert.equal(answer.status >= 500, true, await answer.text());
  assert.equal(asked, 0, 'a member, and not the one that was meant');
  impostor.closeAllConnections();
  await new Promise((closed) => impostor.close(closed));
  callee = await startSidecar({
    ...{ ...nodeOptions('doer'), port: Number(port), hubUrl: hub.url, agentVersion: '1' },
    agentUrl: `http://127.0.0.1:${(worker.address() as AddressInfo).port}`,
  });
  await until(async () => (await ask('work')).status === 200);
});

test('a new certificate takes over while a stream runs and calls go on, and breaks none of them', async () => {
  const stream = await ask('follow');
  assert.equal(stream.status, 200);
  const statuses: number[] = [];
  const refusals: string[] = [];
  let going = true;
  const load = (async () => {
    while (going) {
      const answer = await ask('work');
      const text = await answer.text();
      statuses.push(answer.status);
      if (answer.status !== 200) refusals.push(text);
    }
  })();
  await until(() => statuses.length > 3);
  const before = [caller, callee].map((one) => one.certificate.current!.serial);
  // Who asks again at once is given the same one again; after the hub has started anew it has forgotten.
  const { port } = new URL(hub.url);
  await hub.stop(false);
  hub = await startHub({ ...nodeOptions('hub'), port: Number(port), oracle: 0 });
  for (const one of [caller, callee]) {
    await one.certificate.renew();
    await until(() => statuses.length > 3);
  }
  const seen = statuses.length;
  await until(() => statuses.length > seen + 5);
  going = false;
  await load;
  for (const [at, one] of [caller, callee].entries())
    assert.notEqual(one.certificate.current!.serial, before[at], 'there is a new one');
  assert.deepEqual(refusals, []);
  release();
  assert.match(await stream.text(), /data: 1\n\ndata: 2/);
});

test('a node that joined a domain hub hangs on the root, through the domain hub', async () => {
  const token = async (of: RunningHub | RunningDomainHub, role: 'domain' | 'sidecar', agent: string) =>
    (await of.nodes.issueJoinToken({ role, tenant: DEFAULT_TENANT, domain: 'branch', agent })).token;
  const branch = await startDomainHub({
    ...{ ...nodeOptions('branch'), hubUrl: hub.url, token: await token(hub, 'domain', '') },
  });
  const wire = new HttpHubWire(branch.url);
  try {
    await until(() => branch.snapshotSeq() > 0);
    const key = newNodeKey();
    const dataDir = join(scratch, 'below');
    const { node, controlKey } = await joinHub({
      ...{ wire, hubUrl: branch.url, token: await token(branch, 'sidecar', 'clerk'), key, url: 'https://127.0.0.1:9' },
      dataDir,
    });
    const said = new AssertionSigner(node.id, key, clock).assert(nodePrincipal(node), branch.id);
    const given = await wire.post(`/v1/nodes/${node.id}/certificate`, {}, `${HEADERS.nodeScheme} ${said}`);
    const held = openCertificate(given, { node: node.id, publicKey: key.publicKey, pinned: controlKey });
    assert.deepEqual([held.rootKey, held.chain.length], [rootKey.publicKey, 3]);
    assert.match(held.spiffeId, /\/domain\/branch\/agent\/clerk\//);
    const other = new AssertionSigner(node.id, key, clock).assert(nodePrincipal(node), branch.id);
    await assert.rejects(wire.post(`/v1/nodes/${branch.id}/certificate`, {}, `${HEADERS.nodeScheme} ${other}`));
  } finally {
    await wire.close();
    await branch.stop(false);
  }
});

test('operators see which certificate a node shows, and until when', async () => {
  const own = () => hub.nodes.list(null).filter(({ node }) => [caller.id, callee.id].includes(node.id));
  await until(() => own().every(({ certificate }) => certificate !== null));
  const view = hub.nodes.list(null).find(({ node }) => node.id === caller.id)!;
  assert.equal(
    view.certificate?.spiffeId,
    `spiffe://${rootKey.keyId}.airspace/tenant/default/domain/-/agent/asker/node/${caller.id}`,
  );
  assert.equal(view.certificate?.expiresAtMs, caller.certificate.current?.expiresAtMs);
});

test('a sidecar that nobody can reach over its own TLS is not started', async () => {
  await assert.rejects(
    startSidecar({
      ...nodeOptions('plain'),
      hubUrl: hub.url,
      agentUrl: null,
      agentVersion: '1',
      advertise: 'http://a.example',
    }),
    /https:\/\/a\.example/,
  );
});
