/** A real hub on a real socket with one hostile agent behind it, and everything a stranger may throw at it. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { type HubOptions, type RunningHub, startHub } from '../../src/cli/node/hub.ts';
import { API_VERSION, type CallEvent } from '../../src/contract/index.ts';
import { type HostileAgent, hostileAgent, OPERATIONS } from './agent.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

export interface Asking {
  /** Default: the administrator's for paths of the admin interface, `alice`'s for calls. Empty: none. */
  readonly key?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Scene extends AsyncDisposable {
  readonly hub: RunningHub;
  readonly agent: HostileAgent;
  readonly dir: string;
  readonly adminKey: string;
  readonly bootstrapToken: string;
  /** Of agent `alice`, who may call everything. */
  readonly key: string;
  /** Log lines of the hub. */
  readonly log: readonly string[];
  /** `body`: text as it is, anything else as JSON. Without one: GET. */
  ask(path: string, asking?: Asking): Promise<Answer>;
  call(operation: string, asking?: Asking): Promise<Answer>;
  /** Bytes on a socket, and all that came back until the hub closed it. */
  raw(bytes: string): Promise<string>;
  events(callId: string): Promise<readonly CallEvent[]>;
}

export const resource = (kind: string, name: string, spec: object, more: object = {}): unknown => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...more },
  spec,
});

export const POLICY = '@id("all")\n@reason("everybody may call everybody")\npermit (principal, action, resource);\n';

export const startScene = async (options: Partial<Pick<HubOptions, 'otlp'>> = {}): Promise<Scene> => {
  const dir = await mkdtemp(join(tmpdir(), 'airspace-abuse-'));
  const log: string[] = [];
  const agent = await hostileAgent();
  const hub = await startHub({
    dir,
    host: '127.0.0.1',
    port: 0,
    level: 'debug',
    log: (line) => log.push(line),
    ...options,
  });
  const ask = async (path: string, { key, body, headers = {} }: Asking = {}): Promise<Answer> => {
    const reply = await request(`${hub.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'content-type': 'application/json',
        ...(key === '' ? {} : { authorization: `Bearer ${key ?? adminKey}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: reply.statusCode, headers: reply.headers, text: await reply.body.text() };
  };
  const secretOf = async (path: string, body: unknown): Promise<string> =>
    (JSON.parse((await ask(path, { body })).text) as { secret: string }).secret;

  const bootstrapToken = (await readFile(join(dir, 'bootstrap-token'), 'utf8')).trim();
  let adminKey = '';
  adminKey = await secretOf('/v1/bootstrap', { token: bootstrapToken });
  await ask('/v1/resources:apply', { body: { resources: resourcesFor(agent.url) } });
  const key = await secretOf('/v1/keys', { principal: { kind: 'agent', name: 'alice' } });
  return {
    hub,
    agent,
    dir,
    adminKey,
    bootstrapToken,
    key,
    log,
    ask,
    call: (operation, asking) =>
      ask(`/v1/agents/villain/${operation}`, { body: {}, ...asking, key: asking?.key ?? key }),
    raw: (bytes) => exchange(hub.url, bytes),
    events: async (callId) => {
      const { status, text } = await ask(`/v1/traces/${callId}`);
      return status === 404 ? [] : (JSON.parse(text) as { events: CallEvent[] }).events;
    },
    [Symbol.asyncDispose]: async () => {
      await hub.stop(false);
      await agent[Symbol.asyncDispose]();
      await rm(dir, { recursive: true });
    },
  };
};

/** Everything is a write, and nothing may be repeated: whatever arrives twice was sent twice by mistake. */
const resourcesFor = (url: string): readonly unknown[] => [
  resource('Agent', 'alice', { operations: [{ name: 'noop', effect: 'read' }] }),
  resource('Agent', 'villain', {
    operations: OPERATIONS.map((name) => ({ name, effect: 'write' })),
    endpoints: [{ url }],
  }),
  resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
];

const exchange = (url: string, bytes: string): Promise<string> =>
  new Promise((resolve) => {
    const { port, hostname } = new URL(url);
    const socket = net.connect(Number(port), hostname, () => socket.end(bytes));
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });

/** Asks until it is so, or ten seconds are over; answers the last look. */
export const eventually = async <T>(look: () => Promise<T>, enough: (seen: T) => boolean): Promise<T> => {
  for (const endMs = performance.now() + 10_000; ; ) {
    const seen = await look();
    if (enough(seen) || performance.now() > endMs) return seen;
    await new Promise((next) => setTimeout(next, 20));
  }
};
