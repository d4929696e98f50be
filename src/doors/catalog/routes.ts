/** What the catalog door serves. */
import type { DoorRoute } from '../routes.ts';
import { BASE, CATALOGS } from './words.ts';

const JSON_TYPE = { 'content-type': 'application/json' };

const route = (method: DoorRoute['method'], path: string, summary: string, body?: object): DoorRoute => ({
  door: 'catalog',
  method,
  path,
  summary,
  gate: { kind: 'public' },
  ...(body === undefined ? {} : { example: { headers: JSON_TYPE, body: JSON.stringify(body) } }),
});

export const routes: readonly DoorRoute[] = [
  ...CATALOGS.map((path) => route('GET', path, 'the catalog: what there is for whoever asks, and where to search it')),
  route('POST', `${BASE}/search`, 'entries that fit a description, the best first', { query: { text: 'orders' } }),
  route('POST', `${BASE}/explore`, 'how many entries there are of what', {
    resultType: { facets: [{ field: 'type' }] },
  }),
  route('GET', `${BASE}/agents`, 'all entries, page by page'),
  route('GET', `${BASE}/agents/{urn}`, 'one entry by its identifier'),
];
