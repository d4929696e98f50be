/** One search for what is behind an address: every request goes through the guard, is noted, and comes to an end. */
import { Fault } from '../contract/index.ts';
import type { GuardedRequest, GuardedResponse } from '../egress/index.ts';
import { guardJson } from '../kernel/index.ts';
import { lineOf } from './text.ts';
import type { Answered, DiscoveryParts, Search, Tried, Wanted } from './words.ts';

/** Of the whole search: who registers something waits for it. */
const SEARCH_MS = 20_000;
const REQUEST_MS = 5_000;
const MOST_REQUESTS = 48;
/** Of one answer. A card is small; a list of tools with their schemas is not. */
const MOST_BYTES = 2 * 1024 * 1024;
const JSON_LIMITS = { maxDepth: 32, maxTokens: 200_000 };

export interface OpenSearch extends Search {
  readonly tried: readonly Tried[];
  readonly wished: ReadonlySet<string>;
}

export const openSearch = ({ fetch, clock }: DiscoveryParts, wanted: Wanted, address: URL): OpenSearch => {
  const tried: Tried[] = [];
  const wished = new Set<string>();
  const endsAtMs = clock.nowMs() + SEARCH_MS;
  let requests = 0;
  const note = (what: string, url: string, came: string): void => void tried.push({ what, url, came: lineOf(came) });
  const sent = async (url: string, request: GuardedRequest, as: string): Promise<GuardedResponse> => {
    const leftMs = endsAtMs - clock.nowMs();
    if (++requests > MOST_REQUESTS || leftMs <= 0) throw new Fault('timeout', 'the search took too long');
    return fetch(url, {
      ...request,
      headers: { accept: 'application/json', ...shownTo(wanted, address, url, as), ...request.headers },
      timeoutMs: Math.min(leftMs, REQUEST_MS),
      maxBytes: MOST_BYTES,
    });
  };
  const ask: Search['ask'] = async (what, url, request = {}, as = 'bearer') => {
    try {
      const response = await sent(url, request, as);
      if (response.status === 401 || response.status === 403) wished.add(wishOf(response));
      const answered = { ...response, contentType: String(response.headers['content-type'] ?? '') };
      return { ...answered, json: jsonOf(answered) };
    } catch (thrown) {
      const fault = Fault.from(thrown);
      // An address that we do not go to, or where nobody is: no other path of it would be better.
      if (fault.code === 'denied' || (fault.code === 'unreachable' && requests === 1)) throw fault;
      note(what, url, fault.message);
      return undefined;
    }
  };
  return { wanted, address, ask, note, tried, wished };
};

/** INVARIANT: a secret goes to the origin that its owner named, whatever an answer leads to. */
const shownTo = (
  { credential }: Wanted,
  address: URL,
  url: string,
  usual: string,
): Readonly<Record<string, string>> => {
  if (credential === undefined || new URL(url).origin !== address.origin) return {};
  const { as = usual, value } = credential;
  return as === 'bearer' ? { authorization: `Bearer ${value}` } : { [as.replace(/^header:/, '')]: value };
};

/** Everything that says JSON, and streams of events, of which the caller takes what is its own. */
const jsonOf = ({ body, contentType }: Omit<Answered, 'json'>): unknown => {
  if (!/^application\/([a-z0-9.+-]+\+)?json\s*(;|$)/i.test(contentType)) return undefined;
  return parsed(body);
};

const parsed = (bytes: Buffer): unknown => {
  try {
    guardJson(bytes, JSON_LIMITS);
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
};

const MOST_EVENTS = 200;

/** The documents of a stream of events. */
export const eventsOf = (body: Buffer): readonly unknown[] =>
  body
    .toString('utf8')
    .split(/\r?\n\r?\n/, MOST_EVENTS)
    .map((event) =>
      event
        .split(/\r?\n/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice(5).trimStart())
        .join('\n'),
    )
    .filter((data) => data !== '')
    .map((data) => parsed(Buffer.from(data)));

const wishOf = ({ headers }: GuardedResponse): string => {
  const said = headers['www-authenticate'];
  return lineOf(Array.isArray(said) ? said[0] : said) || 'a credential';
};

/** What an answer was that is of no use. */
export const cameAs = ({ status, json, contentType }: Answered): string => {
  if (status >= 300 && status < 400) return `HTTP ${status}; redirects are not followed`;
  if (status !== 200) return `HTTP ${status}`;
  return json === undefined ? `no JSON that can be read (${contentType || 'no content type'})` : 'another document';
};
