/** The headers of a request, read once and strictly: what the caller says, and what only another node may say. */
import {
  type Credential,
  type Decided,
  Fault,
  HEADERS,
  isCredentialHeader,
  type Lineage,
  RESERVED_PREFIX,
  type TraceContext,
} from '../../contract/index.ts';
import { parseTraceparent } from './trace.ts';

/** Context that is believed only from a node; `identify` proves later that the sender is one, or refuses the call. */
export interface NodeSays {
  readonly callId: string;
  readonly lineage: Lineage;
  readonly via: readonly string[];
  readonly retriedElsewhere: boolean;
  /** Its word that people approved the call; whoever needs it looks into it. */
  readonly approval?: string;
  readonly decided?: Decided;
  /** The endpoint that has what the call is about. */
  readonly pin?: string;
}

export interface Inbound {
  readonly credential: Credential;
  readonly node: NodeSays | null;
  readonly contentType: string;
  /** Null: not declared. */
  readonly contentLength: number | null;
  readonly chunked: boolean;
  /** Lower case; empty when there is none. */
  readonly contentEncoding: string;
  readonly accept: string;
  readonly respondAsync: boolean;
  readonly trace: TraceContext | null;
  readonly timeoutMs?: number;
  readonly session?: string;
  readonly idempotencyKey?: string;
  /** Opaque here: whoever places calls in trees opens it, and refuses what is no good. */
  readonly run?: string;
  /** Of the versions of a capability that is asked for. */
  readonly range?: string;
  readonly passed: readonly (readonly [string, string])[];
}

/** Ours, hop-by-hop, credentials, or claims about addresses that any caller can make up. */
const KEPT_BACK: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'prefer',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  HEADERS.idempotencyKey,
  HEADERS.traceparent,
]);

/** Of these a second one is an attempt to be read in two ways. */
const ONCE: ReadonlySet<string> = new Set([
  'authorization',
  'content-type',
  'content-encoding',
  'host',
  HEADERS.idempotencyKey,
  HEADERS.traceparent,
]);

const bad = (message: string): Fault => new Fault('bad_request', message);

const VISIBLE = /^[\x21-\x7e]{1,255}$/;
const TOKEN = /^[A-Za-z0-9._~+/-]{1,4096}=*$/;
const CALL_ID = /^[0-9a-f]{32}$/;
const DECIDED = /^([A-Za-z0-9:._-]{1,80});(\d{1,15})(?:;(\d{1,15}))?$/;
const NODE_IDS = /^[A-Za-z0-9._-]{1,128}( ?, ?[A-Za-z0-9._-]{1,128}){0,31}$/;

/** Names in lower case, repeated ones joined as HTTP says. Throws `bad_request` where repetition is not harmless. */
const collect = (raw: readonly string[]): Map<string, string> => {
  const fields = new Map<string, string>();
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toLowerCase();
    const value = raw[at + 1]!;
    const before = fields.get(name);
    if (before !== undefined && (ONCE.has(name) || name.startsWith(RESERVED_PREFIX)))
      throw bad(`header \`${name}\` is there twice; send it once`);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return fields;
};

/** `raw`: names and values in turns, as they came. Throws `bad_request` and `unauthenticated`. */
export const readInbound = (raw: readonly string[]): Inbound => {
  const fields = collect(raw);
  const { credential, isNode } = credentialOf(fields.get('authorization'));
  const trace = parseTraceparent(fields.get(HEADERS.traceparent) ?? '') ?? null;
  const length = fields.get('content-length');
  return {
    credential,
    node: isNode ? nodeSays(fields) : null,
    contentType: fields.get('content-type') ?? '',
    contentLength: length === undefined ? null : Number(length),
    chunked: fields.has('transfer-encoding'),
    contentEncoding: (fields.get('content-encoding') ?? '').toLowerCase(),
    accept: fields.get('accept') ?? '',
    respondAsync: /(^|,)\s*respond-async\s*(;|,|$)/i.test(fields.get('prefer') ?? ''),
    trace,
    ...timeoutOf(fields.get(HEADERS.timeoutMs)),
    ...visible('session', HEADERS.session, fields),
    ...visible('idempotencyKey', HEADERS.idempotencyKey, fields),
    ...runOf(fields.get(HEADERS.run)),
    ...rangeOf(fields.get(HEADERS.capability)),
    passed: passedOf(fields, trace !== null),
  };
};

/**
 * A node's assertion keeps its scheme in front of it. No bearer token can contain the space, so that an API key can never
 * be taken for an assertion, nor the headers of its bearer be believed.
 */
const credentialOf = (authorization: string | undefined): { credential: Credential; isNode: boolean } => {
  if (authorization === undefined) return { credential: { kind: 'none' }, isNode: false };
  const space = authorization.indexOf(' ');
  const scheme = authorization.slice(0, Math.max(0, space)).toLowerCase();
  const token = authorization.slice(space + 1).trim();
  const isNode = scheme === HEADERS.nodeScheme;
  if ((scheme !== 'bearer' && !isNode) || !TOKEN.test(token))
    throw new Fault('unauthenticated', 'the authorization header must be `Bearer` and an API key');
  return { credential: { kind: 'bearer', token: isNode ? `${HEADERS.nodeScheme} ${token}` : token }, isNode };
};

