/** Signatures of agent cards: JWS over the card in its canonical form (RFC 7515, RFC 8785). */
import { Buffer } from 'node:buffer';
import type { CryptoKey, JWK, KeyObject } from 'jose';
import { isObject } from './read.ts';
import type { Field } from './table.ts';
import type { AgentCard, AgentCardSignature } from './types.ts';
import { V1 } from './v1.ts';

export interface CardKey {
  readonly key: CryptoKey | KeyObject | JWK | Uint8Array;
  readonly alg: string;
  readonly kid: string;
  /** Where its public half is published, as a JWK set. */
  readonly jku?: string;
}

/** The key that a signature names. Undefined: nobody that we believe has it. */
export type KeyOf = (header: {
  readonly kid: string;
  readonly alg: string;
  readonly jku?: string;
}) => Promise<CryptoKey | KeyObject | JWK | Uint8Array | undefined>;

/** A symmetric key proves nothing to others, and no algorithm nothing at all. */
const ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
];
const MAX_SIGNATURES = 10;

/** The card with our signature; with two where the canonical forms differ, so that everybody finds one that fits. */
export const signCard = async (card: AgentCard, { key, alg, kid, jku }: CardKey): Promise<AgentCard> => {
  // Nodes that neither sign nor verify a card do not pay for the library.
  const { FlattenedSign } = await import('jose');
  const header = { alg, kid, typ: 'JOSE', ...(jku === undefined ? {} : { jku }) };
  const signatures: AgentCardSignature[] = [...(card.signatures ?? [])];
  for (const payload of payloadsOf(card)) {
    const jws = await new FlattenedSign(payload).setProtectedHeader(header).sign(key);
    signatures.push({ protected: jws.protected!, signature: jws.signature });
  }
  return { ...card, signatures };
};

/** `none`: it is not signed. `unknown`: by nobody whose key there is. `wrong`: a signature by a known key does not fit. */
export type Verdict = 'none' | 'good' | 'unknown' | 'wrong';

/** One good signature is enough, and one that does not fit spoils the card. Never throws for what the card says. */
export const verifyCard = async (card: AgentCard, keyOf: KeyOf): Promise<Verdict> => {
  const signatures = (card.signatures ?? []).slice(0, MAX_SIGNATURES);
  if (signatures.length === 0) return 'none';
  const payloads = payloadsOf(card);
  let verdict: Verdict = 'unknown';
  for (const signature of signatures) {
    const header = headerOf(signature);
    const key = header === undefined ? undefined : await keyOf(header);
    if (key === undefined) continue;
    if (!(await fits(signature, payloads, key))) return 'wrong';
    verdict = 'good';
  }
  return verdict;
};

const fits = async (
  { protected: header, signature }: AgentCardSignature,
  payloads: readonly Uint8Array[],
  key: CryptoKey | KeyObject | JWK | Uint8Array,
): Promise<boolean> => {
  const { flattenedVerify } = await import('jose');
  for (const payload of payloads) {
    const jws = { payload: Buffer.from(payload).toString('base64url'), protected: header, signature };
    try {
      await flattenedVerify(jws, key, { algorithms: ALGORITHMS });
      return true;
    } catch {
      // The other form may fit.
    }
  }
  return false;
};

const headerOf = (signature: AgentCardSignature): Parameters<KeyOf>[0] | undefined => {
  try {
    const header: unknown = JSON.parse(Buffer.from(signature.protected, 'base64url').toString());
    if (!isObject(header)) return undefined;
    const { kid, alg, jku } = header;
    if (typeof kid !== 'string' || typeof alg !== 'string' || !ALGORITHMS.includes(alg)) return undefined;
    return { kid, alg, ...(typeof jku === 'string' ? { jku } : {}) };
  } catch {
    return undefined;
  }
};

/**
 * The specification keeps what must be there even when it is empty; the libraries in use leave out everything that is empty. Neither
 * form can be read as another card, so both count.
 */
const payloadsOf = ({ signatures: _, ...card }: AgentCard): readonly Uint8Array[] => {
  const kept = withoutDefaults('AgentCard', card);
  const forms = new Set([canonicalJson(withoutEmpty(kept) ?? {}), canonicalJson(kept)]);
  return [...forms].map((text) => new TextEncoder().encode(text));
};

const withoutEmpty = (value: unknown): unknown => {
  if (value === '' || value === null) return undefined;
  if (typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const items = value.map(withoutEmpty).filter((item) => item !== undefined);
    return items.length === 0 ? undefined : items;
  }
  const members = Object.entries(value as object).flatMap(([name, member]) => {
    const kept = withoutEmpty(member);
    return kept === undefined ? [] : [[name, kept] as const];
  });
  return members.length === 0 ? undefined : Object.fromEntries(members);
};

/** What has its default value is not there, unless it must be; what nobody knows is not signed. */
const withoutDefaults = (name: string, message: object): Record<string, unknown> => {
  const kept: Record<string, unknown> = {};
  for (const field of V1.messages.get(name) ?? []) {
    const value = (message as Record<string, unknown>)[field.name];
    if (value === undefined || value === null) continue;
    const told = toldBy(field, value);
    const isSaid = field.isRequired || field.hasPresence || field.group !== '' || !isDefault(told, field);
    if (isSaid) kept[field.name] = told;
  }
  return kept;
};

const toldBy = (field: Field, value: unknown): unknown => {
  if (!V1.messages.has(field.type)) return value;
  const one = (item: unknown): unknown => (isObject(item) ? withoutDefaults(field.type, item) : item);
  if (field.isList && Array.isArray(value)) return value.map(one);
  if (field.isMap && isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, one(item)]));
  return one(value);
};

/** A message that is there says something even when it is empty. */
const isDefault = (value: unknown, { isList, isMap }: Field): boolean => {
  if (isList) return Array.isArray(value) && value.length === 0;
  if (isMap) return isObject(value) && Object.keys(value).length === 0;
  return value === '' || value === false || value === 0;
};

/** RFC 8785: members sorted by UTF-16, numbers and strings as JavaScript writes them. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value ?? null);
  const members = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name])}`);
  return `{${members.join(',')}}`;
};
