/** How a call enters in the words of A2A over HTTP: JSON-RPC, REST, and cards. One core behind all of them. */
import { Buffer } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '../../contract/index.ts';
import {
  EXTENSIONS_HEADER,
  EXTENSIONS_HEADER_03,
  rpcErrorOf,
  statusDocumentOf,
  VERSION_HEADER,
} from '../../dialects/a2a/index.ts';
import { Canceller, numberLostIn } from '../../kernel/index.ts';
import { type BodyLimits, type Collecting, type Inbound, limitsOf, readBody, readInbound } from '../http/index.ts';
import { answerCard, answerKeys } from './card-door.ts';
import type { Entering } from './entering.ts';
import { answerRest } from './rest.ts';
import { type Route, routeOf } from './route.ts';
import { answerRpc } from './rpc.ts';
import type { A2aService } from './service.ts';
import { errorOf } from './status.ts';
import { extensionsIn } from './version.ts';
import { CHALLENGE, type Writing, writeJson } from './write.ts';

export interface A2aDoorParts {
  readonly service: A2aService;
  readonly limits?: Partial<BodyLimits>;
  /** What is being collected now, by all doors of a listener together: nobody is identified yet. Default: by this one alone. */
  readonly collecting?: Collecting;
}

export const a2aDoor = ({
  service,
  ...options
}: A2aDoorParts): ((req: IncomingMessage, res: ServerResponse) => boolean) => {
  const limits = limitsOf(options.limits);
  const { collecting = { bytes: 0 } } = options;
  return (req, res) => {
    const [path = '', query = ''] = (req.url ?? '').split('?', 2);
    const route = routeOf(path);
    if (route === undefined) return false;
    void enter(service, { req, res, query: new URLSearchParams(query) }, route, { limits, collecting });
    return true;
  };
};

interface Connection {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly query: URLSearchParams;
}

interface Reading {
  readonly limits: BodyLimits;
  readonly collecting: { bytes: number };
}

/** Never throws: whatever happens becomes an answer or a closed connection. */
const enter = async (service: A2aService, connection: Connection, route: Route, reading: Reading): Promise<void> => {
  const { req, res } = connection;
  const { clock } = service.options.world;
  try {
    if (service.options.known !== undefined && req.headers.origin !== undefined)
      throw new Fault('denied', 'web pages cannot call through this listener');
    const entering = enteringOf(service, connection, reading);
    if (route.kind === 'rpc') await answerRpc(entering, route);
    else if (route.kind === 'rest') await answerRest(entering, route);
    else if (route.kind === 'card') await answerCard(entering, route);
    else if (route.kind === 'keys') answerKeys(entering);
    else
      throw new Fault(
        'not_found',
        'nothing of A2A is served at this path; there is /a2a/{agent}, and /a2a for the node itself',
      );
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (fault.code === 'internal') service.options.onInternal?.(fault.cause ?? fault, { path: req.url });
    if (!req.complete) res.shouldKeepAlive = false;
    refuse({ res, clock, headers: [] }, route, fault);
  }
};

/** Before anything of the request was read, its version too. */
const refuse = (writing: Writing, route: Route, fault: Fault): void => {
  const error = errorOf(fault);
  if (fault.code === 'unauthenticated') writing.headers.push(...CHALLENGE);
  const document =
    route.kind === 'rpc' ? { jsonrpc: '2.0', id: null, error: rpcErrorOf(error) } : statusDocumentOf(error);
  writeJson(writing, error.http, 'application/json', document);
};

const enteringOf = (service: A2aService, { req, res, query }: Connection, reading: Reading): Entering => {
  const read = readInbound(req.rawHeaders);
  const inbound = { ...read, credential: service.options.known?.(read.credential) ?? read.credential };
  const left = new Canceller();
  res.once('close', () => {
    if (!res.writableFinished) left.cancel(new Fault('cancelled', 'the caller went away'));
  });
  return {
    service,
    req,
    res,
    query,
    inbound,
    clock: service.options.world.clock,
    headers: [],
    version: headerOr(req, VERSION_HEADER, query),
    extensions: extensionsIn(headerOr(req, EXTENSIONS_HEADER, query) || headerOr(req, EXTENSIONS_HEADER_03, query)),
    left,
    body: () => jsonIn(req, inbound, reading),
  };
};

/** Both may also be parameters of the query, in whatever case. */
const headerOr = (req: IncomingMessage, name: string, query: URLSearchParams): string => {
  const header = req.headers[name];
  if (typeof header === 'string' && header !== '') return header;
  for (const [key, value] of query) if (key.toLowerCase() === name) return value;
  return '';
};

const jsonIn = async (req: IncomingMessage, inbound: Inbound, { limits, collecting }: Reading): Promise<unknown> => {
  if (inbound.contentEncoding !== '' && inbound.contentEncoding !== 'identity')
    throw unsupported('compressed payloads are not taken; send it as it is');
  const [type = ''] = inbound.contentType.split(';');
  const isJson = /^application\/(?:a2a\+)?json$/i.test(type.trim());
  if (!isJson && inbound.contentType !== '')
    throw unsupported(`\`${type.trim().slice(0, 100)}\` is not taken; send application/json`);
  if (!isJson && inbound.contentLength !== 0 && (inbound.contentLength !== null || inbound.chunked))
    throw unsupported('the payload has no content type; send application/json');
  const body = await readBody(req, inbound, limits, collecting).catch((thrown: unknown) => {
    throw asParseError(Fault.from(thrown));
  });
  if (body.kind !== 'bytes') throw unsupported('streamed payloads are not taken; send one document');
  if (body.bytes.byteLength === 0) return undefined;
  const text = Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength).toString();
  const lost = lostIn(text);
  if (lost !== undefined)
    throw asParseError(
      new Fault('bad_request', `\`${lost}\` has more digits than numbers of A2A have; send it as text`),
    );
  return JSON.parse(text);
};

/** Numbers of A2A are doubles. */
const lostIn = (text: string): string | undefined => {
  try {
    return numberLostIn(text);
  } catch {
    throw asParseError(new Fault('bad_request', 'the payload is not valid JSON'));
  }
};

/** The body was guarded when it was read. */
const asParseError = (fault: Fault): Fault =>
  fault.code === 'bad_request'
    ? new Fault('bad_request', fault.message, { facts: { ...fault.facts, rpc: 'PARSE_ERROR' } })
    : fault;

const unsupported = (message: string): Fault =>
  new Fault('bad_request', message, { facts: { a2a: 'CONTENT_TYPE_NOT_SUPPORTED', status: 415 } });
