/** How an agent is reached: as its configuration says, or as its card says, which may not send us anywhere else. */
import { type Binding, type Call, type Endpoint, Fault, type Reply, type Scope } from '../../contract/index.ts';
import {
  type AgentCard,
  type AgentInterface,
  CARD_PATH,
  CARD_PATH_02,
  cardFrom03,
  isCardV03,
  isV1,
  isV03,
  readV1,
} from '../../dialects/a2a/index.ts';
import type { HttpUpstream } from '../http/index.ts';
import { collected, invalid, jsonIn } from './wire.ts';

export type Version = '1.0' | '0.3';

export interface Plan {
  readonly version: Version;
  readonly binding: Binding;
  /** On the origin of the endpoint. */
  readonly url: string;
  /** Of the interface: sent along with every request. Empty: none. */
  readonly tenant: string;
  /** False: its card does not say that the agent can stream. */
  readonly streams: boolean;
}

interface Kept {
  readonly card: AgentCard;
  readonly etag: string;
  readonly untilMs: number;
  /** Address that it was found at. */
  readonly url: string;
  readonly path: string;
}

const MAX_CARD_BYTES = 256 * 1024;
const MAX_CARDS = 1_000;
const DEFAULT_AGE_S = 300;
const MAX_AGE_S = 3_600;
/** Also for cards that say they are stale at once: they are asked for again, but not with each of a hundred calls. */
const MIN_AGE_S = 1;
const QUIET_MS = 10_000;

export class Cards {
  readonly #upstream: HttpUpstream;
  readonly #kept = new Map<string, Kept>();

  constructor(upstream: HttpUpstream) {
    this.#upstream = upstream;
  }

  /** Throws `upstream_invalid` when nothing in the card can be used, and the faults of `HttpUpstream.send`: then nothing was sent. */
  async plan(endpoint: Endpoint, call: Call, scope: Scope): Promise<Plan> {
    const version = endpoint.speech?.version ?? '';
    const binding = endpoint.speech?.binding ?? '';
    const known = versionOf(version);
    if (version !== '' && known === undefined)
      throw new Fault(
        'bad_request',
        `agent \`${call.target.name}\` speaks A2A \`${version}\`, and this node 1.0 and 0.3`,
      );
    if (known !== undefined && binding !== '')
      return { version: known, binding, url: addressOf(endpoint.url, binding), tenant: '', streams: true };
    const card = await this.#card(endpoint, call, scope).catch((thrown: unknown) => {
      throw notSent(Fault.from(thrown));
    });
    return chosen(card, endpoint, { version: known, binding, name: call.target.name });
  }

  /** The agent does not know what its card says that it knows: it is another one by now. */
  forget(endpoint: Endpoint, call: Call): void {
    this.#kept.delete(keyOf(endpoint, call));
  }

  async #card(endpoint: Endpoint, call: Call, scope: Scope): Promise<AgentCard> {
    const key = keyOf(endpoint, call);
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.untilMs > scope.clock.nowMs()) return kept.card;
    const places = kept === undefined ? placesOf(endpoint.url) : [{ url: kept.url, path: kept.path }];
    for (const { url, path } of places) {
      const reply = await this.#ask({ ...endpoint, url }, path, kept?.etag ?? '', call, scope);
      if (reply.status === 304 && kept !== undefined) return this.#keep(key, kept.card, reply, { url, path }, scope);
      if (reply.status === 404 || reply.status === 405) continue;
      if (reply.outcome === 'failed') throw invalid(`answered ${reply.status} when it was asked for its card`);
      const card = cardIn(jsonIn(await collected(reply, MAX_CARD_BYTES)));
      return this.#keep(key, card, reply, { url, path }, scope);
    }
    this.#kept.delete(key);
    throw new Fault(
      'upstream_invalid',
      `agent \`${call.target.name}\` has no card; set \`protocolVersion\` and \`binding\` in its configuration`,
    );
  }

  #ask(endpoint: Endpoint, path: string, etag: string, call: Call, scope: Scope): Promise<Reply> {
    const headers = ['a2a-version', '1.0', ...(etag === '' ? [] : ['if-none-match', etag])];
    const request = { method: 'GET', path, contentType: '', accept: 'application/json', headers, body: null } as const;
    return this.#upstream.send(endpoint, { ...call, stream: false }, scope, { ...request, quietMs: QUIET_MS });
  }

  #keep(key: string, card: AgentCard, reply: Reply, place: Pick<Kept, 'url' | 'path'>, scope: Scope): AgentCard {
    this.#kept.delete(key);
    if (this.#kept.size >= MAX_CARDS) this.#kept.delete(this.#kept.keys().next().value!);
    const etag = headerOf(reply, 'etag').slice(0, 200);
    this.#kept.set(key, { card, etag, untilMs: scope.clock.nowMs() + ageOf(reply) * 1_000, ...place });
    return card;
  }
}

