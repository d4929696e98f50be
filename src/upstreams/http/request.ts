/** What is written to the wire for a call: the path from parts, and headers that carry context but never the caller's credentials. */
import {
  type Call,
  type Decided,
  type Endpoint,
  Fault,
  HEADERS,
  isCredentialHeader,
  outwards,
  RESERVED_PREFIX,
  type TargetKind,
} from '../../contract/index.ts';

/** Node to node only: the sender proves itself and owns retries. */
export interface NodeContext {
  readonly nodeId: string;
  /** Signed by this node: on whose behalf it calls. */
  readonly assertion: string;
  /** Signed by this node: people approved this call. Empty: nobody was asked here. */
  readonly approval: string;
  /** Number of the try when the sender retries; null for a node that retries itself and must not take it as done (R1). */
  readonly attempt: number | null;
}

export interface RequestContext {
  /** Span of this attempt. */
  readonly span: string;
  /** Infinity when nothing bounds the call. */
  readonly remainingMs: number;
  /** Sent when the caller gave no key of its own; empty: none. */
  readonly fallbackKey: string;
  readonly node: NodeContext | null;
  /** Where the call stands in its tree: names and values in turns. */
  readonly tree: readonly string[];
}

/** What a hop and the way back cost, so that the callee gives up before its caller does (D1). */
const HOP_MS = 5;

const PLURAL: Readonly<Record<TargetKind, string>> = { agent: 'agents', tool: 'tools', model: 'models' };

/**
 * INVARIANT: none of these ever leaves, whatever door let it in: hop-by-hop fields, the caller's credentials, addresses a
 * caller can make up, and fields that the HTTP client writes itself.
 */
const NEVER: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'proxy-connection',
  'proxy-authenticate',
  'cookie',
  'host',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'content-length',
  'content-type',
  'content-encoding',
  'accept',
  'accept-encoding',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  HEADERS.idempotencyKey,
  HEADERS.traceparent,
]);

/** Safe characters of names need no escaping; anything else is escaped, and a dot segment is never a name. */
const segment = (text: string): string => {
  if (text === '' || text === '.' || text === '..')
    throw new Fault('bad_request', 'a name cannot be empty, `.` or `..`');
  return encodeURIComponent(text);
};

/** `base` is the endpoint's own path without a slash at its end. */
export const pathOf = (base: string, call: Call, protocol: Endpoint['protocol']): string => {
  const { kind, name, operation } = call.target;
  return protocol === 'direct'
    ? `${base}/${segment(operation)}`
    : `${base}/v1/${PLURAL[kind]}/${segment(name)}/${segment(operation)}`;
};

const principalInfo = (call: Call): string => {
  const { principal } = call;
  if (principal === null) return '';
  return `id=${encodeURIComponent(principal.id)};kind=${principal.kind};tenant=${encodeURIComponent(principal.tenant)}`;
};

/** A flat list of names and values: the cheapest form that the client takes. */
export const headersOf = (call: Call, context: RequestContext): string[] => {
  const { trace } = call;
  const out = [
    'accept',
    call.accept === '' ? '*/*' : context.node === null ? outwards(call.accept) : call.accept,
    HEADERS.traceparent,
    `00-${trace.trace}-${context.span}-${trace.sampled ? '01' : '00'}`,
    HEADERS.callId,
    call.id,
  ];
  if (call.contentType !== '')
    out.push('content-type', context.node === null ? outwards(call.contentType) : call.contentType);
  if (call.session !== undefined) out.push(HEADERS.session, call.session);
  if (context.remainingMs !== Number.POSITIVE_INFINITY)
    out.push(HEADERS.timeoutMs, String(Math.max(1, Math.floor(context.remainingMs - HOP_MS))));
  const key = call.idempotencyKey ?? context.fallbackKey;
  if (key !== '') out.push(HEADERS.idempotencyKey, key);
  if (context.node === null) out.push(HEADERS.principal, principalInfo(call));
  else nodeHeaders(out, call, context.node);
  out.push(...context.tree);
  for (const [name, value] of call.headers) {
    if (!NEVER.has(name) && !isCredentialHeader(name) && !name.startsWith(RESERVED_PREFIX)) out.push(name, value);
  }
  return out;
};

const nodeHeaders = (out: string[], call: Call, node: NodeContext): void => {
  const { root, parent, depth } = call.lineage;
  out.push(
    'authorization',
    `Airspace-Node ${node.assertion}`,
    HEADERS.lineage,
    `${root};${parent ?? ''};${depth}`,
    HEADERS.via,
    [...call.via, node.nodeId].join(','),
  );
  if (node.approval !== '') out.push(HEADERS.approval, node.approval);
  if (call.decided !== undefined) out.push(HEADERS.policy, decidedText(call.decided));
  if (call.pin !== undefined) out.push(HEADERS.pin, call.pin);
  if (node.attempt !== null) out.push(HEADERS.attempt, String(node.attempt));
};

const decidedText = ({ version, snapshotSeq, trial }: Decided): string =>
  trial === undefined ? `${version};${snapshotSeq}` : `${version};${snapshotSeq};${trial}`;
