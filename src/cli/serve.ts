/** `airspace serve` and `airspace sidecar run`: one node as a process, from the words of the command line to its last log line. */
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { DEFAULT_TENANT, Name, WHOLE_TENANT } from '../contract/index.ts';
import { readSources } from '../control/index.ts';
import { writePrivateFile } from '../identity/index.ts';
import { hasPassword, isPostgres } from '../stores/index.ts';
import type { Context } from './context.ts';
import { EXIT, usage } from './failure.ts';
import type { ServeOptions, SidecarOptions } from './lifecycle.ts';
import { startDomainHub } from './node/domain.ts';
import { hasAdministrator, type RunningHub, startHub } from './node/hub.ts';
import type { RunningNode } from './node/node.ts';
import { type RunningSidecar, startSidecar } from './node/sidecar.ts';
import { addressOf, nodeOptions, requireReachable, tokenFor } from './node-words.ts';
import { parseDuration } from './render/time.ts';
import { roomOptions } from './room-words.ts';
import { forgetRunning, localUrlOf, writeRunning } from './running.ts';
import { APP_FILE, failing, untilAsked } from './starting.ts';
import { type AgentProcess, runAgent } from './up/agent-process.ts';

export const serve = async (context: Context, options: ServeOptions): Promise<number> => {
  const node =
    options.role === 'domain' || options.parent !== undefined
      ? await startDomain(context, options)
      : await startRoot(context, options);
  await tellRunning(context, options.data, node.url);
  context.out.stdout.write(`${options.parent === undefined ? 'hub' : 'domain'} ${node.id} listening on ${node.url}\n`);
  keepCompiled();
  await untilAsked();
  await node.stop(true);
  await forgetRunning(options.data);
  return EXIT.ok;
};

/** Node keeps what it compiled when a process ends in order; one that is killed would start as slowly as the first time, always. */
const keepCompiled = (): void => void setImmediate(flushCompileCache);

/** Commands in this folder find the node, when this machine's own address leads to it. */
const tellRunning = async ({ out }: Context, data: string, url: string): Promise<void> => {
  const local = localUrlOf(url);
  if (local !== undefined) await writeRunning(data, { url: local, pid: process.pid });
  else out.note(`commands on this machine need --url ${url}; a SIGTERM to process ${process.pid} ends it`);
};

const oracleOf = ({ oracle }: ServeOptions): { readonly oracle?: number } =>
  oracle === undefined ? {} : { oracle: Number(oracle) / 100 };

const webhookOf = ({ approvalWebhook }: ServeOptions): { readonly approvalWebhook?: string } => {
  if (approvalWebhook === undefined) return {};
  if (!URL.canParse(approvalWebhook))
    throw usage(`--approval-webhook \`${approvalWebhook}\` is no address such as https://chat.example/hooks/1`);
  return { approvalWebhook };
};

/** Arguments can be read by everybody on a machine; the environment of a process cannot. */
const storeOf = ({ io }: Context, { store }: ServeOptions): { readonly store?: string } => {
  if (store !== undefined && hasPassword(store))
    throw usage(
      '--store holds a password, and everybody on this machine can read it in the list of processes',
      'the address without it, and the password in ~/.pgpass, PGPASSWORD or the address in AIRSPACE_STORE',
    );
  const address = store ?? (io.env['AIRSPACE_STORE'] || undefined);
  if (address === undefined) return {};
  if (!isPostgres(address)) throw usage('a store is written as postgres://user@host:5432/database');
  return { store: address };
};

const graceOf = (text: string | undefined): number | undefined => {
  const graceMs = text === undefined ? undefined : parseDuration(text);
  if (text !== undefined && graceMs === undefined)
    throw usage(`--reservation-grace must be such as 60s, not \`${text}\``);
  return graceMs;
};

