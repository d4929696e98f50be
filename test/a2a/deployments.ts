/** The reference agent, and the nodes in front of it: a hub, a sidecar that calls through the mesh, and a hub above a domain hub. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDomainHub } from '../../src/cli/node/domain.ts';
import { startHub } from '../../src/cli/node/hub.ts';
import { startSidecar } from '../../src/cli/node/sidecar.ts';
import { DEFAULT_TENANT, WHOLE_TENANT } from '../../src/contract/index.ts';
import { mintKey } from '../../src/identity/index.ts';
import { startReference } from './reference-agent.ts';
import { resource } from './scene.ts';
import type { Place } from './speakers.ts';

export interface Deployments extends AsyncDisposable {
  readonly places: readonly { readonly name: string; readonly place: Place }[];
  release(): void;
}

const POLICY = '@id("all") @reason("everybody may call") permit (principal, action, resource);';

export const deployments = async (): Promise<Deployments> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-a2a-must-'));
  const key = mintKey('alice-1');
  const agent = await startReference();
  const common = {
    host: '127.0.0.1',
    port: 0,
    level: 'error',
    log: (line: string) => void process.stderr.write(line),
    allowPrivateEgress: true,
    grpc: { host: '127.0.0.1', port: 0 },
  } as const;
  const hub = await startHub({ ...common, dir: join(dir, 'hub'), oracle: 0 });
  const card = (await (
    await fetch(`${agent.url}/.well-known/agent-card.json`, { headers: { 'a2a-version': '1.0' } })
  ).json()) as object;
  const speaking = { protocol: 'a2a', card, endpoints: [{ url: agent.url }] };
  const resources = [
    resource('Domain', 'branch', { delegated: true }),
    resource('Agent', 'alice', { operations: [{ name: 'noop', effect: 'read' }] }),
    resource('Key', 'alice-1', { principal: { kind: 'agent', name: 'alice' }, secretHash: key.secretHash }),
    resource('Agent', 'reference', speaking),
    resource('Agent', 'below', speaking, { domain: 'branch' }),
    resource('Agent', 'beside', { ...speaking, endpoints: [] }),
    resource('Route', 'beside', { to: { kind: 'agent', name: 'beside' }, via: 'mesh' }),
    resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
  ];
  await hub.control.apply({
    ...{ tenant: DEFAULT_TENANT, resources, origins: resources.map(() => 'test'), by: 'test', rights: WHOLE_TENANT },
    ...{ reason: '', dryRun: false, prune: false },
  });
  const tokenFor = async (grant: object): Promise<string> =>
    (await hub.nodes.issueJoinToken({ tenant: DEFAULT_TENANT, domain: '', agent: '', ...grant })).token;
  const member = { hubUrl: hub.url, agentVersion: '1' };
  const branch = await startDomainHub({
    ...common,
    ...{ ...member, dir: join(dir, 'branch'), token: await tokenFor({ role: 'domain', domain: 'branch' }) },
  });
  const sidecar = await startSidecar({
    ...common,
    ...{
      ...member,
      dir: join(dir, 'sidecar'),
      agentUrl: null,
      appGrpc: true,
      token: await tokenFor({ role: 'sidecar', agent: 'alice' }),
    },
  });
  const other = await startSidecar({
    ...common,
    ...{
      ...member,
      dir: join(dir, 'beside'),
      agentUrl: agent.url,
      door: { host: '127.0.0.1', port: 0 },
      token: await tokenFor({ role: 'sidecar', agent: 'beside' }),
    },
  });
  const at = (url: string, name: string, secret: string, grpc: string): Place => ({
    card: `${url}/a2a/${name}/.well-known/agent-card.json`,
    rpc: `${url}/a2a/${name}`,
    rest: `${url}/a2a/${name}`,
    grpc,
    grpc03: grpc,
    tenant: name,
    key: secret,
  });
  const places = [
    {
      name: 'direct',
      place: {
        ...{ card: `${agent.url}/.well-known/agent-card.json`, rpc: `${agent.url}/rpc`, rest: `${agent.url}/rest` },
        ...{ grpc: agent.grpc, grpc03: '', tenant: '', key: '' },
      },
    },
    { name: 'hub', place: at(hub.url, 'reference', key.secret, hub.grpc) },
    { name: 'sidecar', place: at(sidecar.appUrl, 'reference', sidecar.appKey, sidecar.appGrpc) },
    { name: 'hierarchy', place: at(hub.url, 'below', key.secret, hub.grpc) },
    { name: 'domain', place: at(branch.url, 'below', key.secret, branch.grpc) },
    { name: 'mesh', place: at(sidecar.appUrl, 'beside', sidecar.appKey, sidecar.appGrpc) },
    { name: 'beside', place: at(other.doorUrl, 'beside', key.secret, other.grpc) },
  ];
  for (const { place } of places.slice(1)) await flowing(place);
  return {
    places,
    release: () => agent.release(),
    [Symbol.asyncDispose]: async () => {
      agent.release();
      await sidecar.stop(false);
      await other.stop(false);
      await branch.stop(false);
      await hub.stop(false);
      await agent.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

/** Resolves when a message gets through: everybody has joined, and knows of everybody. */
const flowing = async ({ rpc, key }: Place): Promise<void> => {
  const message = { messageId: 'answer-flowing', role: 'ROLE_USER', parts: [{ text: 'hello' }] };
  for (;;) {
    const response = await fetch(rpc, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'a2a-version': '1.0', authorization: `Bearer ${key}` },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message } }),
    });
    const { result } = (await response.json()) as { readonly result?: object };
    if (result !== undefined) return;
    await new Promise((next) => setTimeout(next, 20));
  }
};
