/** Targets as entries of a catalog: each leads to a door of ours, and none says where its target really is. */
import { setImmediate } from 'node:timers/promises';
import { DEFAULT_TENANT, type TargetEntry } from '../../contract/index.ts';
import { a2aAddress, mcpAddress } from '../addresses.ts';
import { isOf } from './vocabulary.ts';
import { A2A_CARD, BASE, type CatalogOptions, type Entry, MCP_CARD, REGISTRY } from './words.ts';

/** Of each list in an entry. The catalog is for finding things; what they can do says their card. */
const MOST_CAPABILITIES = 100;
const MOST_QUERIES = 5;

/** `base`: how the caller reaches this node. `isKnown`: the caller is one of ours, and may see how things are labelled. */
export const entriesOf = async (
  base: string,
  targets: readonly TargetEntry[],
  isKnown: boolean,
): Promise<readonly Entry[]> => {
  const seen = { base, publisher: publisherOf(base), isKnown };
  const entries: Entry[] = [];
  for (const target of targets) {
    if (target.kind === 'model') continue;
    entries.push(isOf(entryOf(seen, target), target, isKnown));
    // Others have their turn meanwhile.
    if (entries.length % AT_ONCE === 0) await setImmediate();
  }
  return entries;
};

/** A few milliseconds, also when nothing of it is known yet. */
const AT_ONCE = 64;

interface Seen {
  readonly base: string;
  readonly publisher: string;
  readonly isKnown: boolean;
}

const entryOf = ({ base, publisher, isKnown }: Seen, target: TargetEntry): Entry => {
  const { tenant, kind, name, description, operations, labels, domain } = target;
  const isTool = kind === 'tool';
  const queries = operations
    .flatMap(({ description: does = '' }) => (does === '' ? [] : [does]))
    .slice(0, MOST_QUERIES);
  const tags = Object.entries(labels).map(([key, value]) => (value === '' ? key : `${key}=${value}`));
  return {
    identifier: identifierOf(publisher, `${spaceOf(tenant)}${isTool ? 'server' : 'agent'}`, name),
    displayName: name,
    type: isTool ? MCP_CARD : A2A_CARD,
    url: isTool ? mcpAddress(base, name) : `${a2aAddress(base, { kind, name })}/.well-known/agent-card.json`,
    ...(description === undefined ? {} : { description }),
    ...(isKnown && tags.length > 0 ? { tags } : {}),
    capabilities: operations.slice(0, MOST_CAPABILITIES).map((operation) => operation.name),
    ...(queries.length === 0 ? {} : { representativeQueries: queries }),
    metadata: { kind, ...(isKnown && domain !== '' ? { domain } : {}) },
  };
};

/** The registry itself, so that whoever finds the catalog can search it. */
export const registryEntry = (base: string): Entry => ({
  identifier: identifierOf(publisherOf(base), 'registry', 'airspace'),
  displayName: 'Airspace',
  type: REGISTRY,
  url: `${base}${BASE}`,
  description: 'search for what you may call here',
});

export interface Referral extends Pick<Entry, 'identifier' | 'displayName' | 'type' | 'url'> {}

export const referralsOf = ({ parent }: Pick<CatalogOptions, 'parent'>): readonly Referral[] =>
  parent === undefined
    ? []
    : [
        {
          identifier: identifierOf(publisherOf(parent.url), 'registry', parent.id),
          displayName: parent.id,
          type: REGISTRY,
          url: `${parent.url}${BASE}/search`,
        },
      ];

/** Names are unique inside of a tenant only. */
const spaceOf = (tenant: string): string => (tenant === DEFAULT_TENANT ? '' : `${tenant}:`);

/** Of the host that publishes it; an address of the sixth version has no place in such a name. */
const identifierOf = (publisher: string, space: string, name: string): string =>
  `urn:air:${publisher}:${space}:${name}`;

export const publisherOf = (base: string): string => {
  const { hostname } = new URL(base);
  return hostname.startsWith('[') ? 'localhost' : hostname.replace(/[^A-Za-z0-9.-]/g, '-');
};