/** A secret opens more than the card of everybody. */
const keyOf = ({ id, url, credential }: Endpoint, { principal, target }: Call): string =>
  [principal?.tenant ?? '', target.name, id, url, credential?.secret ?? ''].join('\n');

const versionOf = (version: string): Version | undefined =>
  isV1(version) ? '1.0' : isV03(version) ? '0.3' : undefined;

/** Below the endpoint, where agents with a path of their own have it, and at the root of its origin, where all others have it. */
const placesOf = (url: string): readonly { readonly url: string; readonly path: string }[] => {
  const { origin, pathname } = new URL(url);
  const root = pathname === '/' ? [] : [{ url: origin, path: CARD_PATH }];
  return [{ url, path: CARD_PATH }, ...root, { url, path: CARD_PATH_02 }];
};

const cardIn = (card: unknown): AgentCard =>
  isCardV03(card) ? cardFrom03(card).value : readV1('AgentCard', card, 'answer').value;

const headerOf = ({ headers }: Reply, wanted: string): string => headers.find(([name]) => name === wanted)?.[1] ?? '';

const ageOf = (reply: Reply): number => {
  const control = headerOf(reply, 'cache-control');
  if (/\bno-(?:store|cache)\b/.test(control)) return MIN_AGE_S;
  const age = /\bmax-age=(\d{1,9})\b/.exec(control)?.[1];
  return age === undefined ? DEFAULT_AGE_S : Math.min(MAX_AGE_S, Math.max(MIN_AGE_S, Number(age)));
};

const notSent = (fault: Fault): Fault =>
  new Fault(fault.code, fault.message, {
    executed: 'no',
    facts: fault.facts,
    cause: fault,
    ...(fault.retryAfterMs === undefined ? {} : { retryAfterMs: fault.retryAfterMs }),
  });

interface Wanted {
  readonly version: Version | undefined;
  readonly binding: Binding | '';
  readonly name: string;
}

/** The newest version, and of it what the agent names first. */
const chosen = (card: AgentCard, endpoint: Endpoint, { version, binding, name }: Wanted): Plan => {
  const known = card.supportedInterfaces
    .slice(0, 100)
    .map((one) => ({ one, version: versionOf(one.protocolVersion), url: urlOf(one, endpoint.url) }))
    .filter((entry) => isBinding(entry.one.protocolBinding) && entry.version !== undefined)
    .filter((entry) => (version ?? entry.version) === entry.version)
    .filter(({ one }) => binding === '' || one.protocolBinding === binding);
  const ours = known.filter(({ url }) => url !== undefined);
  const best = ours.find((entry) => entry.version === '1.0') ?? ours[0];
  if (best === undefined)
    throw new Fault(
      'upstream_invalid',
      known.length === 0
        ? `the card of agent \`${name}\` names no interface that this node speaks`
        : `the card of agent \`${name}\` only names addresses elsewhere; list one of them as its endpoint, or set \`protocolVersion\` and \`binding\``,
      { executed: 'no' },
    );
  return {
    version: best.version!,
    binding: best.one.protocolBinding as Binding,
    url: best.url!,
    tenant: best.one.tenant ?? '',
    streams: card.capabilities.streaming === true,
  };
};

const isBinding = (binding: string): binding is Binding =>
  binding === 'JSONRPC' || binding === 'HTTP+JSON' || binding === 'GRPC';

/** INVARIANT: undefined unless it is of the endpoint's own origin. An agent must not choose whom our secrets and payloads go to. */
const urlOf = ({ url, protocolBinding }: AgentInterface, base: string): string | undefined => {
  const own = new URL(base);
  try {
    // Cards name addresses of gRPC without a scheme.
    const read = new URL(url.includes('://') ? url : `${own.protocol}//${url}`);
    if (read.origin !== own.origin || read.username !== '' || read.password !== '' || read.search !== '')
      return undefined;
    return addressOf(read.origin + read.pathname, protocolBinding as Binding);
  } catch {
    return undefined;
  }
};

/** gRPC has no path before its own. */
const addressOf = (url: string, binding: Binding): string => (binding === 'GRPC' ? new URL(url).origin : url);
