/** Finds out what is behind an address, protocol by protocol, and says what it looked for: a person decides what becomes of it. */
import { Fault, KINDS_OF, type Protocol, type TargetKind } from '../contract/index.ts';
import { findA2a } from './a2a.ts';
import { findHttp } from './http.ts';
import { findMcp } from './mcp.ts';
import { findModels } from './models.ts';
import { openSearch } from './search.ts';
import type { Discovery, DiscoveryParts, Found, Search, Wanted } from './words.ts';

type Finder = (search: Search) => Promise<Found | undefined>;

/** The most telling first: a card says what it is, and a health check says nearly nothing. */
const FINDERS: readonly { readonly speaks: readonly Protocol[]; readonly find: Finder }[] = [
  { speaks: ['a2a'], find: findA2a },
  { speaks: ['mcp'], find: findMcp },
  { speaks: ['openai', 'anthropic'], find: findModels },
  { speaks: ['http'], find: findHttp },
];

/** Of what a hostile target could make as long as it likes. */
const MOST_WARNINGS = 30;

/** Throws `bad_request` for an address that is none, and whatever nothing else will be different for: an address that we do not go to. */
export const discover = async (parts: DiscoveryParts, wanted: Wanted): Promise<Discovery> => {
  const address = URL.parse(wanted.url);
  if (address === null)
    throw new Fault('bad_request', `\`${wanted.url}\` is not an address such as https://example.com`);
  const search = openSearch(parts, wanted, address);
  for (const { speaks, find } of FINDERS) {
    if (!speaks.some((protocol) => isAsked(protocol, wanted))) continue;
    const found = await find(search);
    if (found === undefined) continue;
    const warnings = found.warnings.slice(0, MOST_WARNINGS);
    return { tried: search.tried, found: { ...found, warnings }, wants: [] };
  }
  return { tried: search.tried, found: null, wants: [...search.wished].slice(0, MOST_WARNINGS) };
};

const isAsked = (protocol: Protocol, { kind, protocol: only }: Wanted): boolean =>
  (only === undefined || only === protocol) && (kind === undefined || speaks(protocol, kind));

const speaks = (protocol: Protocol, kind: TargetKind): boolean => KINDS_OF[protocol].includes(kind);
