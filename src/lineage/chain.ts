/** The way from the root of a tree to a call: how people read it, and the two ways in which it goes in circles. Pure. */
import type { Hop, Tree } from '../contract/index.ts';

/** `user/ann`, `agent/a/ask`, `agent/b/ask`: each is the caller of the next. */
export const chainOf = ({ begun, hops }: Pick<Tree, 'begun' | 'hops'>): readonly string[] => [
  begun,
  ...hops.map(({ target }) => target),
];

/** `agent/a/ask` is `agent/a`: operations may have dots, but no slash. */
const nameOf = (target: string): string => target.slice(0, target.indexOf('/', target.indexOf('/') + 1));

const callers = (begun: string, hops: readonly Hop[]): readonly string[] => [
  begun,
  ...hops.map(({ target }) => nameOf(target)),
];

/** Has the same caller asked the same of the same target before, further up? Then it will again. */
export const repeats = ({ begun, hops }: Pick<Tree, 'begun' | 'hops'>): boolean => {
  const last = hops.at(-1);
  if (last === undefined || last.digest === '' || hops.length < 2) return false;
  const who = callers(begun, hops);
  return hops.some(
    ({ target, digest }, at) =>
      at < hops.length - 1 && target === last.target && digest === last.digest && who[at] === who[hops.length - 1],
  );
};

/** Calls back and forth between the same two at the end of the chain: A to B to A to B is three. */
export const bounces = ({ begun, hops }: Pick<Tree, 'begun' | 'hops'>): number => {
  const who = callers(begun, hops);
  let at = who.length - 1;
  // An agent that calls itself divides its work; the depth bounds that.
  if (who[at] === who[at - 1]) return 0;
  let count = 0;
  for (; at >= 2 && who[at] === who[at - 2]; at--) count++;
  return count === 0 ? 0 : count + 1;
};
