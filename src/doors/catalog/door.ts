/**
 * How somebody finds out what there is: a catalog at a known place, and a registry that can be searched. Strangers see what the
 * configuration marks as public, and who is known what they may call.
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { type Credential, Fault } from '../../contract/index.ts';
import { limitsOf, readBody, readInbound } from '../http/index.ts';
import { entriesOf, publisherOf, referralsOf, registryEntry } from './entries.ts';
import { ExploreBody, explore, ListQuery, list, retrieve, SearchBody, search } from './registry.ts';
import { errorOf } from './status.ts';
import { BASE, CATALOGS, type CatalogOptions, type Entry } from './words.ts';

/** True when the request is this door's and will be answered by it. */
export type CatalogDoor = (req: IncomingMessage, res: ServerResponse) => boolean;

export const catalogDoor = (options: CatalogOptions): CatalogDoor => {
  const collecting = { bytes: 0 };
  return (req, res) => {
    const [path = '', query = ''] = (req.url ?? '').split('?', 2);
    const serve = serviceAt(path);
    if (serve === undefined) return false;
    void enter({ options, req, res, path, query, collecting }, serve);
    return true;
  };
};

interface Entering {
  readonly options: CatalogOptions;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly path: string;
  readonly query: string;
  readonly collecting: { bytes: number };
}

/** A request whose caller is known, or known to be nobody. */
interface Asking extends Entering {
  readonly base: string;
  readonly entries: readonly Entry[];
}

interface Service {
  readonly method: 'GET' | 'POST';
  readonly answer: (asking: Asking) => object | Promise<object>;
}

const SERVICES: ReadonlyMap<string, Service> = new Map<string, Service>([
  ...CATALOGS.map((path): [string, Service] => [path, { method: 'GET', answer: catalog }]),
  [
    `${BASE}/search`,
    {
      method: 'POST',
      answer: async (asking) => {
        const { base, entries, options } = asking;
        const found = { entries, referrals: referralsOf(options), source: `${base}${BASE}` };
        return search(found, await bodyOf(asking, SearchBody));
      },
    },
  ],
  [
    `${BASE}/explore`,
    { method: 'POST', answer: async (asking) => explore(asking.entries, await bodyOf(asking, ExploreBody)) },
  ],
  [
    `${BASE}/agents`,
    { method: 'GET', answer: (asking) => list(asking.entries, checked(ListQuery, queryOf(asking.query))) },
  ],
]);

const ONE: Service = {
  method: 'GET',
  answer: ({ entries, path }) => retrieve(entries, path.slice(`${BASE}/agents/`.length)),
};

const serviceAt = (path: string): Service | undefined =>
  SERVICES.get(path) ?? (/^\/registry\/agents\/[^/]+$/.test(path) ? ONE : undefined);

function catalog({ base, entries }: Asking): object {
  return {
    specVersion: '1.0',
    host: { displayName: 'Airspace', identifier: `did:web:${publisherOf(base)}` },
    entries: [...entries, registryEntry(base)],
  };
}

/** Never throws: whatever happens becomes an answer or a closed connection. */
const enter = async (entering: Entering, { method, answer }: Service): Promise<void> => {
  const { req, res } = entering;
  try {
    if (req.method !== method && !(method === 'GET' && req.method === 'HEAD'))
      return write(entering, 405, { errorCode: 'INVALID_ARGUMENT', message: `this path takes ${method} only` }, [
        'allow',
        method,
      ]);
    const credential = credentialOf(entering);
    const isKnown = credential.kind !== 'none';
    const base = baseOf(req);
    const entries = entriesOf(base, await targetsFor(entering.options, credential), isKnown);
    write(entering, 200, await answer({ ...entering, base, entries }), cachingOf(isKnown));
  } catch (thrown) {
    const fault = Fault.from(thrown);
    const { status, code } = errorOf(fault.code);
    if (!req.complete) res.shouldKeepAlive = false;
    const message = status === 500 ? 'something went wrong inside Airspace' : fault.message;
    write(
      entering,
      status,
      { errorCode: code, message },
      status === 401 ? ['www-authenticate', 'Bearer realm="airspace"'] : [],
    );
  }
};

const credentialOf = ({ req, options }: Entering): Credential => {
  const inbound = readInbound(req.rawHeaders);
  return options.known?.(inbound) ?? inbound.credential;
};

const targetsFor = async ({ directory, published }: CatalogOptions, credential: Credential) => {
  if (credential.kind === 'none') return published();
  return directory.visible(await directory.identify(credential), ['agent', 'tool']);
};

/** As the caller reached us; the listener has checked the host. */
const baseOf = ({ socket, headers: { host = '' } }: IncomingMessage): string =>
  `${'encrypted' in socket && socket.encrypted === true ? 'https' : 'http'}://${host}`;

const MOST_BYTES = 64 * 1024;
const LIMITS = limitsOf({ payload: MOST_BYTES, stream: MOST_BYTES });

const bodyOf = async <S extends z.ZodType>({ req, collecting }: Entering, schema: S): Promise<z.output<S>> => {
  const inbound = readInbound(req.rawHeaders);
  if (!/^application\/json\s*(;|$)/i.test(inbound.contentType))
    throw new Fault('bad_request', 'send `content-type: application/json`');
  const body = await readBody(req, inbound, LIMITS, collecting);
  return checked(schema, JSON.parse(body.kind === 'bytes' ? Buffer.from(body.bytes).toString() || '{}' : '{}'));
};

const queryOf = (search: string): Readonly<Record<string, string>> => {
  const found: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(search)) {
    if (Object.hasOwn(found, name))
      throw new Fault('bad_request', `query parameter \`${name.slice(0, 80)}\` is there twice`);
    found[name] = value;
  }
  return { ...found };
};

const checked = <S extends z.ZodType>(schema: S, value: unknown): z.output<S> => {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? '' : `\`${issue.path.join('.')}\`: `;
  throw new Fault('bad_request', `${field}${issue?.message ?? 'the request is not valid'}`);
};

/** What somebody may call is theirs; what everybody may know changes with a configuration only. */
const cachingOf = (isKnown: boolean): readonly string[] =>
  isKnown ? ['cache-control', 'no-store'] : ['cache-control', 'public, max-age=60', 'vary', 'authorization, host'];

const write = ({ req, res }: Entering, status: number, value: object, more: readonly string[]): void => {
  if (res.headersSent || res.destroyed) return;
  const body = JSON.stringify(value);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const isSame = status === 200 && req.method === 'GET' && req.headers['if-none-match'] === etag;
  res.writeHead(isSame ? 304 : status, [
    ...['content-type', 'application/json', 'x-content-type-options', 'nosniff'],
    ...(status === 200 ? ['etag', etag] : ['cache-control', 'no-store']),
    ...(isSame ? [] : ['content-length', String(Buffer.byteLength(body))]),
    ...more,
  ]);
  res.end(isSame || req.method === 'HEAD' ? '' : body);
};
