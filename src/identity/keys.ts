/** API keys: minted once, stored as a hash, checked in constant time; the checksum tells a typo from a stranger. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { KeyEntry, Principal } from '../contract/index.ts';
import { unauthenticated } from './refusal.ts';

/** `air_<id>_<43 chars of base64url>_<crc>`: the two fixed widths at the end keep it unambiguous although secrets contain `_`. */
const FORM = /^air_([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)_([A-Za-z0-9_-]{43})_([0-9a-f]{8})$/;
const LONGEST = 4 + 63 + 1 + 43 + 1 + 8;

/** Fills `size` random bytes; tests pass their own. */
export type RandomBytes = (size: number) => Uint8Array;

/** Everything the owner of a new key needs; the secret exists nowhere else afterwards. */
export interface MintedKey {
  readonly secret: string;
  /** For `KeySpec.secretHash`. */
  readonly secretHash: string;
}

export const hashSecret = (secret: string): string => `sha256:${createHash('sha256').update(secret).digest('hex')}`;

const checksum = (text: string): string => crc32(text).toString(16).padStart(8, '0');

/** `id` is the name of the Key resource. 256 random bits, so a plain SHA-256 is enough to store. */
export const mintKey = (id: string, random: RandomBytes = randomBytes): MintedKey => {
  const body = `air_${id}_${Buffer.from(random(32)).toString('base64url')}`;
  const secret = `${body}_${checksum(body)}`;
  return { secret, secretHash: hashSecret(secret) };
};

/** The id inside a well-formed key; undefined for everything else, before any lookup happens. */
export const keyIdOf = (token: string): string | undefined => {
  if (token.length > LONGEST) return undefined;
  const match = FORM.exec(token);
  if (match === null) return undefined;
  return checksum(token.slice(0, -9)) === match[3] ? match[1] : undefined;
};

/** Keys of one snapshot by id. Tenants name keys independently, so one id may stand for several. */
export type KeyLookup = ReadonlyMap<string, readonly KeyEntry[]>;

export const keyLookup = (keys: readonly KeyEntry[]): KeyLookup => Map.groupBy(keys, (key) => key.id);

/** Compared against when the id is unknown, so that a stranger's id takes as long as a friend's. */
const NOBODY: readonly KeyEntry[] = [
  {
    id: '',
    tenant: '',
    secretHash: `sha256:${'0'.repeat(64)}`,
    principal: { kind: 'agent', name: '', domain: '', roles: [] },
    expiresAtMs: 0,
  },
];

/** The entry that a token opens. Throws `unauthenticated`, with one text for every cause. */
export const verifyKey = (token: string, lookup: KeyLookup, wallMs: number): KeyEntry => {
  const id = keyIdOf(token);
  if (id === undefined) throw unauthenticated();
  const hash = Buffer.from(hashSecret(token));
  let found: KeyEntry | undefined;
  for (const entry of lookup.get(id) ?? NOBODY) if (equal(hash, entry.secretHash)) found = entry;
  if (found === undefined || hasExpired(found, wallMs)) throw unauthenticated();
  return found;
};

export const hasExpired = (key: KeyEntry, wallMs: number): boolean =>
  key.expiresAtMs !== null && wallMs >= key.expiresAtMs;

/** Whom a key stands for. */
export const principalOf = (key: KeyEntry): Principal => ({
  kind: key.principal.kind,
  tenant: key.tenant,
  id: key.principal.name,
  ...(key.principal.domain === '' ? {} : { domain: key.principal.domain }),
  roles: key.principal.roles,
  ...(key.principal.administers === undefined ? {} : { administers: key.principal.administers }),
  ...(key.scopes === undefined ? {} : { scopes: key.scopes }),
});

const equal = (hash: Buffer, stored: string): boolean => {
  const other = Buffer.from(stored);
  return other.length === hash.length && timingSafeEqual(hash, other);
};
