/** A request as its route sees it: who asks, the one path parameter, and query and body only through a schema. */
import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import {
  type Belonging,
  Fault,
  MAX_BODY_LIMIT,
  type NodeEntry,
  type Principal,
  type Rights,
} from '../../contract/index.ts';
import { guardJson } from '../http/index.ts';
import type { AdminPorts } from './ports.ts';

/** Before anybody was identified. */
export interface OpenRequest {
  readonly ports: AdminPorts;
  /** What the path has in its place for a parameter; empty when it has none. */
  readonly param: string;
  /** Address of the machine that asks, as its connection has it; empty when it is gone. Headers have no say. */
  readonly from: string;
  /** What it would rather be answered in, as its header says; empty when it says nothing. */
  readonly accept: string;
  /** What a reader that lost its stream had last; 0: nothing. */
  readonly lastEventId: number;
  /** Throws `bad_request` naming the parameter. */
  query<S extends z.ZodType>(schema: S): z.output<S>;
  /** Throws `bad_request` naming the field, `too_large`, and `cancelled`. */
  body<S extends z.ZodType>(schema: S): Promise<z.output<S>>;
}

export interface AdminRequest extends OpenRequest {
  readonly principal: Principal;
  readonly rights: Rights;
  /** What of the tenant they may look at: everything, unless they look after some domains only. */
  readonly theirs: Belonging;
}

/** From a node that joined, about itself. */
export interface NodeRequest extends OpenRequest {
  readonly node: NodeEntry;
}

/** An applied configuration is large and flat; depth stays as small as everywhere. */
const JSON_LIMITS = { maxDepth: 64, maxTokens: 500_000 };

export const openRequest = (ports: AdminPorts, req: IncomingMessage, param: string, search: string): OpenRequest => ({
  ports,
  param,
  from: req.socket.remoteAddress ?? '',
  accept: req.headers.accept ?? '',
  lastEventId: lastEventIdOf(req),
  query: (schema) => checked(schema, queryOf(search), 'query parameter'),
  body: async (schema) => checked(schema, await readJson(req), 'field'),
});

const lastEventIdOf = ({ headers }: IncomingMessage): number => {
  const said = headers['last-event-id'];
  return typeof said === 'string' && /^\d{1,15}$/.test(said) ? Number(said) : 0;
};

const checked = <S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const errors = result.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `${what} \`${path.join('.')}\`: ${message}`,
  );
  throw new Fault('bad_request', errors[0] ?? 'the request is not valid', {
    facts: { problems: errors.slice(0, 100) },
  });
};

/** Empty values count as absent, so that forms and scripts need no cases. */
const queryOf = (search: string): Record<string, string> => {
  const found: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(search)) {
    if (Object.hasOwn(found, name)) throw new Fault('bad_request', `query parameter \`${name}\` is there twice`);
    if (value !== '') found[name] = value;
  }
  return { ...found };
};

const readJson = async (req: IncomingMessage): Promise<unknown> => {
  // A page of another site cannot send this type without asking first, and nobody answers that question.
  if (!/^application\/json\s*(;|$)/i.test(req.headers['content-type'] ?? ''))
    throw new Fault('bad_request', 'send `content-type: application/json`');
  if (req.headers['content-encoding'] !== undefined)
    throw new Fault('bad_request', 'compressed payloads are not taken; send it as it is');
  const bytes = await collect(req);
  guardJson(bytes, JSON_LIMITS);
  return JSON.parse(bytes.toString('utf8'));
};

const tooLarge = (): Fault => new Fault('too_large', `the payload is larger than ${MAX_BODY_LIMIT} bytes`);

const collect = async (req: IncomingMessage): Promise<Buffer> => {
  if (Number(req.headers['content-length'] ?? 0) > MAX_BODY_LIMIT) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).byteLength;
      if (size > MAX_BODY_LIMIT) throw tooLarge();
      chunks.push(chunk as Buffer);
    }
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown;
    throw new Fault('cancelled', 'the caller went away before the end of its request', {
      executed: 'no',
      cause: thrown,
    });
  }
  return Buffer.concat(chunks, size);
};
