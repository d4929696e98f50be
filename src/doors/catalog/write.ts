/** How the catalog door answers: JSON with a tag that saves the way back, and errors in the words of registries. */
import { createHash } from 'node:crypto';
import type { Fault } from '../../contract/index.ts';
import type { Entering } from './asked.ts';
import { errorOf } from './status.ts';

type Headers = readonly string[];

/** What somebody may call is theirs; what everybody may know changes with a configuration only. */
export const cachingOf = (isKnown: boolean): Headers =>
  isKnown ? ['cache-control', 'no-store'] : ['cache-control', 'public, max-age=60', 'vary', 'authorization, host'];

export const writeFault = (entering: Entering, { code: fault, message }: Fault): void => {
  const { status, code } = errorOf(fault);
  const said = status === 500 ? 'something went wrong inside Airspace' : message;
  const challenge = status === 401 ? ['www-authenticate', 'Bearer realm="airspace"'] : [];
  writeError(entering, status, { errorCode: code, message: said }, challenge);
};

export const writeError = (entering: Entering, status: number, error: object, more: Headers): void =>
  send(entering, status, JSON.stringify(error), ['cache-control', 'no-store', ...more]);

export const writeFound = (entering: Entering, found: object, more: Headers): void => {
  const body = JSON.stringify(found);
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  const isSame = entering.req.method === 'GET' && entering.req.headers['if-none-match'] === etag;
  send(entering, isSame ? 304 : 200, isSame ? '' : body, ['etag', etag, ...more]);
};

const send = ({ req, res }: Entering, status: number, body: string, more: Headers): void => {
  if (res.headersSent || res.destroyed) return;
  // What is left of a request that nobody read would be taken for the next one's beginning.
  if (!req.complete) res.shouldKeepAlive = false;
  res.writeHead(status, [
    ...['content-type', 'application/json', 'x-content-type-options', 'nosniff'],
    ...(status === 304 ? [] : ['content-length', String(Buffer.byteLength(body))]),
    ...more,
  ]);
  res.end(req.method === 'HEAD' ? '' : body);
};
