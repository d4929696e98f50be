/** The tree of domains inside each tenant, asked upwards only: where a domain belongs, and who serves it. */
import type { DomainEntry } from '../contract/index.ts';

/** Deeper than any real organisation; it also ends a parent loop that a bad configuration might contain. */
const MAX_DEPTH = 16;

export interface DomainTree {
  /** The domain itself, then its parents, nearest first. The organisation (the empty domain) is not listed. */
  chain(tenant: string, domain: string): readonly string[];
  /** The domain whose hub serves `domain`, seen from a node of `from`: the topmost delegated one below it, or none. */
  delegate(tenant: string, domain: string, from: string): string | undefined;
}

export const domainTree = (entries: readonly DomainEntry[]): DomainTree => {
  const byKey = new Map(entries.map((entry) => [`${entry.tenant}/${entry.name}`, entry]));
  const chain = (tenant: string, domain: string): readonly string[] => {
    const names: string[] = [];
    for (let at = domain; at !== '' && names.length < MAX_DEPTH; ) {
      names.push(at);
      at = byKey.get(`${tenant}/${at}`)?.parent ?? '';
    }
    return names;
  };
  const delegate = (tenant: string, domain: string, from: string): string | undefined => {
    const upwards = chain(tenant, domain);
    const mine = upwards.indexOf(from);
    const below = mine < 0 ? upwards : upwards.slice(0, mine);
    return below.findLast((name) => byKey.get(`${tenant}/${name}`)?.delegated === true);
  };
  return { chain, delegate };
};
