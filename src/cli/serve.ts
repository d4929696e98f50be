/** `airspace serve` and `airspace sidecar run`: one node as a process, from the words of the command line to its last log line. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DEFAULT_TENANT, Fault } from '../contract/index.ts';
import { readSources } from '../control/index.ts';
import { writePrivateFile } from '../identity/index.ts';
import type { Context } from './context.ts';
import { EXIT, Failure, usage } from './failure.ts';
import type { ServeOptions, SidecarOptions } from './lifecycle.ts';
import { startDomainHub } from './node/domain.ts';
import { type NodeOptions, type RunningHub, type RunningNode, startHub } from './node/hub.ts';
import { type RunningSidecar, startSidecar } from './node/sidecar.ts';
import { forgetRunning, writeRunning } from './running.ts';
import { type AgentProcess, runAgent } from './up/agent-process.ts';

/** What the agent of a sidecar gets, for whoever starts that agent himself: `{url, key}`, readable by its owner only. */
export const APP_FILE = 'app.json';

export { up } from './up/up.ts';

export const serve = async (context: Context, options: ServeOptions): Promise<number> => {
  const node = options.role === 'domain' ? await startDomain(context, options) : await startRoot(context, options);
  await writeRunning(options.data, { url: node.url, pid: process.pid });
  context.out.stdout.write(`${options.role} ${node.id} listening on ${node.url}\n`);
  await untilAsked();
  await node.stop(true);
  await forgetRunning(options.data);
  return EXIT.ok;
};

const startRoot = async ({ out }: Context, options: ServeOptions): Promise<RunningHub> => {
  const hub = await failing(
    options,
    startHub({ ...(await nodeOptions(options)), twoPerson: options.twoPerson ?? false }),
  );
  if (options.config !== undefined) await applyFiles(hub, options.config);
  if ((await hub.control.list({ tenant: null, kind: 'User' })).length === 0) {
    out.note(
      `first start: \`airspace bootstrap --data ${options.data}\` on this machine makes the first administrator`,
    );
  }
  return hub;
};

const startDomain = async (_: Context, options: ServeOptions): Promise<RunningNode> => {
  if (options.parent === undefined)
    throw usage('a domain hub needs a parent', 'airspace serve --role domain --parent http://... --token ...');
  return failing(
    options,
    startDomainHub({ ...(await nodeOptions(options)), hubUrl: options.parent, token: options.token }),
  );
};

/** Files of the operator, applied before the first call. What they already say changes nothing. */
const applyFiles = async (hub: RunningHub, paths: readonly string[]): Promise<void> => {
  const { resources, origins } = await readSources(paths);
  await hub.control.apply({
    tenant: DEFAULT_TENANT,
    resources,
    origins,
    by: 'serve --config',
    reason: 'applied at start',
    dryRun: false,
    prune: false,
  });
};

export const sidecar = async (
  context: Context,
  command: readonly string[],
  options: SidecarOptions,
): Promise<number> => {
  const port = options.agentUrl === undefined && command.length > 0 ? await freePort() : undefined;
  const agentUrl = options.agentUrl ?? (port === undefined ? null : `http://127.0.0.1:${port}`);
  let agent: AgentProcess | undefined;
  const node = await failing(
    options,
    startSidecar({
      ...(await nodeOptions(options)),
      hubUrl: options.hub,
      token: options.token,
      agentUrl,
      agentVersion: options.agentVersion,
      agentReady: () => command.length === 0 || agent?.isUp() === true,
    }),
  );
  await writePrivateFile(join(options.data, APP_FILE), JSON.stringify({ url: node.appUrl, key: node.appKey }));
  context.out.stdout.write(`sidecar ${node.id} listening on ${node.url}, for its agent on ${node.appUrl}\n`);
  if (command.length === 0) {
    await untilAsked();
    await node.stop(true);
    return EXIT.ok;
  }
  agent = runAgent(command, {
    ...environmentOf(node),
    ...(port === undefined ? {} : { PORT: String(port), AIRSPACE_AGENT_PORT: String(port) }),
  });
  const ended = await Promise.race([agent.ended, untilAsked().then(() => undefined)]);
  // The sidecar finishes what is under way first, then the agent may go: the other order would break calls.
  await node.stop(ended === undefined);
  if (ended === undefined) await agent.stop();
  return ended ?? EXIT.ok;
};

const environmentOf = (node: RunningSidecar) => ({ AIRSPACE_URL: node.appUrl, AIRSPACE_KEY: node.appKey });

type Words = Pick<ServeOptions, 'host' | 'port' | 'data' | 'public' | 'otlp' | 'logLevel'> &
  Partial<Pick<ServeOptions, 'tlsKey' | 'tlsCert'>>;

const nodeOptions = async (options: Words): Promise<NodeOptions> => ({
  dir: options.data,
  host: options.host,
  port: Number(options.port),
  level: options.logLevel,
  log: (line) => process.stderr.write(line),
  otlp: options.otlp ?? process.env['OTEL_EXPORTER_OTLP_ENDPOINT'],
  ...(options.public === true ? { allowPublic: true } : {}),
  ...(await tlsOf(options)),
});

const tlsOf = async ({ tlsKey, tlsCert }: Words): Promise<Pick<NodeOptions, 'tls'>> => {
  if (tlsKey === undefined && tlsCert === undefined) return {};
  if (tlsKey === undefined || tlsCert === undefined) throw usage('TLS needs both --tls-key and --tls-cert');
  return { tls: { key: await readFile(tlsKey, 'utf8'), cert: await readFile(tlsCert, 'utf8') } };
};

/** Says in words what keeps a node from starting. */
export const failing = async <T>({ host, port }: Pick<Words, 'host' | 'port'>, start: Promise<T>): Promise<T> => {
  try {
    return await start;
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE') {
      throw new Failure(EXIT.conflict, `${host}:${port} is taken by another process`, {
        try: 'another --port, or `airspace down`',
        code: 'port-taken',
      });
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL') throw usage(`${host}:${port} cannot be bound: ${code}`);
    if (thrown instanceof Fault && thrown.code !== 'internal') {
      throw new Failure(thrown.code === 'unreachable' ? EXIT.unreachable : EXIT.usage, thrown.message, {
        code: thrown.code,
      });
    }
    throw thrown;
  }
};

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export const untilAsked = (): Promise<void> =>
  new Promise((resolve) => {
    let asked = false;
    const ask = (): void => {
      if (asked) process.exit(EXIT.interrupted);
      asked = true;
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, ask);
  });

const freePort = async (): Promise<number> => {
  const { createServer } = await import('node:net');
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
};
