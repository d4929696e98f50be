/**
 * A node's seal over ids that it hands out: nobody can read what is under one, or make one up. The same text has the same seal, so that
 * whoever compares ids may.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac } from 'node:crypto';
import type { NodeKey } from './nodekey.ts';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORM = /^[A-Za-z0-9_-]{38,2000}$/;

export interface IdSeal {
  put(text: string): string;
  /** Undefined for what it did not put. */
  open(words: string): string | undefined;
}

/** Ed25519 signs the same text the same way: the secrets outlive a restart, and are the same wherever the key is. */
export const idSealOf = (key: Pick<NodeKey, 'sign'>): IdSeal => {
  const secret = (purpose: string): Buffer =>
    createHash('sha256')
      .update(key.sign(`${purpose}\n`))
      .digest();
  const [cipherKey, nonceKey] = [secret('id-cipher'), secret('id-nonce')];
  return {
    put: (text) => {
      // A nonce that follows from the text is used again for the same text only.
      const nonce = createHmac('sha256', nonceKey).update(text).digest().subarray(0, NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', cipherKey, nonce);
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64url');
    },
    open: (words) => {
      if (!FORM.test(words)) return undefined;
      const bytes = Buffer.from(words, 'base64url');
      // Other spellings of the same bytes are other ids.
      if (bytes.toString('base64url') !== words) return undefined;
      const cipher = createDecipheriv('aes-256-gcm', cipherKey, bytes.subarray(0, NONCE_BYTES));
      cipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      try {
        return cipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + cipher.final('utf8');
      } catch {
        return undefined;
      }
    },
  };
};
