/** Where an endpoint is, seen from a caller (H7): how far away, and whether the data of a target may go there at all. */
import type { NodeEntry, TargetEntry } from '../contract/index.ts';
import type { DomainTree } from './domains.ts';

/** Labels with a meaning here. The first two correct what an address and a node say by themselves. */
export const HOST_LABEL = 'host';
export const DOMAIN_LABEL = 'domain';
export const RESIDENCY_LABEL = 'residency';

export interface Place {
  /** Name or address of the machine. */
  readonly host: string;
  /** Empty: the organisation itself. */
  readonly domain: string;
}

/** 0: the same machine; 1: the same domain; 2: a domain above; 3: anywhere else. */
export type Distance = 0 | 1 | 2 | 3;

export const placeOfNode = ({ url, domain }: Pick<NodeEntry, 'url' | 'domain'>): Place => ({
  host: hostOf(url),
  domain,
});

/** `node`: the one in front of it, if any. */
export const placeOf = (
  { url, labels }: { readonly url: string; readonly labels: Readonly<Record<string, string>> },
  node: Pick<NodeEntry, 'domain'> | undefined,
  target: Pick<TargetEntry, 'domain'>,
): Place => ({
  host: labels[HOST_LABEL] ?? hostOf(url),
  domain: labels[DOMAIN_LABEL] ?? node?.domain ?? target.domain,
});

export const distanceOf = (from: Place, to: Place, tenant: string, domains: DomainTree): Distance => {
  if (from.host !== '' && from.host === to.host) return 0;
  if (from.domain === to.domain) return 1;
  return to.domain === '' || domains.chain(tenant, from.domain).includes(to.domain) ? 2 : 3;
};

/** Of a target that says where its data stay, only endpoints that say they are there. Silence is no answer. */
export const mayHold = (target: Pick<TargetEntry, 'labels'>, labels: Readonly<Record<string, string>>): boolean => {
  const where = target.labels[RESIDENCY_LABEL];
  return where === undefined || labels[RESIDENCY_LABEL] === where;
};

const hostOf = (url: string): string => URL.parse(url)?.hostname ?? '';
