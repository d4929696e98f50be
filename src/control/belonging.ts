/** What of a tenant belongs to those who look after some of its domains only: what they may read, and whom they may stop. Pure. */
import type { Belonging, Resource, Rights, Snapshot, TargetKind } from '../contract/index.ts';
import { Registry } from './registry.ts';

const EVERYTHING: Belonging = { domain: () => true, target: () => true, resource: () => true, call: () => true };

export const belonging = (rights: Rights, snapshot: Pick<Snapshot, 'targets' | 'domains'>): Belonging => {
  if (rights.kind === 'tenant') return EVERYTHING;
  const { tenant, domains } = rights;
  const registry = new Registry(snapshot);
  const domain = (name: string): boolean => name !== '' && domains.some((one) => registry.isWithin(tenant, name, one));
  const target = (kind: TargetKind, name: string): boolean => domain(registry.target(tenant, kind, name)?.domain ?? '');
  return {
    domain,
    target,
    resource: (resource) => resource.metadata.tenant === tenant && domain(domainOf(resource)),
    call: (event) =>
      event.tenant === tenant &&
      (target(event.target.kind, event.target.name) ||
        (event.principal?.kind === 'agent' && target('agent', event.principal.id))),
  };
};

/** A bundle belongs to its level and nowhere else. A key opens the admin door for somebody else: nobody below looks at those. */
const domainOf = (resource: Resource): string => {
  const { kind, metadata, spec } = resource;
  if (kind === 'PolicyBundle') return spec.level;
  if (kind === 'Domain') return metadata.name;
  return kind === 'Key' ? '' : (metadata.domain ?? '');
};
