/** One HTTP listener for any number of doors: secure by default (T28), checks what every door must check, and drains. */
import http, { type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import https from 'node:https';
import { type AddressInfo, isIP, type Socket } from 'node:net';
import { type Clock, Fault } from '../contract/index.ts';
import { checkHost, isLoopback } from './host.ts';
import { type MutualTls, mutualServer } from './mutual.ts';
import { refuseRequest } from './refuse.ts';
import type { DoorRoute } from './routes.ts';
import { bindSocket } from './socket.ts';

/** True when the request is this door's; it will be answered by it. False: the next door is asked. */
export type Door = (req: IncomingMessage, res: ServerResponse) => boolean | Promise<boolean>;

/** Asked in order; a list that grows later is asked as it is then. */
export const anyOf =
  (doors: readonly Door[]): Door =>
  (req, res) =>
    askFrom(doors, 0, req, res);

/** Most answer at once, and waiting for what is there already would cost a turn for each of them. */
const askFrom = (doors: readonly Door[], first: number, ...came: Parameters<Door>): ReturnType<Door> => {
  for (let at = first; at < doors.length; at++) {
    const answer = doors[at]!(...came);
    if (answer === true) return true;
    if (answer !== false) return answer.then((is) => is || askFrom(doors, at + 1, ...came));
  }
  return false;
};

export interface ListenLimits {
  /** From the first byte until the headers are complete: slow senders of headers hold a connection no longer. */
  readonly headersMs: number;
  /** Until the whole request is there; also bounds uploads. */
  readonly requestMs: number;
  /** Idle connections. Longer than the 60 s that proxies in front commonly keep theirs, so that they close first. */
  readonly keepAliveMs: number;
  readonly maxHeaders: number;
  readonly maxHeaderBytes: number;
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** Drain: how long the listener still accepts after it said that it is not ready (3.9). */
  readonly settleMs: number;
  /** Drain: how long calls in flight may take to finish (3.9). */
  readonly drainMs: number;
  /** Drain: after this time, `goingAway` is called, so that open streams can end in good order (3.9). */
  readonly goingAwayMs: number;
}

export const LISTEN_LIMITS: ListenLimits = {
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 65_000,
  maxHeaders: 100,
  maxHeaderBytes: 16 * 1024,
  connections: 10_000,
  connectionsPerAddress: 2_000,
  settleMs: 2_000,
  drainMs: 25_000,
  goingAwayMs: 20_000,
};

export interface ListenOptions {
  /** An address of this machine. Other than loopback only together with `allowPublic` and `tls`. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Listens at this path instead, for the owner of this process only. */
  readonly socket?: string;
  /** Asked in this order. */
  readonly doors: readonly Door[];
  readonly clock: Clock;
  readonly limits?: Partial<ListenLimits>;
  /** PEM. Absent: plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** For nodes only: each proves with a certificate which one it is. Instead of `tls`. Absent: whoever comes may ask. */
  readonly mutual?: MutualTls;
  /** The operator wants other machines to reach this listener. Default false: a forgotten setting must not open a door. */
  readonly allowPublic?: boolean;
  /** The operator accepts that keys and payloads cross the network as plain text; whoever starts the node must say so in its status. */
  readonly allowPlainPublic?: boolean;
  /**
   * Further values of `host` that are ours, with or without port; all others but loopback names are refused (DNS
   * rebinding). Absent on a public bind: any host will do.
   */
  readonly allowedHosts?: readonly string[];
  /** Called late in a drain; doors pass the word to what is still open. */
  readonly goingAway?: () => void;
  /** What `GET /readyz` answers while the listener does not drain. Default: always ready. */
  readonly ready?: () => boolean;
}

export interface Listener {
  readonly url: string;
  /** Graceful: not ready at once, then no new connections, then calls in flight finish. Otherwise everything ends now. */
  close(graceful: boolean): Promise<void>;
}

/** Throws `bad_request` for a bind that was not allowed, and what the system says about the port or the certificate. */
export const listen = async (options: ListenOptions): Promise<Listener> => {
  refuseOpenBind(options);
  const limits = { ...LISTEN_LIMITS, ...options.limits };
  const front = new Front(options, limits);
  const server = createServer(options, limits, (req, res) => void front.take(req, res));
  capConnections(server, limits);
  await bound(server, options);
  return { url: urlOf(server, options), close: (graceful) => drain({ server, front, options, limits }, graceful) };
};

/**
 * T28: what other machines can reach needs a word from the operator, and TLS or one more word. `listen` asks it too; a node that
 * opens its stores first asks before it touches anything.
 */
export const refuseOpenBind = ({
  host,
  tls,
  mutual,
  allowPublic,
  allowPlainPublic,
}: Pick<ListenOptions, 'host' | 'tls' | 'mutual' | 'allowPublic' | 'allowPlainPublic'>): void => {
  const isSecured = tls !== undefined || mutual !== undefined;
  if (isLoopback(host) || allowPlainPublic === true || (allowPublic === true && isSecured)) return;
  throw new Fault(
    'bad_request',
    allowPublic === true
      ? `\`${host}\` can be reached from other machines, and without TLS they would see every key and payload`
      : `\`${host}\` can be reached from other machines; bind to 127.0.0.1, or say that a public listener is wanted`,
  );
};

const createServer = (
  { tls, mutual }: ListenOptions,
  limits: ListenLimits,
  take: (req: IncomingMessage, res: ServerResponse) => void,
): Server => {
  const settings: http.ServerOptions = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(2_000, limits.headersMs),
    maxHeaderSize: limits.maxHeaderBytes,
    requireHostHeader: true,
    insecureHTTPParser: false,
    noDelay: true,
  };
  const server =
    mutual !== undefined
      ? mutualServer(settings, mutual, take)
      : tls === undefined
        ? http.createServer(settings, take)
        : https.createServer({ ...settings, ...tls }, take);
  // One more than allowed, because the parser drops the rest in silence and we want to say no.
  server.maxHeadersCount = limits.maxHeaders + 1;
  server.maxConnections = limits.connections;
  // An upgrade that no door speaks is an ordinary request; a CONNECT is nothing at all.
  server.on('connect', (_, socket) => socket.destroy());
  return server;
};

