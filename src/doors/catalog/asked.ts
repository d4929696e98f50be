/** A request of the catalog door, read strictly: who asks, and query and body only through a schema. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { Fault } from '../../contract/index.ts';
import { limitsOf, readBody, readInbound } from '../http/index.ts';
import type { CatalogOptions, Entry } from './words.ts';

export interface Entering {
  readonly options: CatalogOptions;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly path: string;
  readonly query: string;
  readonly collecting: { bytes: number };
}

/** A request whose caller is known, or known to be nobody. */
export interface Asking extends Entering {
  /** How the caller reached this node. */
  readonly base: string;
  /** What the caller may know of. */
  readonly entries: readonly Entry[];
}

const MOST_BYTES = 64 * 1024;
const LIMITS = limitsOf({ payload: MOST_BYTES, stream: MOST_BYTES });

/** Throws `bad_request` and `too_large`. */
export const bodyOf = async <S extends z.ZodType>({ req, collecting }: Entering, schema: S): Promise<z.output<S>> => {
  const inbound = readInbound(req.rawHeaders);
  if (!/^application\/json\s*(;|$)/i.test(inbound.contentType))
    throw new Fault('bad_request', 'send `content-type: application/json`');
  const body = await readBody(req, inbound, LIMITS, collecting);
  return checked(schema, JSON.parse(body.kind === 'bytes' ? Buffer.from(body.bytes).toString() || '{}' : '{}'));
};

export const queryOf = <S extends z.ZodType>({ query }: Entering, schema: S): z.output<S> => {
  const found: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(query)) {
    if (Object.hasOwn(found, name))
      throw new Fault('bad_request', `query parameter \`${name.slice(0, 80)}\` is there twice`);
    found[name] = value;
  }
  return checked(schema, { ...found });
};

const checked = <S extends z.ZodType>(schema: S, value: unknown): z.output<S> => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? '' : `\`${issue.path.join('.')}\`: `;
  throw new Fault('bad_request', `${field}${issue?.message ?? 'the request is not valid'}`);
};
