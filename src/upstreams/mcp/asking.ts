/** What a call asks of an MCP server, and who is to hear the answer in which words. */
import { Buffer } from 'node:buffer';
import { type Call, Fault, formOf } from '../../contract/index.ts';
import {
  type Era,
  eraOf,
  type McpRequest,
  META,
  type Meta,
  readMeta,
  requestOf,
  SESSION_HEADER,
} from '../../dialects/mcp/index.ts';
import { guardJson } from '../../kernel/index.ts';
import type { Words } from '../words.ts';

export interface Asking extends McpRequest {
  /** `tenant/kind/id`: what a session, a task or a held call belongs to. */
  readonly owner: string;
  /** Of the client behind all doors. */
  readonly meta: Meta;
  /** Era of the client; what is no MCP client is taken for a modern one. */
  readonly era: Era;
  /** What the client can be asked in the middle of a call. */
  readonly capabilities: Readonly<Record<string, unknown>>;
  /** Handle of a legacy client's session; empty for none. */
  readonly session: string;
  /** Takes what is said before the answer, too. */
  readonly stream: boolean;
  /** Wants the answer without any protocol around it. */
  readonly isPlain: boolean;
}

/** Throws `bad_request`. */
export const askingOf = (call: Call, words: Words): Asking => {
  const { principal, target, headers } = call;
  if (principal === null) throw new Fault('internal', 'a call without principal came as far as an upstream');
  const meta = readMeta(headers);
  const version = meta[META.version];
  return {
    ...requestOf(target.operation, words.contentType, textOf(words)),
    owner: JSON.stringify([principal.tenant, principal.kind, principal.id]),
    meta,
    era: (typeof version === 'string' ? eraOf(version) : undefined) ?? 'modern',
    capabilities: capabilitiesIn(meta),
    session: headers.find(([name]) => name === SESSION_HEADER)?.[1] ?? '',
    stream: call.stream,
    isPlain: formOf(words.contentType) === 'plain' && formOf(words.accept) === 'plain',
  };
};

const capabilitiesIn = (meta: Meta): Readonly<Record<string, unknown>> => {
  const declared = meta[META.capabilities];
  return isObject(declared) ? declared : {};
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textOf = ({ body }: Words): string => {
  if (body.kind === 'stream') throw new Fault('bad_request', 'an MCP server takes no streamed payload; send it whole');
  if (body.bytes.byteLength === 0) return '{}';
  guardJson(body.bytes);
  return Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength).toString();
};
