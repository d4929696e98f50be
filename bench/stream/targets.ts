/** What stands between the reader and the scripted upstream: nothing, nginx that does not buffer, or the hub by one of its doors. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deploy } from '../../src/cli/deploy.ts';
import type { Children } from '../children.ts';
import { Nodes, readVersion, resource, untilAnswered } from '../targets/airspace.ts';
import { findNginx, nginxConfig } from '../targets/nginx.ts';
import { freePort, untilListening } from '../targets/target.ts';
import { bodyOf, type Script } from './script.ts';

export const targetNames = ['direct', 'nginx', 'hub', 'openai'] as const;
export type TargetName = (typeof targetNames)[number];

export interface Site {
  readonly upstream: { readonly port: number; readonly pid: number };
  readonly children: Children;
  /** An empty folder, removed after the run. */
  readonly dir: string;
}

export interface Running {
  readonly name: TargetName;
  readonly version: string;
  readonly port: number;
  readonly pids: readonly number[];
  readonly requestFor: (script: Script) => string;
}

const NATIVE = '/v1/agents/bench/echo';
const OPENAI = '/v1/chat/completions';

/** A whole POST that wants a stream, ready to be written to a connection. */
const requestTo =
  (path: string, headers: Readonly<Record<string, string>> = {}) =>
  (script: Script): string => {
    const body = bodyOf(script);
    const all = {
      host: '127.0.0.1',
      'content-type': 'application/json',
      accept: 'text/event-stream',
      ...headers,
      'content-length': String(Buffer.byteLength(body)),
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
    return `POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
  };

type Start = (site: Site) => Promise<Omit<Running, 'name'>>;

const direct: Start = async ({ upstream }) => ({
  version: process.version,
  port: upstream.port,
  pids: [upstream.pid],
  requestFor: requestTo(NATIVE),
});

const nginx: Start = async ({ upstream, children, dir }) => {
  const { program, version } = findNginx();
  const port = await freePort();
  const config = join(dir, 'nginx.conf');
  writeFileSync(config, nginxConfig({ dir, port, upstreamPort: upstream.port, more: 'proxy_buffering off;' }));
  const child = children.start([program, '-p', dir, '-e', join(dir, 'error.log'), '-c', config], { on: 'hop' });
  await untilListening(child, port, 'nginx');
  return { version, port, pids: [child.pid], requestFor: requestTo(NATIVE) };
};

const POLICY = `
@id("caller-may-read")
@reason("the caller of the benchmark may read from what it calls")
permit (principal == Agent::"caller", action, resource)
when { resource.effect == "read" };
`;

/** With a price, so that the stream is metered as one that is paid for. */
const model = (port: number): object =>
  resource('Model', 'bench', {
    protocol: 'openai',
    // As it is called in the one request that all benchmarks share.
    aliases: ['bench-1'],
    endpoints: [{ url: `http://127.0.0.1:${port}/v1` }],
    concurrency: 10_000,
    price: { inputPerMTok: 1, outputPerMTok: 4 },
  });

const resources = (more: readonly object[]): readonly object[] => [
  resource('Domain', 'work', {}),
  resource('Agent', 'caller', { operations: [{ name: 'noop', effect: 'read' }] }, 'work'),
  resource('Agent', 'bench', { concurrency: 10_000, operations: [{ name: 'echo', effect: 'read' }] }, 'work'),
  resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
  ...more,
];

const hubBy =
  (path: string, more: (port: number) => readonly object[]): Start =>
  async ({ upstream, children, dir }) => {
    const nodes = new Nodes(children, dir, 'root', []);
    const deployed = await deploy(nodes, {
      topology: 'hub',
      resources: resources(more(upstream.port)),
      target: { name: 'bench', domain: 'work', instances: [{ name: 'one', url: `http://127.0.0.1:${upstream.port}` }] },
      callers: [{ name: 'caller', domain: 'work' }],
    });
    const access = deployed.access.get('caller')!;
    await untilAnswered(access, path);
    return {
      version: await readVersion(),
      port: Number(new URL(access.url).port),
      pids: nodes.pids().pids,
      requestFor: requestTo(path, { authorization: `Bearer ${access.key}` }),
    };
  };

const STARTS: Readonly<Record<TargetName, Start>> = {
  direct,
  nginx,
  hub: hubBy(NATIVE, () => []),
  openai: hubBy(OPENAI, (port) => [model(port)]),
};

/** Throws when it cannot run here. */
export const start = async (name: TargetName, site: Site): Promise<Running> => ({
  name,
  ...(await STARTS[name](site)),
});
