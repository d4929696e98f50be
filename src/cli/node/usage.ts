/** Usage of a hub: what its store has counted, for whoever may see which of it. */
import {
  MOST_USAGE_GROUPS,
  type Snapshot,
  type Stores,
  USAGE_STEPS,
  type UsageDimension,
  type UsageGroup,
} from '../../contract/index.ts';
import { regrouped, usageItem, usageTotals, usageWindow } from '../../control/index.ts';
import type { AdminPorts } from '../../doors/admin/index.ts';
import type { World } from '../../kernel/index.ts';
import type { LivePipeline } from './live.ts';
import type { Observed } from './telemetry.ts';

export interface UsagePortParts {
  readonly world: Pick<World, 'clock'>;
  readonly live: Pick<LivePipeline, 'snapshot'>;
  readonly usage: Pick<Stores['usage'], 'read'>;
  readonly observed: Pick<Observed, 'flush'>;
}

/** Groups that a part of a tenant is picked from: a store knows nothing of domains. */
const MOST_LOOKED_AT = 20_000;

/** What has just ended may still be on its way to the store. */
export const usagePort =
  ({ world, live, usage, observed }: UsagePortParts): AdminPorts['usage'] =>
  async (tenant, { minutes, untilMs, by, sort, limit, ...only }, isTheirs) => {
    await observed.flush();
    const nowMs = world.clock.wallMs();
    const window = usageWindow(minutes, Math.min(untilMs ?? nowMs, nowMs), nowMs);
    const asked = { tenant, ...window, ...only, sort };
    const shown = Math.min(limit, MOST_USAGE_GROUPS);
    let groups: readonly UsageGroup[];
    let total: readonly UsageGroup[];
    let isWhole = true;
    if (isTheirs === undefined) {
      groups = await usage.read({ ...asked, by, limit: shown + 1 });
      // What is all there is added up as it was read: asked again it would be of another moment.
      total = groups.length <= shown ? groups : await usage.read({ ...asked, by: [], limit: 1 });
    } else {
      const apart = [...new Set<UsageDimension>([...by, 'caller', 'target'])];
      const all = await usage.read({ ...asked, by: apart, limit: MOST_LOOKED_AT });
      isWhole = all.length < MOST_LOOKED_AT;
      total = all.filter(({ caller, target }) => isTheirs(caller, target));
      groups = regrouped(total, by, sort);
    }
    return {
      ...{ ...window, stepMs: USAGE_STEPS[window.step].ms, by, sort },
      total: usageTotals(total),
      items: groups.slice(0, shown).map((group) => usageItem(group, by)),
      isCut: groups.length > shown || !isWhole,
      without: handingUpSums(live.snapshot, tenant),
    };
  };

const handingUpSums = (snapshot: Snapshot | undefined, tenant: string): readonly string[] =>
  (snapshot?.domains ?? [])
    .filter((domain) => domain.tenant === tenant && domain.telemetry === 'sums')
    .map(({ name }) => name)
    .sort();
