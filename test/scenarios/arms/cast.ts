/** Who plays in the scenario: agents that call agents through the hub, between sidecars, and out of a domain with a hub of its own. */
import { API_VERSION } from '../../../src/contract/index.ts';

export type Way = 'hub' | 'mesh' | 'domain';

export interface Role {
  readonly name: string;
  readonly domain: string;
  /** Where its instance is known and where it calls on: the root hub, its own sidecar, its domain's hub. */
  readonly way: Way;
  /** Whom it calls, one after the other, for each call that it gets. */
  readonly calls: readonly string[];
  /** Airspace nodes that decide a call to it. */
  readonly nodes: number;
}

export const CAST: readonly Role[] = [
  { name: 'caller', domain: 'office', way: 'hub', calls: [], nodes: 0 },
  { name: 'h-front', domain: 'office', way: 'hub', calls: ['h-mid', 'h-mid'], nodes: 1 },
  { name: 'h-mid', domain: 'office', way: 'hub', calls: ['h-leaf', 'h-leaf'], nodes: 1 },
  { name: 'h-leaf', domain: 'office', way: 'hub', calls: [], nodes: 1 },
  { name: 'h-side', domain: 'office', way: 'hub', calls: ['h-leaf', 'h-leaf'], nodes: 2 },
  { name: 'm-caller', domain: 'office', way: 'mesh', calls: [], nodes: 0 },
  { name: 'm-front', domain: 'office', way: 'mesh', calls: ['m-mid', 'm-mid'], nodes: 2 },
  { name: 'm-mid', domain: 'office', way: 'mesh', calls: ['m-leaf', 'm-leaf'], nodes: 2 },
  { name: 'm-leaf', domain: 'office', way: 'mesh', calls: [], nodes: 2 },
  { name: 'd-front', domain: 'workshop', way: 'domain', calls: ['d-leaf', 'd-leaf', 'h-side'], nodes: 2 },
  { name: 'd-leaf', domain: 'workshop', way: 'domain', calls: [], nodes: 1 },
  { name: 'd-door', domain: 'workshop', way: 'domain', calls: [], nodes: 2 },
];

export interface Front {
  readonly front: string;
  readonly caller: string;
  /** Trees that begin with it. */
  readonly perSecond: number;
}

/** Tall trees last for seconds, so that steps of a release fall into them; those of one call, on two nodes, fall between snapshots. */
export const FRONTS: readonly Front[] = [
  { front: 'h-front', caller: 'caller', perSecond: 4 },
  { front: 'm-front', caller: 'm-caller', perSecond: 4 },
  { front: 'd-front', caller: 'caller', perSecond: 4 },
  { front: 'm-leaf', caller: 'm-caller', perSecond: 30 },
  { front: 'd-door', caller: 'caller', perSecond: 30 },
];

export const isCaller = ({ nodes }: Role): boolean => nodes === 0;

const resource = (kind: string, name: string, spec: unknown, domain?: string): unknown => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});

export const bundle = (text: string): unknown => resource('PolicyBundle', 'org', { level: 'org', policies: { text } });

export const BEFORE = '@id("all") @reason("agents may call agents") permit (principal is Agent, action, resource);';
/** Harmless, and another version. */
export const GOOD = `${BEFORE}
@id("deep") @reason("nobody goes that deep") forbid (principal, action, resource) when { context.depth > 100 };`;
/** Well typed, and beyond what an integer holds as soon as somebody evaluates it. */
export const BAD = `${GOOD}
@id("broken") @reason("nobody tried this") forbid (principal, action, resource)
when { (context.depth + 9007199254740991) * 9007199254740991 < 0 };`;

export const RESOURCES: readonly unknown[] = [
  resource('Domain', 'office', {}),
  resource('Domain', 'workshop', { delegated: true }),
  ...CAST.map(({ name, domain }) =>
    resource('Agent', name, { operations: [{ name: 'run', effect: 'read' }], timeoutMs: 30_000 }, domain),
  ),
  ...CAST.filter((role) => role.way === 'mesh' && !isCaller(role)).map(({ name }) =>
    resource('Route', `to-${name}`, { to: { kind: 'agent', name }, via: 'mesh' }),
  ),
  bundle(BEFORE),
];
