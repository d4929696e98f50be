/** Where agents export the spans of their own: `POST /v1/traces`, OTLP over HTTP in protobuf or JSON, as any SDK of OpenTelemetry sends it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault, type Principal } from '../../contract/index.ts';
import {
  CONTENT_TYPES,
  type Encoding,
  encodingOf,
  type ReadSpans,
  readTraces,
  writeRefusal,
  writeTaken,
} from '../../dialects/otlp/index.ts';
import { type Collecting, readInbound, type Sayers, sayerOf } from '../http/index.ts';
import { bodyOf } from './body.ts';
import { statusOf } from './status.ts';

export const PATH = '/v1/traces';

export interface OtlpDoorOptions extends Sayers {
  /** Answers how many spans were not kept, and why; throws `storage`. */
  readonly take: (principal: Principal, read: ReadSpans) => Promise<{ rejected: number; message: string }>;
  /** Uniform in [0, 1): who is turned away together must not come back together. */
  readonly random: () => number;
  /** Takes faults whose causes only the operator may see: those with code `internal`. */
  readonly onInternal?: (fault: Fault, occurrence: object) => void;
}

/** True when the request is this door's and will be answered by it. */
export type OtlpDoor = (req: IncomingMessage, res: ServerResponse) => boolean;

export const otlpDoor = (options: OtlpDoorOptions): OtlpDoor => {
  const collecting: Collecting = { bytes: 0 };
  return (req, res) => {
    if (req.url !== PATH) return false;
    void enter(options, collecting, req, res);
    return true;
  };
};

/** Never throws: whatever happens becomes an answer or a closed connection. */
const enter = async (
  options: OtlpDoorOptions,
  collecting: Collecting,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> => {
  // What cannot be read is refused in the words that every reader understands.
  let encoding: Encoding = 'json';
  try {
    if (req.method !== 'POST') return refuseMethod(res);
    const inbound = readInbound(req.rawHeaders);
    const known = encodingOf(inbound.contentType);
    encoding = known ?? encoding;
    const principal = await sayerOf(req, inbound, options, 'spans');
    if (known === undefined)
      throw new Fault('bad_request', `the content type must be ${Object.values(CONTENT_TYPES).join(' or ')}`);
    const read = readTraces(await bodyOf(req, inbound, encoding, collecting), encoding);
    const { rejected, message } = await options.take(principal, read);
    write(res, 200, encoding, writeTaken({ rejectedSpans: rejected, errorMessage: message }, encoding));
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (fault.code === 'internal') options.onInternal?.(fault, { path: PATH });
    refuse(res, fault, encoding, options.random);
  }
};

const refuseMethod = (res: ServerResponse): void =>
  write(res, 405, 'json', writeRefusal(3, `${PATH} takes POST only`, 'json'), { allow: 'POST' });

/** Seconds until it is worth another try, up to twice that by chance. */
const RETRY_SECONDS = 5;

const refuse = (res: ServerResponse, fault: Fault, encoding: Encoding, random: () => number): void => {
  const { http, grpc, later } = statusOf(fault.code);
  write(res, http, encoding, writeRefusal(grpc, fault.message, encoding), {
    ...(later === true ? { 'retry-after': String(Math.ceil(RETRY_SECONDS * (1 + random()))) } : {}),
    ...(fault.code === 'unauthenticated' ? { 'www-authenticate': 'Bearer realm="airspace"' } : {}),
  });
};

const write = (
  res: ServerResponse,
  status: number,
  encoding: Encoding,
  body: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): void => {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(status, {
    'content-type': CONTENT_TYPES[encoding],
    'content-length': body.byteLength,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  res.end(body);
};
