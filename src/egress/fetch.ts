/**
 * One request to an address from outside, so that it cannot be turned against us: the name is resolved here, every answer is
 * checked, the connection goes to a checked address, and nothing is followed, read or waited for without bounds.
 */
import { lookup } from 'node:dns/promises';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP, type Socket } from 'node:net';
import { type Clock, Fault } from '../contract/index.ts';
import { isPermitted, isSameAddress, isThisMachine } from './address.ts';

export interface EgressOptions {
  readonly clock: Clock;
  /** Development: plain HTTP, any port, and addresses of this machine and its networks. Default false. */
  readonly allowPrivate?: boolean;
  /** Ports that this process listens on: we never talk to ourselves. Asked each time, because listeners come late. */
  readonly ownPorts?: () => readonly number[];
  /** Certificates of authorities that are trusted besides those of the system, PEM. */
  readonly ca?: string;
  /** All addresses of a name. Default: the system's resolver. */
  readonly resolve?: (name: string) => Promise<readonly string[]>;
}

export interface GuardedRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** For everything, from the resolver to the last byte. Default 10 s. */
  readonly timeoutMs?: number;
  /** Of the body of the response. Default 1 MiB. */
  readonly maxBytes?: number;
}

export interface GuardedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}

/**
 * A redirect is an answer, and nobody goes there: whoever redirects would decide where we go. Throws `denied` for an address that we
 * do not go to, `unreachable`, `timeout`, `upstream_broken` and `too_large`. No message has anything of a response, nor the address
 * that a name resolved to.
 */
export type GuardedFetch = (url: string, request?: GuardedRequest) => Promise<GuardedResponse>;

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 1024 * 1024;
const PORTS = new Set(['', '443', '8443']);

export const guardedFetch =
  (options: EgressOptions): GuardedFetch =>
  async (text, request = {}) =>
    once(options, { ...request, url: checkedUrl(text, options) });

const denied = (message: string): Fault => new Fault('denied', message);

/** Throws `denied`. Of the text itself; where it leads is checked when it is resolved. */
const checkedUrl = (text: string, { allowPrivate = false }: EgressOptions): URL => {
  const url = URL.parse(text);
  if (url === null) throw denied('this is no absolute URL');
  if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:'))
    throw denied(`\`${url.protocol}//\` is not allowed here; use https, or --allow-private-egress in development`);
  if (url.username !== '' || url.password !== '') throw denied('a URL must not contain credentials');
  if (url.hash !== '') throw denied('a URL must have no fragment');
  if (!allowPrivate && !PORTS.has(url.port)) throw denied(`port ${url.port} is not allowed; use 443 or 8443`);
  return url;
};

interface Once extends GuardedRequest {
  readonly url: URL;
}

const once = (options: EgressOptions, asked: Once): Promise<GuardedResponse> => {
  const { url, timeoutMs = TIMEOUT_MS } = asked;
  return new Promise((resolve, reject) => {
    const state: { isOver: boolean; request?: http.ClientRequest } = { isOver: false };
    const timer = options.clock.after(timeoutMs, () =>
      fail(new Fault('timeout', `\`${url.host}\` did not answer in time`)),
    );
    const fail = (fault: Fault): void => {
      state.isOver = true;
      timer.cancel();
      reject(fault);
      state.request?.destroy();
    };
    addressOf(options, url)
      .then((address) => {
        // A resolver may take longer than we have, and nobody would end what is sent then.
        if (state.isOver) return;
        state.request = send(options, asked, address, (outcome) => {
          if (outcome instanceof Fault) return fail(outcome);
          timer.cancel();
          resolve(outcome);
        });
      })
      .catch((thrown: unknown) => fail(Fault.from(thrown)));
  });
};

/** One address of the name. INVARIANT: all of them are allowed, or none is used: who answers with two may mean the other one. */
const addressOf = async (options: EgressOptions, { hostname, host, port, protocol }: URL): Promise<string> => {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  const addresses = isIP(bare) === 0 ? await resolved(options, bare, host) : [bare];
  const at = Number(port || (protocol === 'https:' ? 443 : 80));
  for (const address of addresses) throwIfForbidden(options, address, at, host);
  return addresses[0]!;
};

const resolved = async (
  { resolve = bySystem }: EgressOptions,
  name: string,
  host: string,
): Promise<readonly string[]> => {
  const addresses = await resolve(name).catch(() => []);
  if (addresses.length === 0) throw new Fault('unreachable', `\`${host}\` does not resolve`);
  return addresses;
};

const bySystem = async (name: string): Promise<readonly string[]> =>
  (await lookup(name, { all: true, order: 'verbatim' })).map(({ address }) => address);

const throwIfForbidden = (
  { allowPrivate = false, ownPorts }: EgressOptions,
  address: string,
  port: number,
  host: string,
): void => {
  if (!isPermitted(address, { allowPrivate }))
    throw denied(`\`${host}\` is not on the public network; --allow-private-egress lets development reach it`);
  if (ownPorts?.().includes(port) === true && isThisMachine(address)) throw denied(`\`${host}\` is this node itself`);
};

type Done = (outcome: GuardedResponse | Fault) => void;

const send = (options: EgressOptions, asked: Once, address: string, done: Done): http.ClientRequest => {
  const { url, method = 'GET', headers = {}, body } = asked;
  const secure = url.protocol === 'https:';
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const request = (secure ? https : http).request({
    host: address,
    port: url.port || (secure ? 443 : 80),
    path: url.pathname + url.search,
    method,
    // No connection is kept: the next one is checked again.
    agent: false,
    ...(secure && isIP(name) === 0 ? { servername: name } : {}),
    ...(options.ca === undefined ? {} : { ca: options.ca }),
    headers: { 'accept-encoding': 'identity', ...headers, host: url.host },
  });
  request.once('socket', (socket) => watch(socket, secure, address, options, url, done));
  request.once('error', (cause) =>
    done(new Fault('unreachable', `\`${url.host}\` cannot be reached`, { cause, executed: 'unknown' })),
  );
  request.once('response', (response) => void collect(response, asked, done));
  request.end(body);
  return request;
};

/** What we are connected to is what was checked. It cannot be otherwise, and it costs nothing to look. */
const watch = (
  socket: Socket,
  secure: boolean,
  address: string,
  options: EgressOptions,
  url: URL,
  done: Done,
): void => {
  socket.once(secure ? 'secureConnect' : 'connect', () => {
    const remote = socket.remoteAddress ?? '';
    const { allowPrivate = false } = options;
    if (isPermitted(remote, { allowPrivate }) && isSameAddress(remote, address)) return;
    done(denied(`\`${url.host}\` is not where it said`));
  });
};

const collect = async (response: IncomingMessage, { url, maxBytes = MAX_BYTES }: Once, done: Done): Promise<void> => {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.byteLength;
      if (size > maxBytes) return done(new Fault('too_large', `\`${url.host}\` answered more than ${maxBytes} bytes`));
      chunks.push(chunk);
    }
  } catch (cause) {
    return done(new Fault('upstream_broken', `\`${url.host}\` broke off its answer`, { cause }));
  }
  done({
    status: response.statusCode ?? 0,
    headers: response.headers,
    body: Buffer.concat(chunks, size),
  });
};
