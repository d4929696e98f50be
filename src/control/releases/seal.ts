/** The content of a release as a signed text: what was proposed, by whom, against what, can be shown to be what it was. */
import { createHash } from 'node:crypto';
import { Fault, type ReleaseContent, type ResourceOf, type SealedRelease } from '../../contract/index.ts';
import { keyIdOfPublicKey, type NodeKey, verifySignature } from '../../identity/index.ts';

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

/** Of what people wrote, and not of what it compiles to: a new tool changes the schema and not the policy. */
export const digestOf = (bundles: readonly ResourceOf<'PolicyBundle'>[]): string => {
  const texts = bundles.map(({ metadata: { name }, spec: { level, policies, limits } }) => [
    name,
    level,
    policies.text,
    limits?.text ?? null,
  ]);
  const sorted = texts.sort(([a = ''], [b = '']) => ((a ?? '') < (b ?? '') ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(sorted)).digest('hex');
};
