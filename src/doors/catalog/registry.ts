/** What a registry of agents answers: searched, counted, listed and looked up, over the entries that its caller may see. */
import { z } from 'zod';
import { Fault } from '../../contract/index.ts';
import type { Referral } from './entries.ts';
import { type Filter, matching, valuesOf } from './match.ts';
import type { Entry } from './words.ts';

const Text = z.string().max(2_000);
const FilterModel = z
  .record(z.string().max(200), z.union([Text, z.array(Text).max(50)]))
  .refine((filter) => Object.keys(filter).length <= 20, 'has at most 20 fields');
const QueryModel = z.strictObject({
  '@context': z.unknown().optional(),
  text: Text.optional(),
  filter: FilterModel.optional(),
});

export const SearchBody = z.strictObject({
  query: QueryModel.extend({ text: Text.min(1) }),
  federation: z.enum(['auto', 'referrals', 'none']).default('auto'),
  pageSize: z.number().int().min(1).max(100).default(10),
  pageToken: z.string().max(100).optional(),
});

export const ExploreBody = z.strictObject({
  query: QueryModel.default({}),
  resultType: z.strictObject({
    facets: z
      .array(
        z.strictObject({
          field: z.string().min(1).max(200),
          limit: z.number().int().min(1).max(100).default(20),
          minCount: z.number().int().min(0).default(1),
        }),
      )
      .min(1)
      .max(10),
  }),
});

export const ListQuery = z.strictObject({
  filter: Text.optional(),
  orderBy: z.string().max(100).optional(),
  pageSize: z.coerce.number().int().min(1).max(100).default(20),
  pageToken: z.string().max(100).optional(),
});

export interface Searching {
  readonly entries: readonly Entry[];
  readonly referrals: readonly Referral[];
  /** Where these entries were found: base address of the registry. */
  readonly source: string;
}

/**
 * `auto` asks nobody else: a node holds the configuration of its whole organisation already, and would have to show somebody's key to
 * others.
 */
export const search = (
  { entries, referrals, source }: Searching,
  { query, federation, pageSize, pageToken }: z.output<typeof SearchBody>,
): object => {
  const found = matching(entries, query);
  const { page, next } = pageOf(found, pageSize, pageToken);
  const results = page.map(({ entry: { representativeQueries: _, ...entry }, score }) => ({ ...entry, score, source }));
  return { results, ...(federation === 'referrals' ? { referrals } : {}), ...next };
};

export const explore = (entries: readonly Entry[], { query, resultType }: z.output<typeof ExploreBody>): object => {
  const found = matching(entries, query);
  const facets = resultType.facets.map(({ field, limit, minCount }) => {
    const counts = new Map<string, number>();
    for (const { entry } of found)
      for (const value of new Set(valuesOf(entry, field))) counts.set(value, (counts.get(value) ?? 0) + 1);
    const buckets = [...counts]
      .map(([value, count]) => ({ value, count }))
      .filter(({ count }) => count >= minCount)
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
    const otherCount = buckets.slice(limit).reduce((sum, { count }) => sum + count, 0);
    return [field, { buckets: buckets.slice(0, limit), ...(otherCount === 0 ? {} : { otherCount }) }] as const;
  });
  return { resultType: 'facets', facets: Object.fromEntries(facets) };
};

export const list = (
  entries: readonly Entry[],
  { filter, orderBy, pageSize, pageToken }: z.output<typeof ListQuery>,
): object => {
  const found = matching(entries, { filter: filter === undefined ? {} : filterIn(filter) }).map(({ entry }) => entry);
  const { page, next } = pageOf(ordered(found, orderBy), pageSize, pageToken);
  return { items: page, total: found.length, ...next };
};

/** Throws `not_found`: also for what is there and not for this caller. */
export const retrieve = (entries: readonly Entry[], segment: string): Entry => {
  const identifier = identifierIn(segment);
  const found = entries.find((entry) => entry.identifier === identifier);
  if (found === undefined) throw new Fault('not_found', `there is no entry \`${identifier}\``);
  return found;
};

const IDENTIFIER = /^urn:air:[A-Za-z0-9.-]{1,253}(:[A-Za-z0-9._-]{1,128}){1,8}$/;

const identifierIn = (segment: string): string => {
  let identifier = '';
  try {
    identifier = decodeURIComponent(segment);
  } catch {}
  if (!IDENTIFIER.test(identifier))
    throw new Fault('bad_request', 'an identifier is such as urn:air:example.com:agent:orders');
  return identifier;
};

const CONSTRAINT = /^\s*(\w[\w.]*)\s*=\s*(?:'([^']*)'|"([^"]*)"|(\S+))\s*$/;
const LISTED: Readonly<Record<string, string>> = { publisherId: 'publisher' };

/** `type = 'a,b' AND displayName = 'c'`. */
const filterIn = (text: string): Filter =>
  Object.fromEntries(
    text.split(/\s+AND\s+/).map((constraint) => {
      const [, field = '', ...values] = CONSTRAINT.exec(constraint) ?? [];
      if (field === '')
        throw new Fault(
          'bad_request',
          "a filter is such as `type = 'application/a2a-agent-card+json' AND displayName = 'orders'`",
        );
      const value = values.find((one) => one !== undefined) ?? '';
      return [LISTED[field] ?? field, value.split(',').map((one) => one.trim())];
    }),
  );

const ordered = (entries: readonly Entry[], orderBy = 'identifier'): readonly Entry[] => {
  const [, field = '', down] = /^(identifier|displayName|name|type)(?:\s+(ASC|DESC))?$/i.exec(orderBy.trim()) ?? [];
  if (field === '')
    throw new Fault('bad_request', '`orderBy` is identifier, displayName or type, with DESC for the other way');
  const key = field === 'name' ? 'displayName' : field;
  const sign = down?.toUpperCase() === 'DESC' ? -1 : 1;
  return [...entries].sort((a, b) => sign * ((valuesOf(a, key)[0] ?? '') < (valuesOf(b, key)[0] ?? '') ? -1 : 1));
};

/** A token says where the next page begins. What is added or taken away meanwhile may move by one. */
const pageOf = <T>(all: readonly T[], size: number, token: string | undefined) => {
  const from = token === undefined ? 0 : placeIn(token);
  const to = from + size;
  return { page: all.slice(from, to), next: to < all.length ? { pageToken: tokenOf(to) } : {} };
};

const tokenOf = (place: number): string => Buffer.from(`from ${place}`).toString('base64url');

const placeIn = (token: string): number => {
  const [, place] = /^from (\d{1,7})$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (place === undefined) throw new Fault('bad_request', '`pageToken` must be sent back as it came');
  return Number(place);
};
