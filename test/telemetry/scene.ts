/** A hub, an agent that calls and one that is called, and a collector: all of them real, on loopback. */
import { EventEmitter, once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { startHub } from '../../src/cli/node/hub.ts';
import { otlpMetricSettings, otlpSettings } from '../../src/cli/otlp-words.ts';
import { type AgentSpan, API_VERSION, type CallEvent } from '../../src/contract/index.ts';

export interface Scene extends AsyncDisposable {
  readonly url: string;
  readonly adminKey: string;
  /** Keys of the agents. */
  readonly keys: Readonly<Record<'concierge' | 'orders', string>>;
  /** Bodies of traces that the collector got, as they were before gzip; those of metrics, which come five times a second. */
  readonly exported: readonly Buffer[];
  readonly pushed: readonly Buffer[];
  /** Resolves when the collector has got one more; rejects when nothing came in ten seconds. */
  more(): Promise<void>;
  /** A key for an agent of this name, which need not exist yet. */
  keyOf(name: string): Promise<string>;
  /** Resolves when it is so; rejects after ten seconds. */
  until(isSo: () => Promise<boolean>): Promise<void>;
  /** Asks as an administrator. */
  ask(path: string, body?: unknown): Promise<Response>;
  trace(id: string): Promise<{ readonly events: readonly CallEvent[]; readonly agentSpans: readonly AgentSpan[] }>;
}

export interface SceneOptions {
  /** What the agent `orders` does with a call. Default: it answers. */
  readonly serve?: (req: IncomingMessage) => Promise<void>;
}

const POLICY = '@id("all")\n@reason("everybody may call everybody")\npermit (principal, action, resource);\n';

const resource = (kind: string, name: string, spec: object): unknown => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name },
  spec,
});

export const startScene = async ({ serve = async () => {} }: SceneOptions = {}): Promise<Scene> => {
  await using held = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'airspace-otlp-'));
  held.defer(() => rm(dir, { recursive: true }));
  const exported: Buffer[] = [];
  const pushed: Buffer[] = [];
  const arrivals = new EventEmitter();
  const collector = held.use(
    await serving(async (req, res) => {
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk);
      (req.url === '/v1/metrics' ? pushed : exported).push(gunzipSync(Buffer.concat(chunks)));
      res.end();
      arrivals.emit('body');
    }),
  );
  const orders = held.use(
    await serving(async (req, res) => {
      await serve(req);
      req.resume();
      res.setHeader('content-type', 'application/json').end('{"where":"on its way"}');
    }),
  );
  const words = { otlp: collector.url };
  const otlp = otlpSettings(words, {});
  const otlpMetrics = otlpMetricSettings(words, { OTEL_METRIC_EXPORT_INTERVAL: '200' });
  const hub = await startHub({ dir, host: '127.0.0.1', port: 0, level: 'error', log: () => {}, otlp, otlpMetrics });
  held.defer(() => hub.stop(false));

  let adminKey = '';
  const ask = (path: string, body?: unknown): Promise<Response> =>
    fetch(`${hub.url}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        'content-type': 'application/json',
        ...(adminKey === '' ? {} : { authorization: `Bearer ${adminKey}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const secretOf = async (path: string, body: unknown): Promise<string> =>
    ((await (await ask(path, body)).json()) as { secret: string }).secret;
  const token = (await readFile(join(dir, 'bootstrap-token'), 'utf8')).trim();
  adminKey = await secretOf('/v1/bootstrap', { token });
  const operations = [{ name: 'where', effect: 'read' }];
  await ask('/v1/resources:apply', {
    resources: [
      resource('Agent', 'concierge', { operations }),
      resource('Agent', 'orders', { operations, endpoints: [{ url: orders.url }] }),
      resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
    ],
  });
  const keyOf = (name: string): Promise<string> => secretOf('/v1/keys', { principal: { kind: 'agent', name } });
  const keys = { concierge: await keyOf('concierge'), orders: await keyOf('orders') };
  const ending = held.move();
  return {
    url: hub.url,
    adminKey,
    keys,
    ...{ exported, pushed },
    more: async () => void (await once(arrivals, 'body', { signal: AbortSignal.timeout(10_000) })),
    keyOf: async (name) => {
      await ask('/v1/resources:apply', { resources: [resource('Agent', name, { operations })] });
      return keyOf(name);
    },
    until: async (isSo) => {
      const signal = AbortSignal.timeout(10_000);
      while (!(await isSo())) {
        signal.throwIfAborted();
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    ask,
    trace: async (id) => {
      const response = await ask(`/v1/traces/${id}`);
      if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
      return (await response.json()) as Awaited<ReturnType<Scene['trace']>>;
    },
    [Symbol.asyncDispose]: () => ending.disposeAsync(),
  };
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
