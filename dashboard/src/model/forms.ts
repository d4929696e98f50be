/** By which form a call went: through a hub, straight between sidecars, or over the hubs of domains. Nodes say so in their records. */
import type { CallEvent } from '../../../src/contract/index.ts';
import type { NodeSeen } from '../api/nodes.ts';
import { callerOf, targetOf } from './traffic.ts';

export const FORMS = [
  { id: 'hub', name: 'Hub' },
  { id: 'mesh', name: 'Mesh' },
  { id: 'hierarchical', name: 'Hierarchical' },
] as const;

export type Form = (typeof FORMS)[number]['id'];

/**
 * `told`: all that nodes said of one call, at least one. Null: only sidecars have told yet, and none of them where it came from or where it
 * went, or it was stopped at the first one, before it went anywhere.
 */
export const formOf = (told: readonly CallEvent[]): Form | null => {
  if (told.some(({ role }) => role === 'domain')) return 'hierarchical';
  if (told.some(({ role }) => role === 'hub')) return 'hub';
  const entry = told.find(isEntry);
  if (entry === undefined) return null;
  if (entry.role === 'sidecar-in') return 'mesh';
  const { via } = entry.attributes;
  return via === 'mesh' || via === 'hub' ? via : null;
};

export interface ByForm extends Readonly<Record<Form, readonly CallEvent[]>> {
  /** Calls that went by none, or of which not enough is told. */
  readonly none: number;
}

/** Records of the calls that went by each form. */
export const byForm = (events: readonly CallEvent[]): ByForm => {
  const found: Record<Form, CallEvent[]> = { hub: [], mesh: [], hierarchical: [] };
  let none = 0;
  for (const told of Map.groupBy(events, ({ callId }) => callId).values()) {
    const form = formOf(told);
    if (form === null) none++;
    else found[form].push(...told);
  }
  return { ...found, none };
};

/** A call as the form draws it: over the way it starts on, to where that way ends. */
export interface Leg {
  readonly from: string;
  readonly to: string;
  readonly isAcross: boolean;
}

export interface Ground {
  /** Domain of each target, by `kind/name`; empty: the organisation itself. */
  readonly domainOf: ReadonlyMap<string, string>;
  /** By id. */
  readonly nodes: ReadonlyMap<string, NodeSeen>;
  /** Domains that are shown as one box. */
  readonly shut: ReadonlySet<string>;
}

/** Another node sent it to this one, so that one knows where it came in. */
export const isEntry = ({ attributes }: CallEvent): boolean => attributes['tree.found'] !== 'told';

/** `told`: of one call. INVARIANT: each leg of a form has the hub, the sidecars or the domain hubs of that form on it, and nothing else. */
export const legsOf = (form: Form, told: readonly CallEvent[], ground: Ground): readonly Leg[] => {
  const sorted = told.toSorted((a, b) => a.startedAtMs - b.startedAtMs || b.durationMs - a.durationMs);
  const entry = sorted.find(isEntry) ?? sorted[0];
  if (entry === undefined) return [];
  const start = startOf(entry, ground);
  const end = endOf(targetOf(entry), ground);
  if (form === 'mesh') return straight(cardOf(callerOf(entry), ground), cardOf(targetOf(entry), ground));
  const ends = wasSent(told) ? [end] : [];
  return over([start, ...(form === 'hub' ? ['hub'] : placesOf(sorted, ground)), ...ends]);
};

const straight = (from: string, to: string): readonly Leg[] => (from === to ? [] : [{ from, to, isAcross: false }]);

/** A call of an agent starts at the box of its domain, others at who calls. */
const startOf = (entry: CallEvent, { domainOf }: Ground): string => {
  const from = callerOf(entry);
  return from.startsWith('agent/') ? `domain/${domainOf.get(from) ?? entry.principal?.domain ?? ''}` : from;
};

const endOf = (to: string, { domainOf }: Ground): string =>
  to.startsWith('agent/') ? `domain/${domainOf.get(to) ?? ''}` : to;

/** In the mesh agents stand for themselves, or for their domain when that is shut. */
const cardOf = (id: string, { domainOf, shut }: Ground): string => {
  const domain = domainOf.get(id);
  return id.startsWith('agent/') && domain !== undefined && shut.has(domain) ? `domain/${domain}` : id;
};

/** Hubs that it passed, in order: the one above, and those of domains. */
const placesOf = (sorted: readonly CallEvent[], { nodes }: Ground): readonly string[] => {
  const hubs = sorted.filter(({ role }) => role === 'hub' || role === 'domain');
  const places = hubs.map(({ role, node, principal }) =>
    role === 'hub' ? 'hub' : `domain/${nodes.get(node)?.domain ?? principal?.domain ?? ''}`,
  );
  return places.filter((place, at) => place !== places[at - 1]);
};

/** What was stopped on its way ends where it was stopped. */
const wasSent = (told: readonly CallEvent[]): boolean =>
  told.some(({ steps }) => steps.some(({ name }) => name === 'attempt'));

const over = (places: readonly string[]): readonly Leg[] => {
  const all = places.filter((place, at) => place !== places[at - 1]);
  return all.slice(1).map((to, at) => {
    const from = all[at]!;
    return { from, to, isAcross: from.startsWith('domain/') && to.startsWith('domain/') };
  });
};

/** What goes over one leg. */
export interface Bundle extends Leg {
  readonly calls: number;
  readonly failed: number;
  readonly perSecond: number;
}

const FAILED: ReadonlySet<string> = new Set(['failed', 'refused', 'unknown']);

/** By `from to`. `windowMs`: the time that the records are of. */
export const bundlesOf = (
  form: Form,
  events: readonly CallEvent[],
  ground: Ground,
  windowMs: number,
): ReadonlyMap<string, Bundle> => {
  const found = new Map<string, Bundle>();
  for (const told of Map.groupBy(events, ({ callId }) => callId).values()) {
    const isBad = told.some((event) => isEntry(event) && FAILED.has(event.status));
    for (const leg of legsOf(form, told, ground)) {
      const key = `${leg.from} ${leg.to}`;
      const { calls = 0, failed = 0 } = found.get(key) ?? {};
      const sum = { calls: calls + 1, failed: failed + Number(isBad) };
      found.set(key, { ...leg, ...sum, perSecond: sum.calls / (windowMs / 1_000) });
    }
  }
  return found;
};
