/** The name of a node in its certificate: a SPIFFE id that says where it belongs, so that a certificate can be held against the roster. */
import type { NodeEntry } from '../contract/index.ts';
import { keyIdOfPublicKey } from './nodekey.ts';

export interface SpiffeName {
  readonly trustDomain: string;
  /** Empty: of no tenant, which only the hub at the root is. */
  readonly tenant: string;
  /** Empty: the organisation itself. */
  readonly domain: string;
  readonly kind: 'agent' | 'tool' | 'hub' | 'domain';
  readonly name: string;
  readonly node: string;
}

/** One plane, one trust domain: its name follows from the control key, so that no other plane can have it. */
export const trustDomainOf = (rootKey: string): string => `${keyIdOfPublicKey(rootKey)}.airspace`;

export const spiffeIdOf = (node: NodeEntry, trustDomain: string): string => {
  const [kind, name] = standsFor(node);
  return `spiffe://${trustDomain}/tenant/${node.tenant || '-'}/domain/${node.domain || '-'}/${kind}/${name}/node/${node.id}`;
};

const standsFor = ({ role, id, domain, agent, tool }: NodeEntry): readonly [SpiffeName['kind'], string] => {
  if (role === 'hub') return ['hub', id];
  if (role === 'domain') return ['domain', domain];
  return tool === undefined ? ['agent', agent] : ['tool', tool];
};

const WORD = '([a-z0-9][a-z0-9.-]{0,127}|-)';
const NODE = '([A-Za-z0-9][A-Za-z0-9._-]{0,254})';
const FORM = new RegExp(
  `^spiffe://([a-z0-9.-]{1,255})/tenant/${WORD}/domain/${WORD}/(agent|tool|hub|domain)/${NODE}/node/${NODE}$`,
);

/** Undefined for everything that is not written exactly as above. */
export const parseSpiffeId = (text: string): SpiffeName | undefined => {
  const [, trustDomain, tenant, domain, kind, name, node] = FORM.exec(text) ?? [];
  if (trustDomain === undefined || tenant === undefined || domain === undefined) return undefined;
  if (kind === undefined || name === undefined || node === undefined) return undefined;
  const orNone = (word: string): string => (word === '-' ? '' : word);
  return {
    ...{ trustDomain, tenant: orNone(tenant), domain: orNone(domain) },
    ...{ kind: kind as SpiffeName['kind'], name, node },
  };
};

const URI_ONLY = /^URI:(spiffe:\/\/[A-Za-z0-9._/-]+)$/;

/** The one name of a certificate, as Node writes alternative names. Undefined when there is none, another kind of name, or a second one. */
export const spiffeNameIn = (subjectAltName: string | undefined): SpiffeName | undefined =>
  parseSpiffeId(URI_ONLY.exec(subjectAltName ?? '')?.[1] ?? '');
