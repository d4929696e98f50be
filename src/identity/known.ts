/** What a snapshot knows about agents and domains, ready for checking who may speak for whom. */
import type { NodeEntry, Snapshot } from '../contract/index.ts';
import type { KnownNodes } from './assertion.ts';

interface Places {
  readonly domainOf: ReadonlyMap<string, string>;
  readonly parentOf: ReadonlyMap<string, string>;
}

/** A roster comes often, and changes nothing about them. */
const places = new WeakMap<object, Places>();

/** `node` looks into the newest roster each time it is asked. */
export const knownNodes = (
  snapshot: Pick<Snapshot, 'targets' | 'domains'>,
  node: (id: string) => NodeEntry | undefined,
): KnownNodes => {
  const { domainOf, parentOf } = placesIn(snapshot);
  return {
    node,
    domainOfAgent: (tenant, agent) => domainOf.get(`${tenant}/${agent}`),
    isWithin: (tenant, domain, ancestor) => isWithin(parentOf, tenant, domain, ancestor),
  };
};

const placesIn = (snapshot: Pick<Snapshot, 'targets' | 'domains'>): Places => {
  let found = places.get(snapshot);
  if (found === undefined) {
    const agents = snapshot.targets.filter(({ kind }) => kind === 'agent');
    found = {
      domainOf: new Map(agents.map(({ tenant, name, domain }) => [`${tenant}/${name}`, domain])),
      parentOf: new Map(snapshot.domains.map(({ tenant, name, parent }) => [`${tenant}/${name}`, parent])),
    };
    places.set(snapshot, found);
  }
  return found;
};

/** More levels than any organisation has; control refuses rings, and a node must not hang if one comes all the same. */
const MOST_LEVELS = 64;

const isWithin = (parentOf: ReadonlyMap<string, string>, tenant: string, domain: string, ancestor: string): boolean => {
  let at = domain;
  for (let level = 0; at !== '' && level < MOST_LEVELS; level++) {
    if (at === ancestor) return true;
    at = parentOf.get(`${tenant}/${at}`) ?? '';
  }
  return false;
};
