/**
 * Which endpoints of a large pool a caller uses (H6): the same ones each time, other ones for every caller, and when one endpoint
 * leaves, only those that used it choose another.
 *
 * Rendezvous hashing: every pair of a caller and an endpoint has a score, and each caller takes its best. Chance alone would leave some
 * endpoints of a large pool to nobody, so each endpoint takes its best callers too, half as many as it has on average and at least one.
 */

/** Up to so many endpoints are all used. */
export const SUBSET_ABOVE = 50;
export const SUBSET_SIZE = 20;

/** The best of one caller, whatever others use. */
export const subsetOf = (
  caller: string,
  endpoints: readonly string[],
  size: number = SUBSET_SIZE,
): ReadonlySet<string> => new Set(topOf(endpoints.map(hashOf), saltOf(caller), size).map((at) => endpoints[at]!));

/** By caller, its endpoints. */
export const subsets = (
  callers: readonly string[],
  endpoints: readonly string[],
  size: number = SUBSET_SIZE,
): ReadonlyMap<string, ReadonlySet<string>> => {
  const left = callers.map(saltOf);
  const right = endpoints.map(hashOf);
  const used = new Map(callers.map((caller) => [caller, new Set<string>()]));
  callers.forEach((caller, at) => {
    const mine = used.get(caller)!;
    for (const best of topOf(right, left[at]!, size)) mine.add(endpoints[best]!);
  });
  const share = Math.max(1, Math.floor((size * callers.length) / endpoints.length / 2));
  endpoints.forEach((endpoint, at) => {
    for (const best of topOf(left, right[at]!, share)) used.get(callers[best]!)!.add(endpoint);
  });
  return used;
};

/** A caller and an endpoint may have one name, and their hashes must not cancel each other out. */
const saltOf = (caller: string): number => Math.imul(hashOf(caller), 0x9e3779b1);

/** Places of the `count` best scores, without sorting the others. */
const topOf = (hashes: readonly number[], against: number, count: number): readonly number[] => {
  const best: { readonly at: number; readonly score: number }[] = [];
  for (let at = 0; at < hashes.length; at++) {
    const score = mix(hashes[at]! ^ against);
    if (best.length === count && score <= best[count - 1]!.score) continue;
    let place = best.length;
    while (place > 0 && best[place - 1]!.score < score) place--;
    best.splice(place, 0, { at, score });
    if (best.length > count) best.pop();
  }
  return best.map(({ at }) => at);
};

/** FNV-1a, mixed once more: ids differ in their last characters only, and those must matter everywhere. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return mix(hash);
};

/** The finaliser of MurmurHash3: every bit of the input changes half of the output. */
const mix = (word: number): number => {
  let hash = word ^ (word >>> 16);
  hash = Math.imul(hash, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
};
