/** How a call leaves over HTTP: to a target itself, or to another node that governs it again. */
import { Readable } from 'node:stream';
import {
  type Call,
  type Endpoint,
  Fault,
  HEADERS,
  type Principal,
  RESERVED_PREFIX,
  type Reply,
  type Scope,
} from '../../contract/index.ts';
import { Permit, remainingMs, throwIfOver, type World } from '../../kernel/index.ts';
import type { Words } from '../words.ts';
import { concealed } from './conceal.ts';
import type { Secured } from './connector.ts';
import { Exchange } from './exchange.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { type How, Pools, type Way } from './pools.ts';
import { headersOf, type NodeContext, pathOf } from './request.ts';

export interface HttpUpstreamOptions {
  readonly world: World;
  /** This node, as `via` names it. */
  readonly nodeId: string;
  /** Signs an assertion for the node behind an `airspace` endpoint. Absent: such endpoints are refused. */
  readonly assertFor?: (principal: Principal, node: string) => string;
  /**
   * How connections to another node are secured: the same answer for as long as they may stay. Undefined: that node is reached like any
   * server, as hubs are. Throws Fault when it cannot be reached now. Absent: as any server.
   */
  readonly secure?: (node: string) => Secured | undefined;
  /** This node's word for another that people approved the call. Undefined: they were not asked here. */
  readonly vouch?: (call: Call, node: string) => string | undefined;
  /** The secret of a target, for a request to `origin`. Throws Fault. Absent: targets that want one are refused. */
  readonly reveal?: (tenant: string, secret: string, origin: string) => string;
  /** Headers, names and values in turns, that say where the call stands in its tree; `span` is the parent that the target sees. */
  readonly handOver?: (call: Call, endpoint: Endpoint, span: string, scope: Scope) => readonly string[];
  /** Does the call change the world? Then it carries its own id as idempotency key. Default: every call may. */
  readonly mutates?: (call: Call) => boolean;
  readonly limits?: Partial<Limits>;
}

/** A request as a protocol wants it. What every call carries is added: its trace, its tree, who calls, the secret of the target. */
export interface WireRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Behind the endpoint's own URL; begins with a slash, or is empty. */
  readonly path: string;
  /** Empty without body. */
  readonly contentType: string;
  readonly accept: string;
  /** Names in lower case and values in turns; they stand for headers of the call with the same names. */
  readonly headers: readonly string[];
  readonly body: Uint8Array | null | ((traceparent: string) => Uint8Array);
  /** Longest silence that is no sign of trouble, before the first byte and between two. Default: the limits of this upstream. */
  readonly quietMs?: number;
  /** Somebody else's service, such as a model provider: it hears nothing of who calls, nor of Airspace. Default false. */
  readonly isForeign?: boolean;
  /** Over HTTP/2, also without TLS: what gRPC needs. Default false. */
  readonly isHttp2?: boolean;
  /** Called before the body of the reply ends, with what stands behind it. */
  readonly onTrailers?: (trailers: Readonly<Record<string, string | string[] | undefined>>) => void;
}

export interface ProbeResult {
  /** Answered within the time with a status from 200 to 299. */
  readonly healthy: boolean;
  /** 0 when nothing answered. */
  readonly status: number;
  readonly durationMs: number;
}

export interface HttpUpstream {
  /**
   * The handler of one endpoint; cheap, so ask for it per call. Other nodes learn the number of the try (R1). `words`: what a target
   * itself is sent instead of the call's own.
   * Faults: `denied` without a permit, `expired`, `unreachable`, `refused`, `timeout`, `cancelled`, `upstream_broken`,
   * `upstream_invalid`, `slow_consumer`, and any fault of the node behind an `airspace` endpoint.
   */
  to(endpoint: Endpoint): (call: Call, scope: Scope, words?: Words) => Promise<Reply>;
  /**
   * One request of another protocol for a call that goes to a target itself: the same permit, secrets, limits and timers. Faults as above.
   */
  send(endpoint: Endpoint, call: Call, scope: Scope, request: WireRequest): Promise<Reply>;
  /** A health check: GET without payload or credentials. Never throws. */
  probe(endpoint: Endpoint, path: string, timeoutMs: number): Promise<ProbeResult>;
  /** Destroys every connection. Calls in flight end as `upstream_broken`. */
  close(): Promise<void>;
}

