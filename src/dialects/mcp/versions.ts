/** Versions of MCP, and the two eras that they fall into: with sessions and a handshake, and without. */

/** Without handshake and sessions. */
export const MODERN = '2026-07-28';

/** With `initialize` and, where the server wants it, sessions; newest first. */
export const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'] as const;

/** What is spoken here, newest first. */
export const VERSIONS: readonly string[] = [MODERN, ...LEGACY];

export type Era = 'modern' | 'legacy';

/** Undefined for a version that is not spoken here. */
export const eraOf = (version: string): Era | undefined =>
  version === MODERN ? 'modern' : LEGACY.some((one) => one === version) ? 'legacy' : undefined;

/** Since this version requests name it in a header; before it there was no such header. */
export const namesVersion = (version: string): boolean => version >= '2025-06-18';