const startRoot = async (context: Context, options: ServeOptions): Promise<RunningHub> => {
  const { out } = context;
  const hub = await failing(
    options,
    startHub({
      ...(await nodeOptions(context, options)),
      ...oracleOf(options),
      ...storeOf(context, options),
      twoPerson: options.twoPerson ?? false,
      rootKeyFile: options.rootKeyFile,
      reservationGraceMs: graceOf(options.reservationGrace),
      auditReads: options.auditReads ?? false,
      auditCheckpoints: options.auditCheckpoints ?? [],
      ...webhookOf(options),
      ...roomOptions(options),
    }),
  );
  try {
    await applyFiles(hub, options.config ?? []);
  } catch (thrown) {
    // Listening with half of what was asked for would look like success to whoever watches the port.
    await hub.stop(false);
    throw thrown;
  }
  if (!hasAdministrator(hub.control, Date.now())) {
    out.note(
      `nobody can administer this node yet: \`airspace bootstrap --data ${options.data}\` on this machine makes the first administrator`,
    );
  }
  return hub;
};

const startDomain = async (context: Context, options: ServeOptions): Promise<RunningNode> => {
  if (options.parent === undefined)
    throw usage('a domain hub needs a parent', 'airspace serve --role domain --parent http://... --token-file ...');
  refuseRootWords(options);
  requireReachable(options);
  const hub = await failing(
    options,
    startDomainHub({
      ...(await nodeOptions(context, options)),
      ...webhookOf(options),
      ...roomOptions(options),
      twoPerson: options.twoPerson ?? false,
      rootKeyFile: options.rootKeyFile,
      auditCheckpoints: options.auditCheckpoints ?? [],
      hubUrl: options.parent,
      token: await tokenFor(context, options),
    }),
  );
  try {
    // What the files may say depends on what is above.
    if ((options.config ?? []).length > 0) await hub.heard(HEARD_WITHIN_MS);
    await applyFiles(hub, options.config ?? [], hub.tenant);
  } catch (thrown) {
    await hub.stop(false);
    throw thrown;
  }
  return hub;
};

const HEARD_WITHIN_MS = 15_000;

/** By their words on the command line. A protection that is asked for and not there would be worse than none. */
const ROOT_WORDS = {
  store: '--store',
  auditReads: '--audit-reads',
} as const satisfies Partial<Record<keyof ServeOptions, string>>;

const refuseRootWords = (options: ServeOptions): void => {
  for (const [option, word] of Object.entries(ROOT_WORDS))
    if (options[option as keyof typeof ROOT_WORDS] !== undefined)
      throw usage(
        `a domain hub keeps its state in --data, beside what comes from its parent; ${word} is for hubs that have no parent`,
      );
};