export const httpUpstream = (options: HttpUpstreamOptions): HttpUpstream => {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const pools = new Pools(options.world.clock, limits);
  return {
    to:
      (endpoint) =>
      async (call, scope, words = call) => {
        const { policyVersion } = Permit.check(call); // before any socket is touched
        checkTime(scope);
        const sending = { options, limits, endpoint, policy: policyVersion, call, scope };
        return exchange(pools.to(endpoint.url, howTo(options, endpoint)), sending, words);
      },
    send: async (endpoint, call, scope, request) => {
      const { policyVersion } = Permit.check(call);
      checkTime(scope);
      if (endpoint.protocol !== 'direct') throw new Fault('internal', 'a node is spoken to in its own protocol only');
      const sending = { options, limits, endpoint, policy: policyVersion, call, scope };
      return sendRequest(pools.to(endpoint.url, { isHttp2: request.isHttp2 }), sending, request);
    },
    probe: (endpoint, path, timeoutMs) => probe(options.world, pools.to(endpoint.url), path, timeoutMs),
    close: () => pools.close(),
  };
};

const PLAIN: How = {};

const howTo = ({ secure }: HttpUpstreamOptions, { protocol, node, url, id }: Endpoint): How => {
  const secured = protocol === 'airspace' ? secure?.(node) : undefined;
  if (secured === undefined) return PLAIN;
  if (!url.startsWith('https:'))
    throw new Fault('unreachable', `node \`${node}\` says that it is at \`${id}\` without TLS; nothing was sent`, {
      executed: 'no',
    });
  return { node, secured };
};

/** Expired before dispatch is not sent (D3). */
const checkTime = (scope: Scope): void => {
  throwIfOver(scope);
  if (remainingMs(scope) <= 0) throw new Fault('expired', 'the time of this call was over before it could be sent');
};

interface Sending {
  readonly options: HttpUpstreamOptions;
  readonly limits: Limits;
  readonly endpoint: Endpoint;
  readonly policy: string;
  readonly call: Call;
  readonly scope: Scope;
}

const exchange = ({ pool, base }: Way, sending: Sending, words: Words): Promise<Reply> => {
  const { options, limits, endpoint, policy, call, scope } = sending;
  const span = scope.ids.spanId();
  const path = pathOf(base, call, endpoint.protocol);
  const { contentType, accept } = words;
  const headers = headersOf(words === call ? call : { ...call, contentType, accept }, {
    span,
    remainingMs: remainingMs(scope),
    fallbackKey: endpoint.protocol === 'direct' && (options.mutates?.(call) ?? true) ? call.id : '',
    node: endpoint.protocol === 'airspace' ? nodeContext(sending) : null,
    tree: options.handOver?.(call, endpoint, span, scope) ?? [],
  });
  const secret = addCredential(headers, sending);
  const body = words.body.kind === 'bytes' ? words.body.bytes : Readable.from(words.body.chunks, { objectMode: false });
  return new Promise((resolve, reject) => {
    const handler = new Exchange({
      call,
      scope,
      endpoint,
      limits,
      policy,
      span,
      resolve: hiding(secret, resolve),
      reject,
    });
    pool.dispatch({ method: 'POST', path, headers, body }, handler);
  });
};

/** Without idempotency key: other protocols have words of their own for that, or none. */
const sendRequest = ({ pool, base }: Way, sending: Sending, request: WireRequest): Promise<Reply> => {
  const { options, limits, endpoint, policy, call, scope } = sending;
  const span = scope.ids.spanId();
  const own = new Set(request.headers.filter((_, at) => at % 2 === 0));
  const sent: Call = {
    ...call,
    contentType: request.contentType,
    accept: request.accept,
    headers: call.headers.filter(([name]) => !own.has(name)),
  };
  const headers = headersOf(sent, {
    span,
    remainingMs: remainingMs(scope),
    fallbackKey: '',
    node: null,
    tree: request.isForeign === true ? [] : (options.handOver?.(call, endpoint, span, scope) ?? []),
  });
  if (request.isForeign === true) forget(headers);
  headers.push(...request.headers);
  const secret = addCredential(headers, sending);
  const body = typeof request.body === 'function' ? request.body(traceOf(headers)) : request.body;
  return new Promise((resolve, reject) => {
    const patient = patience(request.isHttp2 === true ? unpaused(limits) : limits, request.quietMs);
    const parts = { call, scope, endpoint, limits: patient, policy, span, resolve: hiding(secret, resolve), reject };
    const handler = new Exchange(
      request.onTrailers === undefined ? parts : { ...parts, onTrailers: request.onTrailers },
    );
    pool.dispatch({ method: request.method, path: `${base}${request.path}` || '/', headers, body }, handler);
  });
};

