/** Cards of A2A agents, of every version in use: what they are called, how they are reached, and what they want to be shown. */
import { isRecord, lineOf, recordsOf } from './text.ts';
import type { Found, Skill } from './words.ts';

type Card = Readonly<Record<string, unknown>>;

export interface Interface {
  readonly url: string;
  readonly binding: Found['binding'];
  /** `1.0` or `0.3`. */
  readonly version: string;
}

export interface ReadCard extends Pick<Found, 'title' | 'description' | 'auth'> {
  readonly skills: readonly Skill[];
  /** In the order in which the agent prefers them. */
  readonly interfaces: readonly Interface[];
}

const MOST_INTERFACES = 20;
const MOST_SKILLS = 200;

/** Undefined for what is no card. */
export const readCard = (value: unknown): ReadCard | undefined => {
  if (!isRecord(value) || typeof value['name'] !== 'string') return undefined;
  const interfaces = Array.isArray(value['supportedInterfaces']) ? present(value) : earlier(value);
  if (interfaces.length === 0) return undefined;
  return {
    title: lineOf(value['name'], 100),
    description: lineOf(value['description'], 1_000),
    interfaces,
    auth: authIn(value['securitySchemes']),
    skills: recordsOf(value['skills'], MOST_SKILLS).map(({ id, name, description }) => ({
      id: lineOf(id, 128),
      name: lineOf(name, 128),
      description: lineOf(description, 500),
    })),
  };
};

/** 1.0. A part of what it lists may be of an earlier version. */
const present = (card: Card): readonly Interface[] =>
  recordsOf(card['supportedInterfaces'], MOST_INTERFACES).flatMap(({ url, protocolBinding, protocolVersion }) =>
    interfaceOf(url, protocolBinding, protocolVersion ?? '1.0'),
  );

/** 0.3, and 0.2.x, whose agents speak the same for all that anybody needs. */
const earlier = (card: Card): readonly Interface[] => {
  const main = interfaceOf(card['url'], card['preferredTransport'] ?? 'JSONRPC', card['protocolVersion'] ?? '0.3');
  const others = recordsOf(card['additionalInterfaces'], MOST_INTERFACES).flatMap(({ url, transport }) =>
    interfaceOf(url, transport, card['protocolVersion'] ?? '0.3'),
  );
  return [...main, ...others.filter(({ url, binding }) => main[0]?.url !== url || main[0].binding !== binding)];
};

const BINDINGS = new Set(['JSONRPC', 'HTTP+JSON', 'GRPC']);

const interfaceOf = (url: unknown, binding: unknown, version: unknown): readonly Interface[] => {
  const spoken = versionOf(String(version));
  if (typeof url !== 'string' || url.length > 2_000 || spoken === undefined || !BINDINGS.has(String(binding)))
    return [];
  return [{ url, binding: binding as Interface['binding'], version: spoken }];
};

const versionOf = (text: string): string | undefined => {
  if (/^1(\.\d+){0,2}$/.test(text)) return '1.0';
  return /^0\.[23](\.\d+)?$/.test(text) ? '0.3' : undefined;
};

const authIn = (schemes: unknown): readonly string[] =>
  isRecord(schemes)
    ? Object.entries(schemes)
        .slice(0, 20)
        .map(([name, scheme]) => `${lineOf(name, 60)}: ${schemeOf(scheme)}`)
    : [];

/** 1.0 says which by the one member that is there, 0.3 by `type`. */
const schemeOf = (scheme: unknown): string => {
  if (!isRecord(scheme)) return 'something';
  const [[key = '', inner] = []] = Object.entries(scheme).filter(([name]) => name.endsWith('SecurityScheme'));
  const fields = isRecord(inner) ? inner : scheme;
  const type = lineOf(key.replace(/SecurityScheme$/, '') || scheme['type'], 40);
  return [type, lineOf(fields['scheme'], 40), lineOf(fields['name'], 60)].filter((one) => one !== '').join(' ');
};
