/** For how long a node goes on without its hub: the table, the organisation instead of it, and domains only tighter. */
import type {
  Consequence,
  Principal,
  RoutePlan,
  Snapshot,
  Staleness,
  StalenessEntry,
  Target,
} from '../contract/index.ts';
import { targetKey } from '../contract/index.ts';

const MINUTE_MS = 60_000;

/** Table 3.12 of the reliability rules. */
export const DEFAULT_STALENESS: Staleness = {
  readMs: 12 * 60 * MINUTE_MS,
  sensitiveReadMs: 60 * MINUTE_MS,
  writeMs: 15 * MINUTE_MS,
  killsMs: MINUTE_MS,
  missedBeats: 3,
  auditRecords: 10_000,
  events: 10_000,
};

export interface Bounds {
  /** Of a call: every level that it touches has a say. */
  of(principal: Principal | null, target: Pick<Target, 'kind' | 'name'>): Staleness;
  /** Of a node itself. */
  ofDomain(tenant: string, domain: string): Staleness;
}

const DEFAULTS: Bounds = { of: () => DEFAULT_STALENESS, ofDomain: () => DEFAULT_STALENESS };

/** Made once per snapshot: all that a call asks is a look-up. */
export const boundsOf = ({
  staleness = [],
  targets,
  domains,
}: Pick<Snapshot, 'staleness' | 'targets' | 'domains'>): Bounds => {
  if (staleness.length === 0) return DEFAULTS;
  const entries = new Map(staleness.map((entry) => [`${entry.tenant}/${entry.level}`, entry]));
  const parents = new Map(domains.map(({ tenant, name, parent }) => [`${tenant}/${name}`, parent]));
  const homes = new Map(targets.map(({ tenant, kind, name, domain }) => [targetKey(tenant, kind, name), domain]));
  const known = new Map<string, Staleness>();
  const saidBy = (tenant: string, ...homesOf: readonly string[]): Staleness => {
    const key = JSON.stringify([tenant, ...homesOf]);
    const said = known.get(key) ?? allOf(tenant, homesOf, { entries, parents });
    // As many as there are pairs of domains; a domain that no configuration knows comes from outside and is not kept.
    if (homesOf.every((home) => home === '' || parents.has(`${tenant}/${home}`))) known.set(key, said);
    return said;
  };
  return {
    of: (principal, { kind, name }) => {
      const tenant = principal?.tenant ?? '';
      return saidBy(tenant, principal?.domain ?? '', homes.get(targetKey(tenant, kind, name)) ?? '');
    },
    ofDomain: (tenant, domain) => saidBy(tenant, domain),
  };
};

/** What an operation declares. Whatever has a price spends, also when it changes nothing. */
export const consequenceOf = ({ operation }: Pick<RoutePlan, 'operation'>): Consequence => {
  const { effect, sensitive, price } = operation;
  if (effect !== 'read') return effect;
  if (price !== undefined && Object.entries(price).some(([name, amount]) => name !== 'bytesPerToken' && amount > 0))
    return 'spend';
  return sensitive === true ? 'sensitive-read' : 'read';
};

interface Said {
  readonly entries: ReadonlyMap<string, StalenessEntry>;
  readonly parents: ReadonlyMap<string, string>;
}

const allOf = (tenant: string, homes: readonly string[], { entries, parents }: Said): Staleness => {
  const org: Staleness = { ...DEFAULT_STALENESS, ...entries.get(`${tenant}/org`)?.bounds };
  const levels = new Set(homes.flatMap((home) => levelsOf(tenant, home, parents)));
  return [...levels].reduce((said, level) => tighter(said, entries.get(`${tenant}/${level}`)?.bounds), org);
};

/** More than any organisation has; a ring must not hang a node. */
const MOST_LEVELS = 64;

const levelsOf = (tenant: string, domain: string, parents: ReadonlyMap<string, string>): readonly string[] => {
  const levels: string[] = [];
  for (let at = domain; at !== '' && levels.length < MOST_LEVELS; at = parents.get(`${tenant}/${at}`) ?? '')
    levels.push(at);
  return levels;
};

const tighter = (said: Staleness, more: Partial<Staleness> | undefined): Staleness => {
  if (more === undefined) return said;
  const names = Object.keys(said) as (keyof Staleness)[];
  const least = names.map((name) => [name, Math.min(said[name], more[name] ?? Number.POSITIVE_INFINITY)]);
  return Object.fromEntries(least) as Record<keyof Staleness, number>;
};
