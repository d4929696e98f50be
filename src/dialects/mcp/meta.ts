/** What stands in `_meta` of a request, and how it goes with a call from node to node. */
import { Buffer } from 'node:buffer';
import { Fault } from '../../contract/index.ts';

export const META = {
  version: 'io.modelcontextprotocol/protocolVersion',
  clientInfo: 'io.modelcontextprotocol/clientInfo',
  capabilities: 'io.modelcontextprotocol/clientCapabilities',
  logLevel: 'io.modelcontextprotocol/logLevel',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscription: 'io.modelcontextprotocol/subscriptionId',
} as const;

/** `_meta` of the caller's request, base64url of its JSON: a header that passes through all nodes. */
export const META_HEADER = 'mcp-meta';
/** Session of a legacy caller at this target, as `initialize` answered it. */
export const SESSION_HEADER = 'mcp-session-id';

/** In characters of the header. */
export const MOST_META = 4_096;

export type Meta = Readonly<Record<string, unknown>>;

/** Of the trace, which is the call's own. */
const TRACE = new Set(['traceparent', 'tracestate', 'baggage']);

/** Throws `too_large`. Empty when there is nothing to say. */
export const writeMeta = (meta: Meta): string => {
  const kept = Object.entries(meta).filter(([name]) => !TRACE.has(name));
  if (kept.length === 0) return '';
  const text = Buffer.from(JSON.stringify(Object.fromEntries(kept))).toString('base64url');
  if (text.length > MOST_META)
    throw new Fault('too_large', `\`_meta\` is longer than ${(MOST_META / 4) * 3} bytes; say less in it`);
  return text;
};

/** Throws `bad_request`: the header can come from anybody who may call. */
export const readMeta = (headers: readonly (readonly [string, string])[]): Meta => {
  const text = headers.find(([name]) => name === META_HEADER)?.[1];
  if (text === undefined || text === '') return {};
  try {
    if (text.length > MOST_META || !/^[A-Za-z0-9_-]+$/.test(text)) throw new Error('not base64url');
    const meta: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (typeof meta === 'object' && meta !== null && !Array.isArray(meta)) return meta as Meta;
  } catch {}
  throw new Fault(
    'bad_request',
    `\`${META_HEADER}\` must be base64url of a JSON object, up to ${MOST_META} characters`,
  );
};
