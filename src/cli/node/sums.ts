/** Sums of a hub: which calls it counts and under which domain, and what of them its parent is told. */
import {
  type CallEvent,
  type Counting,
  MINUTE_MS,
  type NodeEntry,
  type Snapshot,
  type Stores,
  targetKey,
} from '../../contract/index.ts';
import { domainsWithin, type SumSource, sumsView } from '../../control/index.ts';
import type { AdminPorts } from '../../doors/admin/index.ts';
import type { World } from '../../kernel/index.ts';
import { Notable, type SumGround, sumOf, type UsageGround, usageOf } from '../../telemetry/index.ts';
import type { LivePipeline } from './live.ts';
import type { Observed } from './telemetry.ts';

/** Of the calls that come in here, and of those that come in at a node which joined here. */
export interface HubCounting {
  readonly own: Counting;
  /** A hub below counts its own calls, and reports their sums; the usage is taken from the calls that it hands up. */
  readonly of: (node: NodeEntry) => Counting;
}

export interface HubCountingParts {
  readonly snapshot: () => Snapshot | undefined;
  /** Absent: the root, which is of no domain and serves every tenant. */
  readonly place?: { readonly tenant: string; readonly domain: string };
}

export const countingOf = ({ snapshot, place }: HubCountingParts): HubCounting => {
  const onward = place !== undefined;
  const seen = seenIn(snapshot);
  const notable = new Notable();
  const counting = (tenant: string | undefined, domain: string): Counting => ({
    onward,
    rowOf: (event: CallEvent) => sumOf(event, groundOf(seen, tenant, domain)),
    usageOf: (event: CallEvent) => usageOf(event, groundOf(seen, tenant, domain)),
    worthOf: (event: CallEvent) => notable.why(event),
  });
  return {
    own: counting(place?.tenant, place?.domain ?? ''),
    of: ({ role, tenant, domain }) => ({
      ...counting(tenant, domain),
      ...(role === 'domain' ? { rowOf: () => undefined } : {}),
    }),
  };
};

const groundOf = (
  seen: ReturnType<typeof seenIn>,
  tenant: string | undefined,
  domain: string,
): SumGround & UsageGround => ({
  ...(tenant === undefined ? {} : { tenant }),
  domain,
  isWithin: (whose, name) => seen().within(whose, domain).has(name),
  isTarget: (whose, kind, name) => seen().targets.has(targetKey(whose, kind, name)),
  isOperation: (whose, { kind, name, operation }) =>
    seen()
      .targets.get(targetKey(whose, kind, name))
      ?.has(operation) ?? false,
});

/** What is looked up for each call, made once for each snapshot. */
const seenIn = (snapshot: () => Snapshot | undefined) => {
  let of: Snapshot | undefined;
  let seen = lookUp(undefined);
  return () => {
    const now = snapshot();
    if (now !== of) {
      of = now;
      seen = lookUp(now);
    }
    return seen;
  };
};

const lookUp = (snapshot: Snapshot | undefined) => {
  const { targets = [], domains = [] } = snapshot ?? {};
  const below = new Map<string, ReadonlySet<string>>();
  return {
    targets: new Map(
      targets.map(({ tenant, kind, name, operations }) => [
        targetKey(tenant, kind, name),
        new Set(operations.map((operation) => operation.name)),
      ]),
    ),
    within: (tenant: string, domain: string): ReadonlySet<string> => {
      const key = JSON.stringify([tenant, domain]);
      const names = below.get(key) ?? domainsWithin(domains, { tenant, domain });
      below.set(key, names);
      return names;
    },
  };
};

export interface ToldAboveParts {
  readonly store: Stores['sums'];
  readonly place: { readonly tenant: string; readonly domain: string };
  /** The parent's snapshot; undefined before the first. */
  readonly above: () => Pick<Snapshot, 'domains'> | undefined;
}

/** What the parent is told: its own Domain resource says whether that is more than sums. Until it has spoken nothing else leaves. */
export const toldAbove = ({ store, place, above }: ToldAboveParts): SumSource => ({
  store,
  homeOf: (domain) => (domainsWithin(above()?.domains ?? [], place).has(domain) ? domain : place.domain),
  only: () => {
    const domains = above()?.domains;
    const own = domains?.find(({ tenant, name }) => tenant === place.tenant && name === place.domain);
    return domains === undefined || own?.telemetry === 'sums';
  },
});

export interface SumsPortParts {
  readonly world: Pick<World, 'clock'>;
  readonly live: Pick<LivePipeline, 'snapshot'>;
  readonly sums: Pick<Stores['sums'], 'total'>;
  readonly observed: Pick<Observed, 'flush'>;
}

/** What has just ended may still be on its way to the store. */
export const sumsPort =
  ({ world, live, sums, observed }: SumsPortParts): AdminPorts['sums'] =>
  async (tenant, minutes) => {
    await observed.flush();
    const toMs = world.clock.wallMs();
    const last = Math.floor(toMs / MINUTE_MS);
    const first = last - minutes + 1;
    const asked = { tenant, fromMs: first * MINUTE_MS, toMs };
    const rows = await sums.total(tenant, first, last);
    return { fromMs: asked.fromMs, toMs, items: sumsView(rows, live.snapshot ?? { targets: [], domains: [] }, asked) };
  };
