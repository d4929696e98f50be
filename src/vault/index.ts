/** Secrets of targets: sealed at rest, opened for one request to where they may go. */
export { openRootKey, ROOT_KEY_FILE } from './root.ts';
export { type SecretView, Vault } from './vault.ts';
