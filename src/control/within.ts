/** Which domains are one or below it. */
import type { DomainEntry } from '../contract/index.ts';

/** Names, the own one among them. Rings that a bad configuration might have end by themselves. */
export const domainsWithin = (
  domains: readonly Pick<DomainEntry, 'tenant' | 'name' | 'parent'>[],
  { tenant, domain }: { readonly tenant: string; readonly domain: string },
): ReadonlySet<string> => {
  const within = new Set([domain]);
  for (let size = 0; size !== within.size; ) {
    size = within.size;
    for (const one of domains) if (one.tenant === tenant && within.has(one.parent)) within.add(one.name);
  }
  return within;
};
