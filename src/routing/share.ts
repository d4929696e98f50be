/** Which call trees a route sends directly between sidecars while it moves by percentage. */

/** The percentages of routes are whole numbers. */
const BUCKETS = 100;

/** So that a policy on trial, which draws by the trace of the same tree, and a route that moves have nothing to do with each other. */
const SALT = 'way/';

/**
 * From the root of a call tree and from nothing else: a tree takes one way on every node and on every route of the same percentage, and a
 * higher percentage only ever adds trees. FNV-1a with the finish of MurmurHash3, for even low digits.
 */
export const isInShare = (root: string, percent: number): boolean => bucketOf(root) < percent;

const bucketOf = (root: string): number => {
  let hash = SALTED;
  for (let at = 0; at < root.length; at++) hash = fnv(hash, root.charCodeAt(at));
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % BUCKETS;
};

const fnv = (hash: number, code: number): number => Math.imul(hash ^ code, 0x01000193);

const SALTED = [...SALT].reduce((hash, letter) => fnv(hash, letter.charCodeAt(0)), 0x811c9dc5);
