/** Orders to stop, snapshots and rosters as signed documents: a node takes orders from its control plane only, and never older ones. */
import { z } from 'zod';
import { Fault, type KillList, type Roster, type Signed, type Snapshot } from '../contract/index.ts';
import { keyIdOfPublicKey, type NodeKey, verifySignature } from '../identity/index.ts';

export interface Documents {
  readonly kills: KillList;
  readonly snapshot: Snapshot;
  readonly roster: Roster;
}
export type DocumentKind = keyof Documents;

/** In the order in which they matter: who must stop comes first, and instances mean nothing without their targets. */
export const DOCUMENT_KINDS = ['kills', 'snapshot', 'roster'] as const satisfies readonly DocumentKind[];

const MAX_PAYLOAD = 64 * 1024 * 1024;

const SignedSchema = z.strictObject({
  kind: z.enum(DOCUMENT_KINDS),
  payload: z.string().max(MAX_PAYLOAD),
  keyId: z.string().max(64),
  signature: z.string().max(128),
});

/** The signature covers the kind, so that a roster can never be served as a snapshot. */
const signedText = (kind: DocumentKind, payload: string): string => `${kind}\n${payload}`;

export const signDocument = <K extends DocumentKind>(kind: K, document: Documents[K], key: NodeKey): Signed => {
  const payload = JSON.stringify(document);
  const signature = key.sign(signedText(kind, payload)).toString('base64');
  return { kind, payload, keyId: key.keyId, signature };
};

export interface Expected<K extends DocumentKind> {
  readonly kind: K;
  /** The control plane's key that was pinned at joining: SPKI DER in base64. */
  readonly publicKey: string;
  /** Sequence that is held already. INVARIANT: only a higher one is accepted (I14). */
  readonly above: number;
  /** What the payload says, where parts of it are known already. Default: it is parsed. */
  readonly read?: (signed: Signed) => unknown;
}

/** What was opened once, and by whose key, for as long as the signed text is held. */
const opened = new WeakMap<object, { readonly publicKey: string; readonly document: Documents[DocumentKind] }>();

/**
 * Checks a document from the network or the disk, and parses it only then.
 * Throws `denied` for a wrong signer or kind, `conflict` for a sequence that is not higher, `bad_request` for what is no document.
 */
export const openSigned = <K extends DocumentKind>(untrusted: unknown, expected: Expected<K>): Documents[K] => {
  const parsed = SignedSchema.safeParse(untrusted);
  if (!parsed.success) throw new Fault('bad_request', 'this is not a signed document');
  const { kind, keyId } = parsed.data;
  if (kind !== expected.kind) throw new Fault('denied', `this is a ${kind} where a ${expected.kind} belongs`);
  if (keyId !== keyIdOfPublicKey(expected.publicKey)) {
    throw new Fault(
      'denied',
      `this ${kind} is signed with key \`${keyId}\`, which is not that of the control plane joined`,
    );
  }
  const document = verified(untrusted as Signed, expected, parsed.data);
  if (!(document.seq > expected.above)) {
    throw new Fault('conflict', `this ${kind} has sequence ${document.seq}, and ${expected.above} is already here`, {
      facts: { expected: expected.above, actual: document.seq },
    });
  }
  return document;
};

/** INVARIANT: nothing of a payload is read before its signature was checked. From then on it cannot be changed, so once is enough. */
const verified = <K extends DocumentKind>(
  signed: Signed,
  { kind, publicKey, read = ({ payload }) => JSON.parse(payload) }: Expected<K>,
  { payload, signature }: Pick<Signed, 'payload' | 'signature'>,
): Documents[K] => {
  const before = opened.get(signed);
  if (before?.publicKey === publicKey) return before.document as Documents[K];
  if (!verifySignature(publicKey, signedText(kind, payload), Buffer.from(signature, 'base64')))
    throw new Fault('denied', `the signature of this ${kind} does not fit its content`);
  const document = read(signed) as Documents[K];
  opened.set(Object.freeze(signed), { publicKey, document });
  return document;
};
