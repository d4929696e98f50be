/** How calls leave. Each protocol is entered through its own folder. */
export { speaking, type Ways } from './speaking.ts';
export type { Way, Words } from './words.ts';