const traceOf = (headers: readonly string[]): string => headers[headers.indexOf(HEADERS.traceparent) + 1] ?? '';

/**
 * Over HTTP/2 the client forgets what it holds back as soon as trailers come, so it may hold nothing back: as much as one reply may have
 * waits here, and whoever reads more slowly than that is cut.
 */
const unpaused = (limits: Limits): Limits => ({
  ...limits,
  pauseBytes: Number.POSITIVE_INFINITY,
  cutBytes: Math.max(limits.cutBytes, limits.maxReplyBytes),
});

const patience = (limits: Limits, quietMs: number | undefined): Limits =>
  quietMs === undefined ? limits : { ...limits, firstByteMs: quietMs, modelFirstByteMs: quietMs, idleMs: quietMs };

/** Baggage is whatever anybody put into it on the way. */
const forget = (headers: string[]): void => {
  for (let at = headers.length - 2; at >= 0; at -= 2) {
    const name = headers[at]!;
    if (name.startsWith(RESERVED_PREFIX) || name === 'baggage' || name === HEADERS.tracestate) headers.splice(at, 2);
  }
};

const hiding =
  (secret: string, resolve: (reply: Reply) => void): ((reply: Reply) => void) =>
  (reply) =>
    resolve(secret === '' ? reply : concealed(reply, secret));

/**
 * Answers the secret, to be hidden in what comes back; empty: none.
 * INVARIANT: the one place where a secret is in clear, and only on its way to the target.
 */
const addCredential = (headers: string[], { options, endpoint, call }: Sending): string => {
  const { credential, url } = endpoint;
  if (credential === undefined) return '';
  if (options.reveal === undefined || call.principal === null)
    throw new Fault(
      'unavailable',
      `this node has no secrets, and \`${call.target.name}\` wants \`${credential.secret}\`; let it be called through the hub`,
    );
  const value = options.reveal(call.principal.tenant, credential.secret, new URL(url).origin);
  const [name, shown] =
    credential.as === 'bearer' ? ['authorization', `Bearer ${value}`] : [credential.as.slice('header:'.length), value];
  // A caller that sends a header of this name would be read first, or together with ours.
  for (let at = headers.length - 2; at >= 0; at -= 2) if (headers[at] === name) headers.splice(at, 2);
  headers.push(name, shown);
  return value;
};

const nodeContext = ({ options, endpoint, call }: Sending): NodeContext => {
  if (options.assertFor === undefined || call.principal === null)
    throw new Fault(
      'unavailable',
      `this node has no identity to call node \`${endpoint.node}\` with; let it join first`,
    );
  const attempt = endpoint.final ? null : Math.max(1, call.avoid?.length ?? 1);
  return {
    nodeId: options.nodeId,
    attempt,
    assertion: options.assertFor(call.principal, endpoint.node),
    approval: options.vouch?.(call, endpoint.node) ?? '',
  };
};

const probe = ({ clock }: World, { pool, base }: Way, path: string, timeoutMs: number): Promise<ProbeResult> => {
  const startMs = clock.nowMs();
  return new Promise((resolve) => {
    let status = 0;
    let abort = (): void => {};
    let over = false;
    const settle = (healthy: boolean): void => {
      if (over) return;
      over = true;
      timer.cancel();
      resolve({ healthy, status, durationMs: clock.nowMs() - startMs });
      abort();
    };
    const timer = clock.after(timeoutMs, () => settle(false));
    pool.dispatch(
      { method: 'GET', path: `${base}${path.startsWith('/') ? '' : '/'}${path}` },
      {
        onRequestStart: (controller) => {
          abort = () => controller.abort(new Error('the probe is over'));
          if (over) abort();
        },
        onResponseStart: (_, code) => {
          if (code < 200) return;
          status = code;
          if (code > 299) settle(false);
        },
        onResponseData: () => {},
        onResponseEnd: () => {
          abort = () => {};
          settle(status > 0 && status < 300);
        },
        onResponseError: () => settle(false),
      },
    );
  });
};
