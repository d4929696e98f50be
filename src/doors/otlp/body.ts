/** The body of an export, inflated within bounds: nothing that a few bytes stand for may fill memory. */
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { Fault } from '../../contract/index.ts';
import type { Encoding } from '../../dialects/otlp/index.ts';
import { type Collecting, guardJson, type Inbound, limitsOf, readBody } from '../http/index.ts';

/** As sent. A batch of 512 spans, compressed or not, has a tenth to a half of it. */
export const MOST_BYTES = 1024 * 1024;
/** After gzip. */
export const MOST_INFLATED_BYTES = 4 * 1024 * 1024;

const LIMITS = limitsOf({ payload: MOST_BYTES });

const inflated = promisify(gunzip);

/** Throws `too_large`; `bad_request` for another content encoding, for what is no gzip, and for JSON that is refused. */
export const bodyOf = async (
  req: IncomingMessage,
  inbound: Inbound,
  encoding: Encoding,
  collecting: Collecting,
): Promise<Uint8Array> => {
  const { contentEncoding } = inbound;
  if (!['', 'identity', 'gzip'].includes(contentEncoding))
    throw new Fault('bad_request', 'the content encoding must be gzip, or none');
  // It says JSON, and is that only after it was inflated.
  const body = await readBody(req, { ...inbound, contentType: '' }, LIMITS, collecting);
  if (body.kind === 'stream') throw new Fault('internal', 'a body without a type is collected');
  const bytes = contentEncoding === 'gzip' ? await inflate(body.bytes) : body.bytes;
  if (encoding === 'json') guardJson(bytes);
  return bytes;
};

const inflate = async (bytes: Uint8Array): Promise<Uint8Array> => {
  try {
    return await inflated(bytes, { maxOutputLength: MOST_INFLATED_BYTES });
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new Fault('too_large', `the body is larger than ${MOST_INFLATED_BYTES} bytes; export smaller batches`);
    throw new Fault('bad_request', 'the body is not in gzip, as its content encoding says', { cause });
  }
};