const timeoutOf = (text: string | undefined): { timeoutMs?: number } => {
  if (text === undefined) return {};
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw bad(`\`${HEADERS.timeoutMs}\` must be whole milliseconds from 1 to 999999999`);
  return { timeoutMs: Number(text) };
};

const RUN = /^[A-Za-z0-9_.~-]{1,12288}$/;

const runOf = (text: string | undefined): { run?: string } => {
  if (text === undefined) return {};
  if (!RUN.test(text)) throw bad(`\`${HEADERS.run}\` must be sent back as it came`);
  return { run: text };
};

const RANGE = /^[\x20-\x7e]{1,200}$/;

const rangeOf = (text: string | undefined): { range?: string } => {
  if (text === undefined) return {};
  if (!RANGE.test(text)) throw bad(`\`${HEADERS.capability}\` must be a range of versions such as ^2`);
  return { range: text };
};

const visible = <K extends string>(
  key: K,
  header: string,
  fields: ReadonlyMap<string, string>,
): { [P in K]?: string } => {
  const text = fields.get(header);
  if (text === undefined) return {};
  if (!VISIBLE.test(text)) throw bad(`\`${header}\` must be 1 to 255 visible ASCII characters`);
  return { [key]: text } as { [P in K]: string };
};

const nodeSays = (fields: ReadonlyMap<string, string>): NodeSays => {
  const callId = fields.get(HEADERS.callId) ?? '';
  if (!CALL_ID.test(callId)) throw bad(`a node must send \`${HEADERS.callId}\`: 32 lower-case hex digits`);
  const via = fields.get(HEADERS.via) ?? '';
  if (via !== '' && !NODE_IDS.test(via))
    throw bad(`\`${HEADERS.via}\` must be at most 32 node ids with commas between`);
  const attempt = fields.get(HEADERS.attempt);
  if (attempt !== undefined && !/^[1-9]\d?$/.test(attempt))
    throw bad(`\`${HEADERS.attempt}\` must be a number from 1 to 99`);
  return {
    callId,
    lineage: lineageOf(fields.get(HEADERS.lineage), callId),
    via: via === '' ? [] : via.split(',').map((id) => id.trim()),
    retriedElsewhere: attempt !== undefined,
    ...decidedOf(fields.get(HEADERS.policy)),
    ...approvalOf(fields.get(HEADERS.approval)),
    ...visible('pin', HEADERS.pin, fields),
  };
};

const APPROVAL = /^[A-Za-z0-9_-]{1,5000}\.[A-Za-z0-9_-]{1,200}$/;

const approvalOf = (text: string | undefined): { readonly approval?: string } => {
  if (text === undefined) return {};
  if (!APPROVAL.test(text)) throw bad(`\`${HEADERS.approval}\` must be a signed sentence of a node`);
  return { approval: text };
};

const decidedOf = (text: string | undefined): { decided?: Decided } => {
  if (text === undefined) return {};
  const [, version, snapshotSeq, trial] = DECIDED.exec(text) ?? [];
  if (version === undefined)
    throw bad(`\`${HEADERS.policy}\` must be \`version;snapshot\` or \`version;snapshot;trial\``);
  const said = { version, snapshotSeq: Number(snapshotSeq) };
  return { decided: trial === undefined ? said : { ...said, trial: Number(trial) } };
};

const lineageOf = (text: string | undefined, callId: string): Lineage => {
  if (text === undefined) return { root: callId, depth: 0 };
  const [root = '', parent = '', depth = '', ...rest] = text.split(';');
  const valid =
    CALL_ID.test(root) && (parent === '' || CALL_ID.test(parent)) && /^\d{1,3}$/.test(depth) && rest.length === 0;
  if (!valid) throw bad(`\`${HEADERS.lineage}\` must be \`root;parent;depth\``);
  return parent === '' ? { root, depth: Number(depth) } : { root, parent, depth: Number(depth) };
};

/** Fields that `connection` names end at this hop; `tracestate` means nothing without its `traceparent`. */
const passedOf = (fields: ReadonlyMap<string, string>, traced: boolean): readonly (readonly [string, string])[] => {
  const connection = fields.get('connection')?.toLowerCase();
  const hop =
    connection === undefined || connection === 'keep-alive' || connection === 'close'
      ? undefined
      : connection.split(',').map((name) => name.trim());
  const passed: (readonly [string, string])[] = [];
  for (const field of fields) {
    const name = field[0];
    if (KEPT_BACK.has(name) || isCredentialHeader(name) || name.startsWith(RESERVED_PREFIX) || hop?.includes(name))
      continue;
    if (name === HEADERS.tracestate && !(traced && field[1].length <= 512)) continue;
    passed.push(field);
  }
  return passed;
};
