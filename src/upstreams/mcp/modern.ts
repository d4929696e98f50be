/** Requests to a server without sessions: everything that it must know stands in the request and, once more, in its headers. */
import {
  CALL_TOOL,
  CODES,
  fieldValue,
  META,
  MODERN,
  membersOf,
  mirrored,
  nameMember,
  objectOf,
  requestText,
} from '../../dialects/mcp/index.ts';
import type { Asking } from './asking.ts';
import type { Mirrors } from './mirrors.ts';
import { answered, isAnswer, reading, type Said } from './said.ts';
import { exchange, type Wire } from './wire.ts';

/** How we call ourselves where a client has not said who it is. */
export const OURSELVES = { name: 'airspace', version: '1' } as const;

export type ModernAsking = Pick<Asking, 'method' | 'params' | 'meta' | 'capabilities'>;

export interface Telling {
  readonly wire: Wire;
  readonly id: number;
  readonly mirrors: Mirrors;
  readonly quietMs?: number;
}

/** What the server says to one request. It may not ask anything itself in this version. */
export async function* askModern(asking: ModernAsking, telling: Telling): AsyncGenerator<Said> {
  const { wire, id, mirrors } = telling;
  for (let round = 0; ; round++) {
    const reply = await exchange(wire, {
      method: 'POST',
      headers: headersOf(asking, mirrors, wire),
      body: (traceparent) => requestText(id, asking.method, withMeta(asking, traceparent)),
      ...(telling.quietMs === undefined ? {} : { quietMs: telling.quietMs }),
    });
    let isMissing = false;
    for await (const { message, json } of reading(reply, {
      id,
      token: asking.meta['progressToken'],
      mayAsk: false,
      mayBatch: false,
    })) {
      if (!isAnswer(message)) {
        if (json !== '') yield { kind: 'message', json };
        continue;
      }
      // It refused before it ran: it wants arguments repeated in headers, and nobody has asked it yet which.
      isMissing = message.kind === 'error' && message.error.code === CODES.headerMismatch && round === 0;
      if (isMissing && asking.method === CALL_TOOL) break;
      yield answered(message, reply.status);
      return;
    }
    if (!isMissing) return;
    await mirrors.learn(wire, (cursor) => listOf(asking, telling, cursor));
  }
}

const listOf = ({ capabilities }: ModernAsking, { wire, id, mirrors }: Telling, cursor: string): AsyncGenerator<Said> =>
  askModern(
    { method: 'tools/list', params: cursor === '' ? '{}' : JSON.stringify({ cursor }), meta: {}, capabilities },
    { wire, id, mirrors },
  );

const headersOf = (asking: ModernAsking, mirrors: Mirrors, { endpoint }: Wire): readonly string[] => {
  const { method, params } = asking;
  const headers = ['mcp-protocol-version', MODERN, 'mcp-method', method];
  const member = nameMember(method);
  const members = member === undefined ? undefined : membersOf(params);
  const name: unknown = JSON.parse(members?.get(member ?? '') ?? 'null');
  if (typeof name === 'string') headers.push('mcp-name', fieldValue(name));
  if (method !== CALL_TOOL || typeof name !== 'string') return headers;
  const wanted = mirrors.of(endpoint, name);
  if (wanted.length > 0) headers.push(...mirrored(wanted, JSON.parse(members?.get('arguments') ?? '{}')));
  return headers;
};

const withMeta = ({ params, meta, capabilities }: ModernAsking, traceparent: string): string => {
  const said = {
    ...meta,
    [META.version]: MODERN,
    [META.clientInfo]: meta[META.clientInfo] ?? OURSELVES,
    [META.capabilities]: capabilities,
    traceparent,
  };
  return objectOf(new Map(membersOf(params)).set('_meta', JSON.stringify(said)));
};
