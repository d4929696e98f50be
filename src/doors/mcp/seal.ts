/** What clients carry for us: sealed, so that nobody can read, change or make it, and bound to whom it was given to. */
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import type { Principal } from '../../contract/index.ts';

export interface Sealer {
  /** `about`: what it belongs to; opening it for anything else fails. */
  seal(value: unknown, about: string): string;
  /** Undefined for what was not sealed here, or about something else. */
  open(text: string, about: string): unknown;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;
const LONGEST = 64 * 1024;

/** `secret`: the same on every node that may open it. `fresh`: hex whose last 24 digits never come twice. */
export const sealerOf = (secret: Uint8Array, fresh: () => string): Sealer => {
  const key = createHash('sha256').update('airspace mcp door ').update(secret).digest();
  return {
    seal: (value, about) => {
      const iv = Buffer.from(fresh(), 'hex').subarray(-IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(about));
      const sealed = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64url');
    },
    open: (text, about) => {
      if (text.length > LONGEST || !/^[A-Za-z0-9_-]+$/.test(text)) return undefined;
      const bytes = Buffer.from(text, 'base64url');
      if (bytes.byteLength <= IV_BYTES + TAG_BYTES) return undefined;
      try {
        const opening = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES));
        opening.setAAD(Buffer.from(about)).setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
        const plain = Buffer.concat([opening.update(bytes.subarray(IV_BYTES + TAG_BYTES)), opening.final()]);
        return JSON.parse(plain.toString());
      } catch {
        return undefined;
      }
    },
  };
};

/** Names a principal, for what belongs to it and to nobody else. */
export const ownerOf = ({ tenant, kind, id }: Principal): string => JSON.stringify([tenant, kind, id]);