const capConnections = (server: Server, limits: ListenLimits): void => {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    const count = (open.get(address) ?? 0) + 1;
    if (count > limits.connectionsPerAddress) {
      socket.destroy();
      return;
    }
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
  });
};

const bound = (server: Server, { host, port, socket }: ListenOptions): Promise<void> => {
  if (socket !== undefined) return bindSocket(server, socket);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 1024 }, () => {
      server.off('error', reject);
      resolve();
    });
  });
};

const urlOf = (server: Server, { host, tls, mutual, socket }: ListenOptions): string => {
  if (socket !== undefined) return `unix:${socket}`;
  const { port } = server.address() as AddressInfo;
  return `${tls === undefined && mutual === undefined ? 'http' : 'https'}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
};

/** What stands before all doors: the checks of every request, and health. */
class Front {
  readonly #options: ListenOptions;
  readonly #limits: ListenLimits;
  readonly #loopback: boolean;
  readonly #enter: Door;
  draining = false;

  constructor(options: ListenOptions, limits: ListenLimits) {
    this.#options = options;
    this.#limits = limits;
    this.#loopback = isLoopback(options.host);
    this.#enter = anyOf(options.doors);
  }

  async take(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (this.draining) res.shouldKeepAlive = false;
    try {
      this.#check(req);
      if (this.#health(req, res)) return;
      this.#options.mutual?.enter(req);
      const answer = this.#enter(req, res);
      if (answer === true || (answer !== false && (await answer))) return;
      throw new Fault('not_found', 'nothing is served at this path');
    } catch (thrown) {
      refuseRequest(req, res, Fault.from(thrown));
    }
  }

  #check(req: IncomingMessage): void {
    if (req.rawHeaders.length / 2 > this.#limits.maxHeaders)
      throw new Fault('bad_request', `there are more than ${this.#limits.maxHeaders} headers`);
    req.url = checkHost(req, this.#options.allowedHosts ?? (this.#loopback ? [] : null));
  }

  #health(req: IncomingMessage, res: ServerResponse): boolean {
    if (req.url !== '/healthz' && req.url !== '/readyz') return false;
    if (req.method !== 'GET' && req.method !== 'HEAD') return false;
    const well = req.url === '/healthz' || (!this.draining && (this.#options.ready?.() ?? true));
    res.writeHead(well ? 200 : 503, { 'content-type': 'text/plain', 'cache-control': 'no-store' });
    res.end(well ? 'ok\n' : 'not ready\n');
    return true;
  }
}

interface Draining {
  readonly server: Server;
  readonly front: Front;
  readonly options: ListenOptions;
  readonly limits: ListenLimits;
}

const drain = async ({ server, front, options, limits }: Draining, graceful: boolean): Promise<void> => {
  front.draining = true;
  const { clock } = options;
  if (graceful) await new Promise<void>((resolve) => clock.after(limits.settleMs, resolve));
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  if (!graceful) server.closeAllConnections();
  const away = clock.after(limits.goingAwayMs, () => options.goingAway?.());
  const late = clock.after(limits.drainMs, () => server.closeAllConnections());
  const stopSweep = sweepIdle(server, clock);
  await closed;
  stopSweep();
  away.cancel();
  late.cancel();
};

const SWEEP_MS = 50;

/** Connections fall idle one by one as their calls finish, and each would otherwise stay for its keep-alive time. */
const sweepIdle = (server: Server, clock: Clock): (() => void) => {
  let timer = clock.after(0, sweep);
  function sweep(): void {
    server.closeIdleConnections();
    timer = clock.after(SWEEP_MS, sweep);
  }
  return () => timer.cancel();
};

const probe = (method: DoorRoute['method'], path: string, summary: string): DoorRoute => ({
  door: 'listener',
  method,
  path,
  summary,
  gate: { kind: 'open' },
});

/** What is answered before any door is asked. */
export const listenerRoutes: readonly DoorRoute[] = (['GET', 'HEAD'] as const).flatMap((method) => [
  probe(method, '/healthz', 'is the process there'),
  probe(method, '/readyz', 'may it get calls'),
]);
