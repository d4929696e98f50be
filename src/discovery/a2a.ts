/** A2A agents: by their card, at the place of today or that of 0.2, or at the address itself. */
import { type Interface, type ReadCard, readCard } from './card.ts';
import { cameAs } from './search.ts';
import { verdictOn } from './signature.ts';
import { isRecord } from './text.ts';
import type { Found, Search } from './words.ts';

const WHAT = 'A2A card';
/** It is kept with the configuration, and goes to every node. */
const MOST_CARD = 256 * 1024;

export const findA2a = async (search: Search): Promise<Found | undefined> => {
  for (const url of placesOf(search.address)) {
    const answered = await search.ask(WHAT, url, { headers: { 'a2a-version': '1.0' } });
    if (answered === undefined) continue;
    const { json, status, body } = answered;
    const read = status === 200 && body.byteLength <= MOST_CARD ? readCard(json) : undefined;
    if (read === undefined || !isRecord(json)) {
      search.note(WHAT, url, body.byteLength > MOST_CARD ? `more than ${MOST_CARD} bytes` : cameAs(answered));
      continue;
    }
    const chosen = chosenOf(search, read);
    if (chosen === undefined) {
      search.note(WHAT, url, elsewhere(read));
      continue;
    }
    search.note(WHAT, url, `a card, A2A ${chosen.version}`);
    return foundOf(read, chosen, json, await verdictOn(json, new URL(url), search));
  }
  return undefined;
};

const placesOf = ({ origin, pathname }: URL): readonly string[] => {
  const base = `${origin}${pathname.replace(/\/+$/, '')}`;
  if (pathname.endsWith('.json')) return [base];
  const bases = base === origin ? [base] : [base, origin];
  return bases.flatMap((at) => [`${at}/.well-known/agent-card.json`, `${at}/.well-known/agent.json`]);
};

const ORDER: readonly Interface['binding'][] = ['JSONRPC', 'HTTP+JSON', 'GRPC'];

/** INVARIANT: a card leads to its own origin, or to one that a person named: it must not choose whom we call. */
const chosenOf = ({ address, wanted }: Search, { interfaces }: ReadCard): Interface | undefined =>
  interfaces
    .filter(({ url }) => {
      const to = URL.parse(url);
      return to !== null && (to.origin === address.origin || wanted.origins.includes(to.origin)) && isPlain(to);
    })
    .sort((a, b) => Number(b.version) - Number(a.version) || ORDER.indexOf(a.binding) - ORDER.indexOf(b.binding))[0];

const isPlain = ({ protocol, username, password, search, hash }: URL): boolean =>
  /^https?:$/.test(protocol) && username + password + search + hash === '';

const elsewhere = ({ interfaces }: ReadCard): string => {
  const origins = new Set(interfaces.map(({ url }) => URL.parse(url)?.origin ?? 'an address that is none'));
  return `a card that leads elsewhere, to ${[...origins].join(', ')}; --allow-origin names those that are right`;
};

const foundOf = (
  { title, description, auth, skills }: ReadCard,
  { url, version, binding }: Interface,
  card: Readonly<Record<string, unknown>>,
  signature: NonNullable<Found['signature']>,
): Found => ({
  kind: 'agent',
  protocol: 'a2a',
  version,
  binding,
  title,
  description,
  endpoint: url,
  auth,
  card,
  signature,
  skills,
  tools: [],
  models: [],
  warnings:
    signature.verdict === 'invalid' ? ['the signature of the card does not fit: it was changed, or forged'] : [],
});
