/** The identity of a request for idempotency: content type and exact bytes. */
import { createHash } from 'node:crypto';

export const digestOf = (contentType: string, bytes: Uint8Array): string =>
  createHash('sha256').update(contentType).update('\n').update(bytes).digest('hex');
