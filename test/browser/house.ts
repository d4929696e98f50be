/** A small real hub for a browser: people with different roles, an agent that fails now and then, and calls that policy holds or denies. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHub } from '../../src/cli/node/hub.ts';
import { DEFAULT_TENANT, WHOLE_TENANT } from '../../src/contract/index.ts';
import { type MintedKey, mintKey } from '../../src/identity/index.ts';
import { HOSTILE } from './hostile.ts';

export interface House extends AsyncDisposable {
  readonly url: string;
  /** Keys by name: `ada` and `bob` administer, `finn` approves, `vera` looks, `sara` looks after domain `money`, `nick` may nothing. */
  readonly keys: Readonly<Record<string, MintedKey>>;
  /** Where the hub keeps what it keeps. */
  readonly dir: string;
  /** Bodies that reached the target. */
  readonly ran: string[];
  /** A call of agent `shop`. Answers its id and status. */
  call(
    operation: string,
    body: string,
    headers?: Readonly<Record<string, string>>,
  ): Promise<{ readonly id: string; readonly status: number }>;
}

/** What is in force, unless nobody may bring that alone. */
export const POLICY = `
@id("all") @reason("everybody may call") permit (principal, action, resource);
@id("pay") @reason("payments need somebody of finance") @remedy("approval") @approval("roles=finance; ttl=1h")
forbid (principal, action, resource) when { context.operation == "pay" };
@id("no-wipe") @reason("nobody wipes anything") @code("NO_WIPE")
forbid (principal, action, resource) when { context.operation == "wipe" };
`;

const PEOPLE = {
  ada: ['admin'],
  bob: ['admin'],
  finn: ['finance', 'viewer'],
  vera: ['viewer'],
  sara: [],
  nick: [],
} as const;
const STEWARDS: Readonly<Record<string, readonly string[]>> = { sara: ['money'] };

export interface Houses {
  /** Nobody widens policy alone, so there is none until two people bring it. Default false. */
  readonly twoPerson?: boolean;
}

export const startHouse = async ({ twoPerson = false }: Houses = {}): Promise<House> => {
  await using held = new AsyncDisposableStack();
  const dir = mkdtempSync(join(tmpdir(), 'airspace-browser-'));
  held.defer(() => rmSync(dir, { recursive: true, force: true }));
  const keys = Object.fromEntries([...Object.keys(PEOPLE), 'shop'].map((name) => [name, mintKey(`${name}-1`)]));
  const ran: string[] = [];
  const target = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += String(chunk);
    ran.push(body);
    res.writeHead(body.includes('"break"') ? 500 : 200, { 'content-type': 'application/json' }).end('{"done":true}');
  });
  target.listen(0, '127.0.0.1');
  await once(target, 'listening');
  held.defer(() => void target.close());
  held.defer(() => target.closeAllConnections());
  const hub = await startHub({
    ...{ dir: join(dir, 'hub'), host: '127.0.0.1', port: 0, level: 'error', log: () => {} },
    ...{ oracle: 0, allowPrivateEgress: true, twoPerson },
  });
  held.defer(() => hub.stop(false));
  const all = resourcesOf(`http://127.0.0.1:${(target.address() as AddressInfo).port}`, keys);
  const resources = all.filter(({ kind }) => !twoPerson || kind !== 'PolicyBundle');
  await hub.control.apply({
    ...{ tenant: DEFAULT_TENANT, resources, origins: resources.map(() => 'test'), by: 'test', rights: WHOLE_TENANT },
    ...{ reason: '', dryRun: false, prune: false },
  });
  const release = held.move();
  return {
    ...{ url: hub.url, keys, ran, dir: join(dir, 'hub') },
    call: async (operation, body, headers = {}) => {
      const response = await fetch(`${hub.url}/v1/agents/bank/${operation}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${keys['shop']!.secret}`, 'content-type': 'application/json', ...headers },
        body,
      });
      await response.arrayBuffer();
      return { id: response.headers.get('airspace-call-id') ?? '', status: response.status };
    },
    [Symbol.asyncDispose]: () => release.disposeAsync(),
  };
};

const resourcesOf = (url: string, keys: Readonly<Record<string, MintedKey>>) => {
  const resource = (kind: string, name: string, spec: unknown, domain?: string) => ({
    ...{ apiVersion: 'airspace.dev/v1', kind, metadata: { name, ...(domain === undefined ? {} : { domain }) }, spec },
  });
  const key = (kind: 'user' | 'agent', name: string) =>
    resource('Key', `${name}-1`, { principal: { kind, name }, secretHash: keys[name]!.secretHash });
  const operations = [
    { name: 'pay', effect: 'write', description: HOSTILE[0] },
    { name: 'look', effect: 'read', description: HOSTILE[1], price: { perCall: '0.002 USD' } },
    { name: 'wipe', effect: 'irreversible' },
  ];
  return [
    resource('Domain', 'money', {}),
    ...Object.entries(PEOPLE).map(([name, roles]) =>
      resource('User', name, { roles, ...(STEWARDS[name] === undefined ? {} : { administers: STEWARDS[name] }) }),
    ),
    ...Object.keys(PEOPLE).map((name) => key('user', name)),
    resource('Agent', 'shop', { operations: [{ name: 'x' }] }),
    key('agent', 'shop'),
    resource('Agent', 'bank', { operations, endpoints: [{ url }] }, 'money'),
    resource('Budget', 'shop-day', { scope: 'agent shop', unit: 'usd', limit: '0.10 USD', window: { every: 'day' } }),
    resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
  ];
};
