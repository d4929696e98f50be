/** The content of a release as a signed text: what was proposed, by whom, against what, can be shown to be what it was. */
import { createHash } from 'node:crypto';
import { Fault, type ReleaseContent, type SealedRelease } from '../../contract/index.ts';
import { keyIdOfPublicKey, type NodeKey, verifySignature } from '../../identity/index.ts';
import type { TenantPolicy } from '../policy.ts';

/** The kind is signed too, so that a release can never be served as a snapshot. */
const signedText = (payload: string): string => `release\n${payload}`;

export const seal = (content: ReleaseContent, key: NodeKey): SealedRelease => {
  const payload = JSON.stringify(content);
  return { payload, keyId: key.keyId, signature: key.sign(signedText(payload)).toString('base64') };
};

/** Throws `denied` when it was not signed by this key, or was changed since. */
export const unseal = ({ payload, keyId, signature }: SealedRelease, publicKey: string): ReleaseContent => {
  const genuine =
    keyId === keyIdOfPublicKey(publicKey) &&
    verifySignature(publicKey, signedText(payload), Buffer.from(signature, 'base64'));
  if (!genuine) throw new Fault('denied', 'the signature of this release does not fit its content; stage it again');
  return JSON.parse(payload) as ReleaseContent;
};

/** The policy that a release brings. What was staged before releases held facts brings none, and fits only where there are none. */
export const policyOfRelease = ({ bundles, facts = [] }: ReleaseContent): TenantPolicy => ({ bundles, facts });

/** Of what people wrote, and not of what it compiles to: a new tool changes the schema and not the policy. */
export const digestOf = ({ bundles, facts }: TenantPolicy): string => {
  const texts = bundles.map(({ metadata: { name }, spec: { level, policies, limits } }) => [
    name,
    level,
    policies.text,
    limits?.text ?? null,
  ]);
  const said = facts.map(({ metadata: { name }, spec: { description: _, ...spec } }) => [
    name,
    JSON.stringify(spec, inOrder),
  ]);
  // Without facts it is the digest that releases had when they held none.
  const content = said.length === 0 ? sorted(texts) : [sorted(texts), sorted(said)];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
};

type Text = readonly (string | null | undefined)[];

const sorted = (texts: readonly Text[]): readonly Text[] =>
  texts.toSorted(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1));

/** The order of fields means nothing, as in a difference of configurations. */
const inOrder = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value;
