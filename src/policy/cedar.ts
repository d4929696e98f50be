/** Cedar's own parser and validator, loaded when the first text arrives, so that a sidecar never pays for its four megabytes. */
import { createRequire } from 'node:module';
import type { DetailedError } from '@cedar-policy/cedar-wasm/nodejs';

export type Cedar = typeof import('@cedar-policy/cedar-wasm/nodejs');

const require = createRequire(import.meta.url);
const MODULE = '@cedar-policy/cedar-wasm/nodejs';

/**
 * Answers undefined when Cedar itself broke down. A trap leaves the module's memory in pieces: every later call would fail too,
 * so the module is thrown away and the next text gets a fresh one. That is why it is required and not imported.
 */
export const withCedar = <T>(work: (cedar: Cedar) => T): T | undefined => {
  try {
    return work(require(MODULE) as Cedar);
  } catch {
    delete require.cache[require.resolve(MODULE)];
    return undefined;
  }
};

/** Cedar's sentence, what it expected, and its advice. */
export const messageOf = ({ message, help, sourceLocations }: DetailedError): string =>
  [message, sourceLocations?.[0]?.label, help].filter((part) => part != null && part !== '').join('; ');
