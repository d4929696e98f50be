/** Capabilities of a tenant as operators see them: who provides them, whose they are, and who gets which range by now. */
import type { Clock, TargetEntry } from '../../contract/index.ts';
import type { CapabilityView, ProviderView, RangeView } from '../../doors/admin/index.ts';
import {
  type CapabilityIndex,
  capabilityIndex,
  fleetStatus,
  type Provider,
  resolveCapability,
} from '../../routing/index.ts';
import type { LivePipeline } from './live.ts';

type IsSeen = (target: TargetEntry, operation: string) => boolean;

export const capabilitiesSeen = (
  live: Pick<LivePipeline, 'snapshot' | 'fleet'>,
  clock: Clock,
  tenant: string,
  isSeen: IsSeen,
): readonly CapabilityView[] => {
  if (live.snapshot === undefined) return [];
  const index = capabilityIndex(live.snapshot);
  const wellOf = healthIn(live, clock, tenant);
  return index.names(tenant).flatMap((name) => {
    const seen = index.providers(tenant, name).filter(({ entry, operation }) => isSeen(entry, operation.name));
    if (seen.length === 0) return [];
    const providers = seen.map((provider) => providerView(provider, name, wellOf));
    return [{ name, providers, ranges: rangesOf(index, tenant, name, seen, wellOf) }];
  });
};

type WellOf = (target: Pick<TargetEntry, 'kind' | 'name'>) => boolean | null;

/** Whom nobody has called or checked yet is neither well nor ill. */
const healthIn = ({ fleet }: Pick<LivePipeline, 'fleet'>, clock: Clock, tenant: string): WellOf => {
  const seen = new Map<string, boolean>();
  for (const { kind, name, endpoints } of fleetStatus(fleet, tenant, clock.nowMs())) {
    const key = `${kind}/${name}`;
    seen.set(key, seen.get(key) === true || endpoints.some(({ obstacle }) => obstacle === null));
  }
  return ({ kind, name }) => seen.get(`${kind}/${name}`) ?? null;
};

const providerView = ({ entry, operation, target, version }: Provider, name: string, wellOf: WellOf): ProviderView => ({
  ...target,
  version: version.version,
  domain: entry.domain,
  owner: entry.owner ?? '',
  shared: (operation.provides ?? []).some(
    (one) => one.capability === name && one.version === version.version && one.shared === true,
  ),
  well: wellOf(entry),
});

/** Each line of versions that is compatible by itself, and no range at all. */
const rangesOf = (
  index: CapabilityIndex,
  tenant: string,
  name: string,
  seen: readonly Provider[],
  wellOf: WellOf,
): readonly RangeView[] => {
  const stable = seen.filter(({ version }) => version.prerelease.length === 0);
  const lines = [...new Set(stable.map(({ version }) => lineOf(version)))];
  const known = new Set(seen.map(({ target }) => target));
  return (stable.length === 0 ? [] : ['*', ...lines]).map((range) => {
    const { target, version } = resolveCapability(index, {
      ...{ tenant, from: '', asked: { name, range } },
      mayCall: (one) => known.has(one),
      isWell: ({ entry }) => wellOf(entry) !== false,
    });
    return { range, target, version };
  });
};

/** Before 1.0.0 the second number, and before 0.1.0 the third, is what the first one is later. */
const lineOf = ({ major, minor, patch }: Provider['version']): string => {
  if (major > 0) return `^${major}`;
  return minor > 0 ? `^0.${minor}` : `0.0.${patch}`;
};
