/**
 * Responses that a provider keeps, under ids of ours. A provider knows one account, that of Airspace, so whoever has an id of its may
 * read what is behind it. Callers get a sealed id instead, which says whose it is and where it is kept: nothing has to be stored
 * here, it holds after a restart and on every hub that shares the key, and for anybody else there is no such response.
 */
import { Fault, HEADERS, type Principal, type Reply, type Target } from '../../contract/index.ts';
import { memberIn, membersIn, withMembers } from '../../dialects/index.ts';
import {
  type Asked,
  chunksOf,
  edited,
  type Forwarded,
  type Forwarding,
  type Revising,
  type Route,
  type Seal,
} from '../models/index.ts';

interface Kept {
  readonly target: Pick<Target, 'kind' | 'name'>;
  /** Endpoint that has it. */
  readonly pin: string;
  /** Its id there. */
  readonly id: string;
}

const PREFIX = 'resp_';

const sealed = (seal: Seal, { tenant, kind, id }: Principal, kept: Kept): string =>
  PREFIX + seal.put(JSON.stringify([tenant, kind, id, kept.target.kind, kept.target.name, kept.pin, kept.id]));

/** Undefined: there is none, or it is somebody else's: the two look alike. */
const opened = (seal: Seal, { tenant, kind, id }: Principal, words: string): Kept | undefined => {
  const text = words.startsWith(PREFIX) ? seal.open(words.slice(PREFIX.length)) : undefined;
  if (text === undefined) return undefined;
  const [ofTenant, ofKind, ofId, targetKind, name, pin, own] = JSON.parse(text) as readonly string[];
  if (ofTenant !== tenant || ofKind !== kind || ofId !== id) return undefined;
  return { target: { kind: targetKind as Target['kind'], name: name! }, pin: pin!, id: own! };
};

const unknown = (id: string): Fault =>
  new Fault('not_found', `there is no response \`${id.slice(0, 40)}\` of yours`, {
    facts: { param: 'previous_response_id' },
  });

/** What a request may not ask for, and the id of the response that it goes on with. */
export const forwardResponse = (seal: Seal, { bytes, members, principal, target }: Asked): Forwarding => {
  for (const [name, why] of [
    ['conversation', 'the provider would keep it for everybody; send what was said, or `previous_response_id`'],
    ['background', 'nobody would be charged for what runs on by itself; use `airspace call --async`'],
  ] as const) {
    const value = memberIn(bytes, members, name);
    if (value !== undefined && value !== null && value !== false)
      throw new Fault('bad_request', `\`${name}\` is not possible here: ${why}`, { facts: { param: name } });
  }
  const previous = memberIn(bytes, members, 'previous_response_id');
  if (previous === undefined || previous === null) return {};
  const kept = typeof previous === 'string' ? opened(seal, principal, previous) : undefined;
  if (kept === undefined) throw unknown(String(previous));
  if (kept.target.kind !== target.kind || kept.target.name !== target.name)
    throw new Fault(
      'bad_request',
      `the previous response is of ${kept.target.kind} \`${kept.target.name}\`; ask that one`,
      {
        facts: { param: 'previous_response_id' },
      },
    );
  return { changes: { previous_response_id: kept.id }, pin: kept.pin };
};

export const keptResponse = (seal: Seal, route: Extract<Route, { kind: 'kept' }>, principal: Principal): Forwarded => {
  const kept = opened(seal, principal, route.id);
  if (kept === undefined || kept.target.kind !== 'model') throw unknown(route.id);
  return {
    target: { ...kept.target, operation: route.operation },
    bytes: Buffer.from(JSON.stringify({ id: kept.id, ...route.payload })),
    form: route.form,
    stream: false,
    pin: kept.pin,
  };
};

/** Its id becomes ours, wherever the answer says it. */
export const revisedResponse = async (
  seal: Seal,
  reply: Reply,
  { forwarded, asked, principal }: Revising,
): Promise<Reply> => {
  if (reply.outcome !== 'ok') return withoutId(reply, forwarded);
  const { kind, name } = forwarded.target;
  const target = { kind, name: answeredBy(reply) ?? name };
  const pin = reply.pin ?? reply.endpoint;
  const previous = asked === null ? undefined : memberIn(asked.bytes, asked.members, 'previous_response_id');
  const ids = (bytes: Uint8Array): Uint8Array => {
    const members = membersIn(bytes);
    const id = members && memberIn(bytes, members, 'id');
    const object = members && memberIn(bytes, members, 'object');
    if (members === undefined || typeof id !== 'string' || object !== 'response') return bytes;
    const before =
      members.has('previous_response_id') && typeof previous === 'string' ? { previous_response_id: previous } : {};
    return withMembers(bytes, members, { id: sealed(seal, principal, { target, pin, id }), ...before });
  };
  if (reply.contentType.startsWith('text/event-stream')) {
    const edit = (line: Buffer): Uint8Array => lineWith(line, ids);
    return { ...reply, body: { kind: 'stream', chunks: edited(chunksOf(reply.body), { mark: MARK, edit }) } };
  }
  return { ...reply, body: { kind: 'bytes', bytes: ids(await collected(reply)) } };
};

/** Another model of its chain may have answered. */
const answeredBy = ({ headers }: Reply): string | undefined =>
  headers.find(([name]) => name === HEADERS.fallback)?.[1].split(';', 1)[0];

/** An error may name the response that it did not find. */
const withoutId = (reply: Reply, { bytes }: Forwarded): Reply => {
  const members = membersIn(bytes)!;
  const id = memberIn(bytes, members, 'id') ?? memberIn(bytes, members, 'previous_response_id');
  if (typeof id !== 'string' || id === '' || reply.body.kind === 'stream') return reply;
  const text = Buffer.from(reply.body.bytes).toString();
  return text.includes(id)
    ? { ...reply, body: { kind: 'bytes', bytes: Buffer.from(text.replaceAll(id, 'resp_')) } }
    : reply;
};

/** Of the events with a whole response in them. */
const MARK = Buffer.from('"response":');

const lineWith = (line: Buffer, ids: (bytes: Uint8Array) => Uint8Array): Uint8Array => {
  const from = line.indexOf('{');
  const event = from < 0 ? line : line.subarray(from);
  const members = from < 0 ? undefined : membersIn(event);
  const place = members?.get('response');
  if (place === undefined) return line;
  const at = from + place.from;
  const response = line.subarray(at, from + place.to);
  return Buffer.concat([line.subarray(0, at), ids(response), line.subarray(from + place.to)]);
};

/** A whole answer; a longer one is not held. */
const MOST = 16 * 1024 * 1024;

const collected = async ({ body }: Reply): Promise<Uint8Array> => {
  if (body.kind === 'bytes') return body.bytes;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body.chunks) {
    size += chunk.byteLength;
    if (size > MOST)
      throw new Fault('upstream_invalid', `the response is longer than ${MOST} bytes`, { executed: 'yes' });
    parts.push(chunk);
  }
  return Buffer.concat(parts, size);
};
