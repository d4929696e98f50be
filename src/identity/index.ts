/** Who is asking: API keys, node keys, assertions between nodes, one-time tokens, and the layer that believes them. */
export { AssertionSigner, AssertionVerifier, type KnownNodes, nodePrincipal } from './assertion.ts';
export { Authority, publicKeyIn, type Within } from './authority.ts';
export { type CertificateParts, NodeCertificate } from './certificate.ts';
export { type Certificate, type HeldChain, openCertificate } from './chain.ts';
export { type IdSeal, idSealOf } from './idseal.ts';
export {
  hashSecret,
  type KeyLookup,
  keyIdOf,
  keyLookup,
  type MintedKey,
  mintKey,
  principalOf,
  type RandomBytes,
  verifyKey,
} from './keys.ts';
export { KEY_USE_FILE, KeyUse, type Use } from './keyuse.ts';
export { knownNodes } from './known.ts';
export { identify, type Resolver, type ResolverParts, SnapshotResolver, throwIfNotForCalls } from './layer.ts';
export { keyIdOfPublicKey, NodeKey, newNodeKey, openNodeKey, parsePublicKey, verifySignature } from './nodekey.ts';
export { type Peer, PeerCheck, type PeerRefusal, type PeerRules, refusalOf } from './peers.ts';
export { createPrivateFile, isPrivate, readPrivateFile, writePrivateFile } from './privatefile.ts';
export { originSigner, originVerifier, speaksElsewhere } from './proof.ts';
export { type FetchJson, KeySets, type TokenParts, TokenVerifier } from './provider/index.ts';
export { unauthenticated } from './refusal.ts';
export { type Broken, mayHandTo, Seal, type Unsealed } from './seal.ts';
export {
  isCsrf,
  type Opened,
  type Proof,
  Sessions,
  sessionCookie,
} from './sessions.ts';
export { parseSpiffeId, type SpiffeName, spiffeIdOf, trustDomainOf } from './spiffe.ts';
export { LoginThrottle } from './throttle.ts';
export {
  BOOTSTRAP_FILE,
  BOOTSTRAP_VALID_MS,
  controlKeyIdOf,
  issueBootstrapToken,
  issueJoinToken,
  JOIN_VALID_MS,
  JoinGrantSchema,
  joinProofText,
  useBootstrapToken,
  useJoinToken,
} from './tokens.ts';
