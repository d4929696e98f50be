/** Who a request believes it talks to: exactly one host, the same in both places, and on loopback one that is ours. */
import type { IncomingMessage } from 'node:http';
import { Fault } from '../contract/index.ts';

const bad = (message: string): Fault => new Fault('bad_request', message);

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

/** Name and optional port, IPv6 in brackets. */
const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?$/i;

const isOurs = (host: string, allowed: readonly string[]): boolean => {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  const bare = name.startsWith('[') ? name.slice(1, -1) : name;
  return isLoopback(bare) || allowed.includes(name) || allowed.includes(host.toLowerCase());
};

const onlyHost = (raw: readonly string[]): string => {
  let host: string | undefined;
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!;
    if (name.length !== 4 || name.toLowerCase() !== 'host') continue;
    if (host !== undefined) throw bad('header `host` is there twice');
    host = raw[at + 1]!;
  }
  if (host === undefined || !HOST.test(host)) throw bad('header `host` is missing or not a host');
  return host;
};

/**
 * Answers the path of the request. `allowed`: further hosts besides loopback names; null means that any host will do.
 * Throws `bad_request` for a second `host`, a host that is not ours, and an absolute path that names another one.
 */
export const checkHost = (req: IncomingMessage, allowed: readonly string[] | null): string => {
  const host = onlyHost(req.rawHeaders);
  if (allowed !== null && !isOurs(host, allowed))
    throw bad('this listener does not answer for that host; name it in the allowed hosts if it should');
  const path = req.url ?? '';
  if (path.startsWith('/')) return path;
  const absolute = /^https?:\/\/([^/?#]+)(\/.*)?$/i.exec(path);
  if (absolute === null || absolute[1]!.toLowerCase() !== host.toLowerCase())
    throw bad('the path names another host than header `host`');
  return absolute[2] ?? '/';
};
