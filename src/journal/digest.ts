/** The identity of a request for idempotency: content type and exact bytes. */
import { hash } from 'node:crypto';
import type { Body } from '../contract/index.ts';
import { payloadDigest } from '../kernel/index.ts';

export const digestOf = (contentType: string, body: Extract<Body, { kind: 'bytes' }>): string =>
  hash('sha256', `${contentType}\n${payloadDigest(body)}`, 'hex');
