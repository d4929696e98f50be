/** A hub that has seen a morning: agents that call agents, a model that costs, a tool that fails, a refund that people had to allow, and a sidecar. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHub } from '../../src/cli/node/hub.ts';
import { type RunningSidecar, startSidecar } from '../../src/cli/node/sidecar.ts';
import { line, type Ran } from '../../src/cli/testing/line.ts';
import { createClient } from '../../src/client/index.ts';
import { serveAgent } from '../../src/client/serve.ts';
import { API_VERSION, type ApprovalView, type CallEvent } from '../../src/contract/index.ts';

export interface Scene extends AsyncDisposable {
  readonly url: string;
  /** Where the hub has brought signed checkpoints of its audit. */
  readonly checkpoints: string;
  readonly dir: string;
  readonly sidecar: RunningSidecar;
  /** Calls by what they were about. */
  readonly calls: Readonly<Record<'help' | 'failed' | 'denied' | 'held', string>>;
  /** A command line, as an administrator. */
  run(...argv: string[]): Promise<Ran>;
  ask(path: string, body?: unknown, key?: string): Promise<Response>;
  /** Ends the hub in order, so that the last checkpoint is there. */
  stopHub(): Promise<void>;
}

const POLICY = `
@id("together") @reason("agents work together")
permit (principal, action, resource);
@id("no-wipe") @reason("nobody wipes the index") @code("NO_WIPE")
forbid (principal, action, resource) when { context.operation == "wipe" };
@id("refunds-need-a-person") @reason("refunds need a person") @remedy("approval") @approval("roles=finance; ttl=1h")
forbid (principal, action, resource) when { context.operation == "issue" };
`;

/** Of refunds the payload is in the log, without what nobody is to see. */
const LIMITS = `
@id("refunds-in-the-log") @reason("refunds are looked at") @log_payload("full") @redact_in("/card") @redact_out("/account")
permit (principal, action == Action::"agent/refunds/issue", resource);
`;

const resource = (kind: string, name: string, spec: object, more: object = {}): unknown => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...more },
  spec,
});

/** What the model takes for an answer: it is the slowest of all. */
const THINKING_MS = 60;

