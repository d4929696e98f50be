/** A hub with an agent in two versions, the tools that it calls, and counters of who was really called. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../../client/index.ts';
import { type AgentContext, serveAgent } from '../../client/serve.ts';
import { API_VERSION } from '../../contract/index.ts';
import { type RunningHub, startHub } from '../node/hub.ts';
import { line, type Ran } from './line.ts';

/** What an agent does with a call: `call` is governed, and below what it is asked. */
export type Work = (
  payload: unknown,
  call: (tool: string, operation: string, payload: unknown) => Promise<unknown>,
  context: AgentContext,
) => Promise<unknown>;

export interface ReplayScene extends AsyncDisposable {
  readonly hub: RunningHub;
  /** Calls that reached somebody, by name: `orders`, `mail`, `triage@1.0`. */
  readonly reached: Record<string, number>;
  readonly keys: Readonly<Record<'admin' | 'ann' | 'viewer' | 'triage', string>>;
  /** Replaces what a version does. */
  does(version: string, work: Work): void;
  /** As ann. Answers its call. */
  ask(payload: unknown): Promise<{ readonly call: string; readonly trace: string; readonly answer: unknown }>;
  /** As an administrator. */
  run(...argv: string[]): Promise<Ran>;
  fetch(path: string, key: string, body?: unknown): Promise<Response>;
}

const POLICY = `
@id("together") @reason("all work together")
permit (principal, action, resource);
@id("no-wipe") @reason("nobody wipes") @code("NO_WIPE")
forbid (principal, action, resource) when { context.operation == "wipe" };
@id("not-when-frozen") @reason("frozen accounts stay as they are") @code("FROZEN")
forbid (principal, action == Action::"tool/orders/cancel", resource) when { context.facts.standing.frozen == "yes" };
@id("payouts-need-a-person") @reason("people look at payouts") @remedy("approval") @approval("roles=finance; ttl=1h")
forbid (principal, action == Action::"tool/orders/payout", resource);
`;

/** Mail is kept from the log. */
const LIMITS = `
@id("kept") @reason("kept to make requests again") @log_payload("full")
permit (principal, action, resource) unless { context.operation == "send" };
`;

const resource = (kind: string, name: string, spec: object): unknown => ({
  ...{ apiVersion: API_VERSION, kind, metadata: { name }, spec },
});

const listening = async (server: Server): Promise<string> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

export const startReplayScene = async (): Promise<ReplayScene> => {
  await using held = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'airspace-replay-'));
  held.defer(() => rm(dir, { recursive: true, force: true }));
  const hub = await startHub({
    ...{ dir, host: '127.0.0.1', port: 0, level: 'info', log: () => {}, oracle: 0, allowPrivateEgress: true },
  });
  held.defer(() => hub.stop(false));
  const reached: Record<string, number> = {};
  const count = (name: string): number => {
    reached[name] = (reached[name] ?? 0) + 1;
    return reached[name];
  };

  const fetched = (path: string, key: string, body?: unknown): Promise<Response> =>
    fetch(`${hub.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...(key === '' ? {} : { authorization: `Bearer ${key}` }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const told = async <T>(path: string, key: string, body?: unknown): Promise<T> => {
    const response = await fetched(path, key, body);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };

  const tool = async (name: string): Promise<string> => {
    const server = createServer(async (req, res) => {
      req.resume();
      await once(req, 'end');
      res.setHeader('content-type', 'application/json');
      res.end(JSON.stringify({ from: name, nth: count(name), frozen: 'no' }));
    });
    held.defer(() => void server.close());
    held.defer(() => server.closeAllConnections());
    return listening(server);
  };

  let triageKey = '';
  const works = new Map<string, Work>();
  const agent = async (version: string): Promise<string> => {
    const triage = async (payload: unknown, context: AgentContext): Promise<unknown> => {
      count(`triage@${version}`);
      const client = createClient({ url: hub.url, key: triageKey }).within(context);
      const call = async (name: string, operation: string, asked: unknown): Promise<unknown> =>
        (await client.call({ kind: 'tool', name }, operation, asked)).data;
      return works.get(version)!(payload, call, context);
    };
    const server = await serveAgent({ name: 'triage', port: 0, operations: { sort: triage }, onError: () => {} });
    held.defer(() => server.close({ drainMs: 0 }));
    return server.url;
  };

  const bootstrap = (await readFile(join(dir, 'bootstrap-token'), 'utf8')).trim();
  const admin = (await told<{ secret: string }>('/v1/bootstrap', '', { token: bootstrap })).secret;
  const read = (...names: string[]) => names.map((name) => ({ name, effect: 'read' }));
  await told('/v1/resources:apply', admin, {
    resources: [
      resource('Agent', 'triage', {
        operations: read('sort'),
        endpoints: [
          { url: await agent('1.0'), version: '1.0' },
          // Nobody is sent here but by a replay.
          { url: await agent('2.1'), version: '2.1', weight: 0 },
        ],
      }),
      resource('Tool', 'orders', {
        operations: read('find', 'list', 'wipe', 'cancel', 'payout'),
        endpoints: [{ url: await tool('orders') }],
      }),
      resource('Tool', 'ledger', {
        operations: read('standing'),
        endpoints: [{ url: await tool('ledger') }],
      }),
      resource('Fact', 'standing', {
        for: [{ kind: 'tool', name: 'orders', operations: ['cancel'] }],
        ask: { kind: 'tool', name: 'ledger', operation: 'standing', body: { id: { argument: '/id' } } },
        cacheMs: 60_000,
        as: { type: 'object', required: ['frozen'], properties: { frozen: { type: 'string' } } },
      }),
      resource('Tool', 'mail', { operations: read('send'), endpoints: [{ url: await tool('mail') }] }),
      resource('User', 'ann', {}),
      resource('User', 'vera', { roles: ['viewer'] }),
      resource('Budget', 'daily', { scope: 'organisation', unit: 'calls', limit: 1000, window: { every: 'day' } }),
      resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY }, limits: { text: LIMITS } }),
    ],
  });
  const keyOf = async (kind: string, name: string): Promise<string> =>
    (await told<{ secret: string }>('/v1/keys', admin, { principal: { kind, name } })).secret;
  triageKey = await keyOf('agent', 'triage');
  const keys = { admin, triage: triageKey, ann: await keyOf('user', 'ann'), viewer: await keyOf('user', 'vera') };
  const ann = createClient({ url: hub.url, key: keys.ann });
  const ending = held.move();
  return {
    ...{ hub, reached, keys, fetch: fetched },
    does: (version, work) => void works.set(version, work),
    ask: async (payload) => {
      const { data, meta } = await ann.call('triage', 'sort', payload);
      // Whoever asks for a trace finds what has just ended.
      await told(`/v1/traces/${meta.callId}`, admin);
      return { call: meta.callId, trace: meta.traceId, answer: data };
    },
    run: (...argv) => line([...argv, '--url', hub.url, '--key', admin]),
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
};
