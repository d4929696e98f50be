/**
 * Serves the dashboard: files that say nothing of anybody. What they show, they ask of the admin door with the session of whoever looks,
 * so that nobody sees more in a browser than at the command line.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BuiltPages, ServedFile } from './files.ts';

/** True when the request is this door's and was answered by it. */
export type DashboardDoor = (req: IncomingMessage, res: ServerResponse) => boolean;

export const BASE = '/ui';
const ASSETS = `${BASE}/assets/`;

/** `built`: undefined when there is nothing to serve, which is then said. */
export const dashboardDoor =
  (built: BuiltPages | undefined): DashboardDoor =>
  (req, res) => {
    const isHead = req.method === 'HEAD';
    if (req.method !== 'GET' && !isHead) return false;
    const [path = ''] = (req.url ?? '').split('?', 1);
    if (path === '/') return redirect(res);
    if (path !== BASE && !path.startsWith(`${BASE}/`)) return false;
    if (built === undefined) return write(res, 503, NOT_BUILT, isHead, NOT_KEPT);
    if (!path.startsWith(ASSETS)) return write(res, 200, picked(req, built.page), isHead, NOT_KEPT);
    const asset = built.assets.get(path.slice(ASSETS.length));
    return asset === undefined
      ? write(res, 404, NOT_THERE, isHead, NOT_KEPT)
      : write(res, 200, picked(req, asset), isHead, 'public, max-age=31536000, immutable');
  };

const NOT_KEPT = 'no-store';

const text = (words: string): Picked => ({ type: 'text/plain; charset=utf-8', body: Buffer.from(`${words}\n`) });

interface Picked extends ServedFile {
  readonly encoding?: 'gzip';
}

const NOT_BUILT = text('the dashboard is not built here: `./airspace up` builds it, and so does `npm run dashboard`');
const NOT_THERE = text('there is no such file; load the page again');

const picked = ({ headers }: IncomingMessage, { gzipped, ...plain }: ServedFile): Picked =>
  gzipped !== undefined && /(^|[\s,])gzip\s*($|[,;](?!\s*q=0))/.test(headers['accept-encoding']?.toString() ?? '')
    ? { ...plain, body: gzipped, encoding: 'gzip' }
    : plain;

/**
 * Scripts, styles and fonts of ours and nothing written into the page; requests to us alone; no frame, no form elsewhere; and no text
 * becomes markup, whoever asks a browser to make it so: there is no Trusted Types policy that could.
 */
const POLICY = [
  "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'",
  "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
].join('; ');

const SAFE = {
  'content-security-policy': POLICY,
  'x-frame-options': 'DENY',
  'x-content-type-options': 'nosniff',
  // Not `no-referrer`: a form would then come from nowhere, and we ask where it comes from.
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
} as const;

const write = (res: ServerResponse, status: number, file: Picked, isHead: boolean, kept: string): true => {
  res.writeHead(status, {
    ...SAFE,
    'content-type': file.type,
    'content-length': file.body.byteLength,
    'cache-control': kept,
    vary: 'accept-encoding',
    ...(file.encoding === undefined ? {} : { 'content-encoding': file.encoding }),
  });
  res.end(isHead ? undefined : file.body);
  return true;
};

const redirect = (res: ServerResponse): true => {
  res.writeHead(302, { ...SAFE, location: BASE, 'cache-control': NOT_KEPT, 'content-length': 0 }).end();
  return true;
};
