/**
 * Is the card what its agent signed? A key at the same place as the card proves that nobody on the way changed it, and not who is
 * there: whoever holds the place holds both. Keys of other places are not fetched, because a card must not choose where we go.
 */
import { base64url, decodeProtectedHeader, flattenedVerify, importJWK, type JWK } from 'jose';
import { canonicalJson } from '../dialects/a2a/index.ts';
import { isRecord, lineOf, recordsOf } from './text.ts';
import type { Search, Signature } from './words.ts';

type Card = Readonly<Record<string, unknown>>;

const WHAT = 'keys of the card';
const MOST_SIGNATURES = 5;
const MOST_KEYS = 20;
const ALGORITHMS = ['ES256', 'ES384', 'EdDSA', 'Ed25519', 'RS256', 'PS256'];

export const verdictOn = async (card: Card, at: URL, search: Search): Promise<Signature> => {
  const signatures = recordsOf(card['signatures'], MOST_SIGNATURES);
  if (signatures.length === 0) return { verdict: 'unsigned', detail: 'the card has no signature' };
  let last: Signature = { verdict: 'unchecked', detail: 'the signature names no key that is here' };
  for (const signature of signatures) {
    last = await verdictOnOne(card, signature, at, search);
    if (last.verdict === 'valid') return last;
  }
  return last;
};

const verdictOnOne = async (card: Card, signature: Card, at: URL, search: Search): Promise<Signature> => {
  const { protected: head, signature: value } = signature;
  if (typeof head !== 'string' || typeof value !== 'string')
    return { verdict: 'invalid', detail: 'the signature has not its two parts' };
  const { kid, jku } = headerOf(head);
  const place = typeof jku === 'string' ? URL.parse(jku) : null;
  const shown = lineOf(kid, 80) || 'without a name';
  if (place === null)
    return { verdict: 'unchecked', detail: `it is signed with key \`${shown}\`, and says not where that is` };
  if (place.origin !== at.origin)
    return {
      verdict: 'unchecked',
      detail: `it is signed with key \`${shown}\`, which is at another place: ${lineOf(place.origin)}`,
    };
  const key = await keyAt(search, place.href, kid);
  if (key === undefined) return { verdict: 'unchecked', detail: `key \`${shown}\` is not at ${lineOf(place.href)}` };
  const fits = await isSignedBy(card, { protected: head, signature: value }, key);
  return fits
    ? { verdict: 'valid', detail: `it is signed with key \`${shown}\` of the same place` }
    : { verdict: 'invalid', detail: `it does not fit key \`${shown}\`` };
};

const headerOf = (head: string): { readonly kid?: unknown; readonly jku?: unknown } => {
  try {
    return decodeProtectedHeader({ protected: head }) as { kid?: unknown; jku?: unknown };
  } catch {
    return {};
  }
};

const keyAt = async (search: Search, url: string, kid: unknown): Promise<JWK | undefined> => {
  const answered = await search.ask(WHAT, url);
  if (answered === undefined) return undefined;
  const keys = isRecord(answered.json) ? recordsOf(answered.json['keys'], MOST_KEYS) : [];
  const found = keys.find((key) => key['kid'] === kid);
  search.note(WHAT, url, found === undefined ? `${keys.length} keys, and not this one` : 'the key');
  return found as JWK | undefined;
};

const isSignedBy = async (card: Card, { protected: head, signature }: Signed, jwk: JWK): Promise<boolean> => {
  for (const text of textsOf(card)) {
    try {
      const alg = String(decodeProtectedHeader({ protected: head }).alg);
      const payload = base64url.encode(text);
      await flattenedVerify({ protected: head, signature, payload }, await importJWK(jwk, alg), {
        algorithms: ALGORITHMS,
      });
      return true;
    } catch {
      // The next reading of the card may be the one that was signed.
    }
  }
  return false;
};

interface Signed {
  readonly protected: string;
  readonly signature: string;
}

/**
 * The card as signers write it (RFC 8785). They agree that default values are left out and not about which those are, so each way to
 * read that is tried: nothing that says something differs between them.
 */
const textsOf = ({ signatures: _, ...card }: Card): readonly string[] => [
  canonicalJson(without(card, (value) => value === '' || value === null || isEmpty(value))),
  canonicalJson(
    without(card, (value) => value === '' || value === null || value === false || value === 0 || isEmpty(value)),
  ),
  canonicalJson(card),
];

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

const without = (value: unknown, isDefault: (value: unknown) => boolean): unknown => {
  if (Array.isArray(value)) return value.map((one) => without(one, isDefault)).filter((one) => !isDefault(one));
  if (!isRecord(value)) return value;
  const kept = Object.entries(value)
    .map(([name, one]) => [name, without(one, isDefault)] as const)
    .filter(([, one]) => !isDefault(one));
  return Object.fromEntries(kept);
};
