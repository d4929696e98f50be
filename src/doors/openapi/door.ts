/** Serves the description of our API: it says what there is, and nothing of what anybody has. */
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Described, documentOf } from './document.ts';

export const PATH = '/openapi.json';

/** True when the request is this door's and will be answered by it. */
export type OpenapiDoor = (req: IncomingMessage, res: ServerResponse) => boolean;

/** Made when it is first asked for: most nodes are never asked. */
export const openapiDoor = (described: Described): OpenapiDoor => {
  let made: { readonly body: Buffer; readonly etag: string } | undefined;
  return (req, res) => {
    if (req.url !== PATH || (req.method !== 'GET' && req.method !== 'HEAD')) return false;
    made ??= documentIn(described);
    const isSame = req.headers['if-none-match'] === made.etag;
    res.writeHead(isSame ? 304 : 200, {
      'content-type': 'application/json',
      'cache-control': 'public, max-age=60',
      'x-content-type-options': 'nosniff',
      etag: made.etag,
      ...(isSame ? {} : { 'content-length': made.body.byteLength }),
    });
    res.end(isSame || req.method === 'HEAD' ? undefined : made.body);
    return true;
  };
};

const documentIn = (described: Described) => {
  const body = Buffer.from(JSON.stringify(documentOf(described)));
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
};
