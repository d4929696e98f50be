/** Believing what other issuers say about who somebody is. */
export { type FetchJson, type KeySetParts, KeySets } from './keysets.ts';
export { looksLikeJwt, type TokenParts, TokenVerifier } from './verify.ts';
