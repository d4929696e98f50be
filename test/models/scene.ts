/** A real hub with scripted providers behind it, for clients that know nothing of Airspace. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { type RunningHub, startHub } from '../../src/cli/node/hub.ts';
import { API_VERSION, type CallEvent } from '../../src/contract/index.ts';
import { type Provider, startProvider } from './provider.ts';

export const PROVIDER_KEY = 'sk-scripted-0123456789abcdefghijklmnop';

export interface Scene extends AsyncDisposable {
  readonly hub: RunningHub;
  readonly provider: Provider;
  readonly log: readonly string[];
  readonly key: string;
  readonly adminKey: string;
  ask(path: string, body?: unknown): Promise<Record<string, unknown>>;
  apply(...resources: readonly unknown[]): Promise<void>;
  keyOf(kind: 'agent' | 'user', name: string): Promise<string>;
  /** Waits until the call is over. */
  event(callId: string): Promise<CallEvent>;
}

export const resource = (kind: string, name: string, spec: object, more: object = {}): unknown => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...more },
  spec,
});

export const model = (name: string, protocol: string, url: string, more: object = {}): unknown =>
  resource('Model', name, {
    protocol,
    endpoints: [{ url }],
    credential: { secret: 'provider', as: protocol === 'anthropic' ? 'header:x-api-key' : 'bearer' },
    ...more,
  });

export const POLICY = `
@id("all")
@reason("everybody may call everybody")
permit (principal, action, resource);
@id("careful")
@reason("people look at it first")
@remedy("approval")
forbid (principal, action, resource in Model::"careful");
@id("not-secret")
@reason("nobody talks to the secret model")
forbid (principal, action, resource in Model::"secret-model");
`;

const base = (url: string): readonly unknown[] => [
  resource('Agent', 'alice', { operations: [{ name: 'noop', effect: 'read' }] }),
  resource('Tool', 'dictionary', {
    endpoints: [{ url: `${url}/agent` }],
    operations: [{ name: 'look', effect: 'read' }],
  }),
  resource('Agent', 'writer', {
    endpoints: [{ url: `${url}/agent` }],
    operations: [
      { name: 'chat', effect: 'read' },
      { name: 'other', effect: 'read' },
    ],
  }),
  resource('Agent', 'bob', { operations: [{ name: 'noop', effect: 'read' }] }),
  model('gpt', 'openai', `${url}/v1`, { model: 'scripted-large', aliases: ['gpt-5.2', 'openai/gpt-5.2'] }),
  model('claude', 'anthropic', `${url}/`, { model: 'scripted-claude', aliases: ['claude-opus-5'] }),
  model('llama', 'openai', `${url}/plain/v1`),
  model('careful', 'openai', `${url}/v1`),
  model('secret-model', 'openai', `${url}/v1/`),
  resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
];

export const startScene = async (more: (url: string) => readonly unknown[] = () => []): Promise<Scene> => {
  await using held = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'airspace-models-'));
  held.defer(() => rm(dir, { recursive: true }));
  const log: string[] = [];
  const provider = held.use(await startProvider());
  const hub = await startHub({ dir, host: '127.0.0.1', port: 0, level: 'debug', log: (line) => log.push(line) });
  held.defer(() => hub.stop(false));
  let adminKey = '';
  const ask = async (path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const reply = await request(`${hub.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'content-type': 'application/json',
        ...(adminKey === '' ? {} : { authorization: `Bearer ${adminKey}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await reply.body.text();
    if (reply.statusCode > 299) throw new Error(`${path}: ${reply.statusCode} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  };
  const token = (await readFile(join(dir, 'bootstrap-token'), 'utf8')).trim();
  adminKey = (await ask('/v1/bootstrap', { token }))['secret'] as string;
  const keyOf = async (kind: 'agent' | 'user', name: string): Promise<string> =>
    (await ask('/v1/keys', { principal: { kind, name } }))['secret'] as string;
  await ask('/v1/secrets', { name: 'provider', value: PROVIDER_KEY, origins: [new URL(provider.url).origin] });
  await ask('/v1/resources:apply', { resources: [...base(provider.url), ...more(provider.url)] });
  const key = await keyOf('agent', 'alice');
  const release = held.move();
  return {
    hub,
    provider,
    log,
    adminKey,
    key,
    ask,
    apply: async (...resources) => void (await ask('/v1/resources:apply', { resources })),
    keyOf,
    event: async (callId) => {
      for (const endMs = performance.now() + 10_000; ; ) {
        const reply = await request(`${hub.url}/v1/traces/${callId}`, {
          headers: { authorization: `Bearer ${adminKey}` },
        });
        const { events } = (await reply.body.json()) as { events?: CallEvent[] };
        if (events !== undefined && events.length > 0) return events[0]!;
        if (performance.now() > endMs) throw new Error(`no record of ${callId}`);
        await new Promise((next) => setTimeout(next, 10));
      }
    },
    [Symbol.asyncDispose]: () => release.disposeAsync(),
  };
};