export const startScene = async (): Promise<Scene> => {
  await using held = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'airspace-questions-'));
  held.defer(() => rm(dir, { recursive: true, force: true }));
  const checkpoints = join(dir, 'checkpoints.jsonl');
  const options = { host: '127.0.0.1', port: 0, level: 'info', log: () => {}, allowPrivateEgress: true } as const;
  const hub = await startHub({ ...options, dir: join(dir, 'hub'), oracle: 0, auditCheckpoints: [checkpoints] });
  let isUp = true;
  const stopHub = async (): Promise<void> => {
    if (isUp) await hub.stop(true);
    isUp = false;
  };
  held.defer(stopHub);

  let adminKey = '';
  const ask = (path: string, body?: unknown, key = adminKey): Promise<Response> =>
    fetch(`${hub.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'content-type': 'application/json',
        ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const told = async <T>(path: string, body?: unknown, key?: string): Promise<T> => {
    const response = await ask(path, body, key);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
  const bootstrap = (await readFile(join(dir, 'hub', 'bootstrap-token'), 'utf8')).trim();
  adminKey = (await told<{ secret: string }>('/v1/bootstrap', { token: bootstrap })).secret;

  const model = held.use(
    await serving(async (req, res) => {
      req.resume();
      await once(req, 'end');
      setTimeout(() => {
        res.setHeader('content-type', 'application/json');
        res.end(JSON.stringify({ choices: [], usage: { prompt_tokens: 400, completion_tokens: 100 } }));
      }, THINKING_MS);
    }),
  );
  const payments = held.use(
    await serving(async (req, res) => {
      req.resume();
      res.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"the bank is closed"}');
    }),
  );
  const keys: Record<string, string> = {};
  const client = (name: string) => createClient({ url: hub.url, key: keys[name]! });
  const served = async (name: string, operations: Parameters<typeof serveAgent>[0]['operations']): Promise<string> => {
    const server = await serveAgent({ name, port: 0, operations, onError: () => {} });
    held.defer(() => server.close({ drainMs: 0 }));
    return server.url;
  };
  const chat = { model: 'small', messages: [{ role: 'user', content: 'hello' }], max_tokens: 100 };
  const search = await served('search', {
    find: async (_payload, context) => {
      await client('search').within(context).call({ kind: 'model', name: 'small' }, 'chat', chat);
      return { found: 3 };
    },
    wipe: async () => ({}),
  });
  const concierge = await served('concierge', {
    help: async (_payload, context) => {
      const within = client('concierge').within(context);
      await within.call('search', 'find', { words: 'where is my order' });
      return { answer: 'on its way' };
    },
  });
  const refunds = await served('refunds', { issue: async () => ({ issued: true, account: 'secret-account' }) });

  const read = (...names: string[]) => names.map((name) => ({ name, effect: 'read' }));
  await told('/v1/resources:apply', {
    resources: [
      resource('Domain', 'customer', {}),
      resource(
        'Agent',
        'concierge',
        { operations: read('help'), endpoints: [{ url: concierge }] },
        { domain: 'customer' },
      ),
      resource(
        'Agent',
        'search',
        { operations: read('find', 'wipe'), endpoints: [{ url: search }] },
        { labels: { tier: 'gold' } },
      ),
      resource('Agent', 'refunds', { operations: [{ name: 'issue', effect: 'write' }], endpoints: [{ url: refunds }] }),
      resource('Agent', 'desk', { operations: read('ask') }),
      resource('User', 'ann', { roles: ['finance'] }),
      resource('Tool', 'payments', { operations: read('charge'), endpoints: [{ url: payments.url }] }),
      resource('Model', 'small', {
        operations: [{ name: 'chat', effect: 'spend' }],
        endpoints: [{ url: model.url }],
        price: { inputPerMTok: '1 USD', outputPerMTok: '10 USD' },
      }),
      resource('Budget', 'daily', { scope: 'organisation', unit: 'usd', limit: '5 USD', window: { every: 'day' } }),
      resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY }, limits: { text: LIMITS } }),
    ],
  });
  for (const name of ['concierge', 'search', 'refunds', 'desk'])
    keys[name] = (await told<{ secret: string }>('/v1/keys', { principal: { kind: 'agent', name } })).secret;

  const person = await told<{ secret: string }>('/v1/keys', { principal: { kind: 'user', name: 'ann' } });

  const { token } = await told<{ token: string }>('/v1/tokens', { role: 'sidecar', agent: 'desk' });
  const sidecar = await startSidecar({
    ...{ ...options, dir: join(dir, 'sidecar'), hubUrl: hub.url, token, agentUrl: null, agentVersion: '1' },
  });
  held.defer(() => sidecar.stop(false));

  // What a sidecar writes down comes up with its next word.
  for (let found: readonly unknown[] = []; found.length === 0; )
    ({ records: found } = await told<{ records: readonly unknown[] }>('/v1/logs?agent=desk'));
  const calls = await morning({ told, client, person: person.secret });
  const ending = held.move();
  return {
    ...{ url: hub.url, checkpoints, dir, sidecar, calls, ask, stopHub },
    run: (...argv) => line([...argv, '--url', hub.url, '--key', adminKey]),
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
};

interface Morning {
  readonly told: <T>(path: string, body?: unknown, key?: string) => Promise<T>;
  readonly client: (name: string) => ReturnType<typeof createClient>;
  /** Key of who may let a refund go. */
  readonly person: string;
}

/** All that was called, once each. */
const morning = async ({ told, client, person }: Morning): Promise<Scene['calls']> => {
  const { meta } = await client('desk').call('concierge', 'help', { question: 'where?' });
  const lost = (work: Promise<unknown>): Promise<void> =>
    work.then(
      () => {},
      () => {},
    );
  await lost(client('concierge').call({ kind: 'tool', name: 'payments' }, 'charge', { cents: 5 }));
  await lost(client('concierge').call('search', 'wipe', {}));
  const { id: heldId } = await client('concierge').callAsync(
    'refunds',
    'issue',
    { cents: 900, card: 'secret-card' },
    { idempotencyKey: 'refund-1' },
  );
  const { items } = await told<{ items: readonly { readonly id: string }[] }>('/v1/approvals?state=pending');
  const approval = await told<ApprovalView>(`/v1/approvals/${items[0]!.id}`);
  await told(`/v1/approvals/${approval.id}:approve`, { digest: approval.digest, comment: 'it is theirs' }, person);
  await client('concierge').poll(heldId, { everyMs: 20 });
  // Whoever asks for a trace finds what has just ended; a list may be a quarter of a second behind.
  await told(`/v1/traces/${heldId}`);
  const { events } = await told<{ events: readonly CallEvent[] }>('/v1/calls?limit=100');
  const idOf = (operation: string): string => events.find(({ target }) => target.operation === operation)?.callId ?? '';
  return { help: meta.callId, failed: idOf('charge'), denied: idOf('wipe'), held: heldId };
};

/** On a free port of loopback. */
const serving = async (take: (req: IncomingMessage, res: ServerResponse) => Promise<void>) => {
  const server = createServer((req, res) => void take(req, res));
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise<void>((closed) => server.close(() => closed()));
    },
  };
};
