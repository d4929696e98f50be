/** What a tree may grow to where a call touches it: the defaults, the organisation instead of them, and domains only tighter. */
import type { Principal, Snapshot, Target, TreeLimits, TreeLimitsEntry } from '../contract/index.ts';
import { targetKey } from '../contract/index.ts';

/** Generous for plans, small for runaways. The time is the longest that any route can grant, so that it cuts no call of today. */
export const DEFAULT_LIMITS: TreeLimits = {
  depth: 8,
  calls: 200,
  agents: 20,
  fanOut: 50,
  wallMs: 3_600_000,
  pingPong: 4,
  rootsPerMinute: Number.POSITIVE_INFINITY,
};

export interface TreeRules {
  /** Of a call to this target. */
  limitsOf(tenant: string, target: Target): TreeLimits;
  /** Of an agent that begins a tree. */
  limitsOfAgent(tenant: string, agent: string): TreeLimits;
  /** Must policy permit the call for whoever began the tree, too? One level that it touches suffices. */
  intersects(principal: Principal, target: Target): boolean;
}

const NO_RULES: TreeRules = {
  limitsOf: () => DEFAULT_LIMITS,
  limitsOfAgent: () => DEFAULT_LIMITS,
  intersects: () => false,
};

interface Said {
  readonly limits: TreeLimits;
  readonly intersects: boolean;
}

const UNSAID: Said = { limits: DEFAULT_LIMITS, intersects: false };

/** Made once per snapshot: all that a call asks is a look-up. */
export const treeRules = ({
  trees = [],
  targets,
  domains,
}: Pick<Snapshot, 'trees' | 'targets' | 'domains'>): TreeRules => {
  if (trees.length === 0) return NO_RULES;
  const entries = new Map(trees.map((entry) => [`${entry.tenant}/${entry.level}`, entry]));
  const parents = new Map(domains.map(({ tenant, name, parent }) => [`${tenant}/${name}`, parent]));
  const ofDomain = new Map<string, Said>();
  const saidIn = (tenant: string, domain: string): Said => {
    const key = `${tenant}/${domain}`;
    const said =
      ofDomain.get(key) ?? saidBy(levelsOf(tenant, domain, parents).map((level) => entries.get(`${tenant}/${level}`)));
    ofDomain.set(key, said);
    return said;
  };
  for (const { tenant, name } of domains) saidIn(tenant, name);
  const ofTarget = new Map(
    targets.map(({ tenant, kind, name, domain }) => [targetKey(tenant, kind, name), saidIn(tenant, domain)]),
  );
  const saidOf = (tenant: string, kind: Target['kind'], name: string): Said =>
    ofTarget.get(targetKey(tenant, kind, name)) ?? UNSAID;
  return {
    limitsOf: (tenant, { kind, name }) => saidOf(tenant, kind, name).limits,
    limitsOfAgent: (tenant, agent) => saidOf(tenant, 'agent', agent).limits,
    intersects: ({ tenant, domain = '' }, { kind, name }) =>
      saidOf(tenant, kind, name).intersects || ofDomain.get(`${tenant}/${domain}`)?.intersects === true,
  };
};

/** More than any organisation has; a ring must not hang a node. */
const MOST_LEVELS = 64;

const levelsOf = (tenant: string, domain: string, parents: ReadonlyMap<string, string>): readonly string[] => {
  const levels = ['org'];
  for (let at = domain; at !== '' && levels.length < MOST_LEVELS; at = parents.get(`${tenant}/${at}`) ?? '')
    levels.push(at);
  return levels;
};

/** The first is the organisation's: it replaces defaults. All others tighten. */
const saidBy = ([org, ...domains]: readonly (TreeLimitsEntry | undefined)[]): Said => {
  let limits: TreeLimits = { ...DEFAULT_LIMITS, ...org?.limits };
  for (const entry of domains) if (entry !== undefined) limits = tighter(limits, entry.limits);
  return { limits, intersects: [org, ...domains].some((entry) => entry?.delegation === 'intersection') };
};

const tighter = (limits: TreeLimits, more: Partial<TreeLimits>): TreeLimits => {
  const names = Object.keys(limits) as (keyof TreeLimits)[];
  const least = names.map((name) => [name, Math.min(limits[name], more[name] ?? Number.POSITIVE_INFINITY)]);
  return Object.fromEntries(least) as Record<keyof TreeLimits, number>;
};
