/** What providers of models have in common; each API has a folder of its own. */
export { collected, labelled, payloadFor, throwIfRefused } from './provider.ts';
