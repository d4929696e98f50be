/** The wire of the webhook: one POST, to the public internet over TLS or nowhere, unless the operator says otherwise. */

import { lookup } from 'node:dns';
import http from 'node:http';
import https from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Message } from '../../approvals/index.ts';
import { Fault } from '../../contract/index.ts';

const LONGEST_MS = 10_000;

/** Throws `bad_request` for what is no address that this node may call. */
export const webhookTo = (address: string, allowPrivate: boolean): ((message: Message) => Promise<void>) => {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.hash !== '')
    throw new Fault(
      'bad_request',
      `the webhook \`${address}\` must be an address such as https://chat.example/hooks/1`,
    );
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol === 'http:' && !(allowPrivate && isLoopback(host)))
    throw new Fault(
      'bad_request',
      `the webhook \`${address}\` must be https; plain http works on loopback, with --allow-private-egress`,
    );
  if (!allowPrivate && (host === 'localhost' || (isIP(host) !== 0 && !isPublic(host))))
    throw new Fault(
      'bad_request',
      `the webhook \`${address}\` is in a private network; say --allow-private-egress if it should be`,
    );
  return (message) => post(url, message, allowPrivate);
};

const isLoopback = (host: string): boolean =>
  host === 'localhost' || (isIP(host) !== 0 && rangeOf(host) === 'loopback');

/** An IPv4 address in the clothes of an IPv6 one is the IPv4 one. */
const rangeOf = (address: string): string => ipaddr.process(address).range();

const isPublic = (address: string): boolean => rangeOf(address) === 'unicast';

/** The check stands where the connection gets its address, so that a name cannot point elsewhere between check and use. */
const guarded: LookupFunction = (host, options, answer) =>
  lookup(host, { ...options, all: true }, (error, found) => {
    const [first] = found ?? [];
    if (error !== null || first === undefined) return answer(error ?? new Error('no address'), '', 4);
    if (!found.every(({ address }) => isPublic(address)))
      return answer(new Error(`\`${host}\` leads into a private network`), '', 4);
    return options.all === true ? answer(null, found) : answer(null, first.address, first.family);
  });

/** Follows no redirect: where it leads, nobody has checked. */
const post = (url: URL, { body, headers }: Message, allowPrivate: boolean): Promise<void> =>
  new Promise((resolve, reject) => {
    const client = url.protocol === 'https:' ? https : http;
    const request = client.request(url, {
      method: 'POST',
      headers: { ...headers, 'content-length': Buffer.byteLength(body) },
      signal: AbortSignal.timeout(LONGEST_MS),
      ...(allowPrivate ? {} : { lookup: guarded }),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      if (status >= 200 && status < 300) resolve();
      else reject(new Error(`it answered ${status}`));
    });
    request.end(body);
  });