/** Files of the operator, applied before the first call. What they already say changes nothing. */
const applyFiles = async (
  hub: Pick<RunningHub, 'configure'>,
  paths: readonly string[],
  tenant = DEFAULT_TENANT,
): Promise<void> => {
  if (paths.length === 0) return;
  const { resources, origins } = await readSources(paths);
  await hub.configure.apply({
    tenant,
    resources,
    origins,
    by: 'serve --config',
    rights: WHOLE_TENANT,
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
  requireReachable(options);
  if (options.tlsKey !== undefined && options.door === undefined && options.grpc === undefined)
    throw usage(
      'other nodes know a sidecar by the certificate that it has from its hub; --tls-key and --tls-cert are for --door and --grpc',
    );
  if (options.keepOutput === true && (options.stdio === true || command.length === 0))
    throw usage(
      '--keep-output is for what an agent writes that the sidecar starts; standard error of a server on --stdio is in the logs anyway',
      'airspace sidecar run --hub http://... --token-file t --keep-output -- node agent.mjs',
    );
  if (options.stdio === true) return toolSidecar(context, command, options);
  const port = options.agentUrl === undefined && command.length > 0 ? await freePort() : undefined;
  const agentUrl = options.agentUrl ?? (port === undefined ? null : `http://127.0.0.1:${port}`);
  let agent: AgentProcess | undefined;
  const node = await failing(
    options,
    startSidecar({
      ...(await nodeOptions(context, options, true)),
      ...listenersOf(options),
      hubUrl: options.hub,
      token: await tokenFor(context, options),
      agentUrl,
      agentVersion: options.agentVersion,
      labels: labelsOf(options.label),
      agentReady: () => command.length === 0 || agent?.isReady() === true,
      ...(options.appGrpc === true ? { appGrpc: true } : {}),
    }),
  );
  const asked = untilAsked();
  let graceful = false;
  try {
    await writePrivateFile(join(options.data, APP_FILE), JSON.stringify(appOf(node)));
    if (command.length > 0 && agentUrl !== null)
      agent = runAgent(
        command,
        {
          ...environmentOf(node),
          ...(port === undefined ? {} : { PORT: String(port), AIRSPACE_AGENT_PORT: String(port) }),
        },
        agentUrl,
        options.keepOutput === true ? (...said) => node.heard(...said) : undefined,
      );
    context.out.stdout.write(`sidecar ${node.id} listening on ${node.url}, for its agent on ${node.appUrl}\n`);
    keepCompiled();
    const ended = await Promise.race([asked, ...(agent === undefined ? [] : [agent.ended])]);
    graceful = ended === undefined;
    return ended ?? EXIT.ok;
  } finally {
    // The sidecar finishes what is under way first, then the agent may go: the other order would break calls.
    await node.stop(graceful);
    if (graceful) await agent?.stop();
  }
};

/** What a sidecar opens besides the listener for other nodes. */
const listenersOf = ({ appPort, appSocket, door }: SidecarOptions) => ({
  ...(appPort === undefined ? {} : { appPort: Number(appPort) }),
  ...(appSocket === undefined ? {} : { appSocket }),
  ...(door === undefined ? {} : { door: addressOf('--door', door) }),
});
const labelsOf = (words: readonly string[] = []): Readonly<Record<string, string>> => {
  const labels = words.map((word) => {
    const [, name = '', value] = /^([^=]*)=(.*)$/.exec(word) ?? [];
    if (value === undefined || !Name.safeParse(name).success || value.length > 63)
      throw usage(`--label must be such as residency=eu, not \`${word}\``);
    return [name, value] as const;
  });
  return Object.fromEntries(labels);
};

/** Beside a tool: the node itself starts the server, and starts it again when it ends. */
const toolSidecar = async (context: Context, command: readonly string[], options: SidecarOptions): Promise<number> => {
  if (command.length === 0 || options.agentUrl !== undefined)
    throw usage(
      'with --stdio the sidecar starts the server, and needs to know how',
      'airspace sidecar run --hub http://... --token-file t --stdio -- <command>',
    );
  if (options.appGrpc === true) throw usage('--app-grpc is for agents that call, and a tool calls nobody');
  const node = await failing(
    options,
    startSidecar({
      ...(await nodeOptions(context, options, true)),
      ...listenersOf(options),
      hubUrl: options.hub,
      token: await tokenFor(context, options),
      agentUrl: null,
      agentVersion: options.agentVersion,
      labels: labelsOf(options.label),
      stdio: { command, env: serverEnvironment(context.io.env, options.passEnv ?? []) },
    }),
  );
  context.out.stdout.write(`sidecar ${node.id} listening on ${node.url}, for the MCP server that it started\n`);
  keepCompiled();
  await untilAsked();
  await node.stop(true);
  return EXIT.ok;
};

/** What programs need to run at all. Keys of others are in environments, so nothing else goes along that nobody named. */
const USUAL = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'TMPDIR',
  'TZ',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'NODE_EXTRA_CA_CERTS',
];

const serverEnvironment = (env: Context['io']['env'], passed: readonly string[]): Readonly<Record<string, string>> => {
  const missing = passed.filter((name) => env[name] === undefined);
  if (missing.length > 0) throw usage(`--pass-env names \`${missing[0]}\`, which is not set`);
  return Object.fromEntries(
    [...USUAL, ...passed].flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const])),
  );
};

const appOf = ({ appUrl, appKey, appGrpc, appSocket }: RunningSidecar) => ({
  ...{ url: appUrl, key: appKey },
  ...(appGrpc === '' ? {} : { grpc: appGrpc }),
  ...(appSocket === '' ? {} : { socket: appSocket }),
});

const environmentOf = (node: RunningSidecar) => {
  const { url, key, grpc, socket } = appOf(node);
  return {
    ...{ AIRSPACE_URL: url, AIRSPACE_KEY: key },
    ...(grpc === undefined ? {} : { AIRSPACE_GRPC: grpc }),
    ...(socket === undefined ? {} : { AIRSPACE_SOCKET: socket }),
  };
};

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
