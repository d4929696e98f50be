/** What is served at which path of the catalog door. */
import { type Asking, bodyOf, queryOf } from './asked.ts';
import { publisherOf, referralsOf, registryEntry } from './entries.ts';
import { ExploreBody, explore, ListQuery, list, retrieve, SearchBody, search } from './registry.ts';
import { BASE, CATALOGS } from './words.ts';

export interface Service {
  readonly method: 'GET' | 'POST';
  readonly answer: (asking: Asking) => object | Promise<object>;
}

const catalog: Service = {
  method: 'GET',
  answer: ({ base, entries }) => ({
    specVersion: '1.0',
    host: { displayName: 'Airspace', identifier: `did:web:${publisherOf(base)}` },
    entries: [...entries, registryEntry(base)],
  }),
};

const searching: Service = {
  method: 'POST',
  answer: async (asking) => {
    const { base, entries, options } = asking;
    const found = { entries, referrals: referralsOf(options), source: `${base}${BASE}` };
    return search(found, await bodyOf(asking, SearchBody));
  },
};

const exploring: Service = {
  method: 'POST',
  answer: async (asking) => explore(asking.entries, await bodyOf(asking, ExploreBody)),
};

const listing: Service = { method: 'GET', answer: (asking) => list(asking.entries, queryOf(asking, ListQuery)) };

const ONE = `${BASE}/agents/`;

const one: Service = { method: 'GET', answer: ({ entries, path }) => retrieve(entries, path.slice(ONE.length)) };

const SERVICES: ReadonlyMap<string, Service> = new Map([
  ...CATALOGS.map((path) => [path, catalog] as const),
  [`${BASE}/search`, searching],
  [`${BASE}/explore`, exploring],
  [`${BASE}/agents`, listing],
]);

/** Undefined: somebody else's path. */
export const serviceAt = (path: string): Service | undefined =>
  SERVICES.get(path) ?? (path.startsWith(ONE) && /^[^/]+$/.test(path.slice(ONE.length)) ? one : undefined);
