/** Extensions that this door has itself; all others are between the caller and its target. */

import type { Version } from './version.ts';
import { APPROVAL_URI } from './words.ts';

const OURS: readonly string[] = [APPROVAL_URI];

/** Headers that say which of the wanted ones are in use. */
export const extensionsOut = (wanted: readonly string[], version: Version): string[] => {
  const used = wanted.filter((uri) => OURS.includes(uri));
  if (used.length === 0) return [];
  return [version === '1.0' ? 'a2a-extensions' : 'x-a2a-extensions', used.join(', ')];
};
