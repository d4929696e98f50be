/** Sums of a while, domain by domain: what its callers did, and what was asked of it. Pure. */
import {
  addCounts,
  type DomainEntry,
  type DomainSums,
  durationQuantileMs,
  MINUTE_MS,
  NO_COUNTS,
  type Snapshot,
  type SumCounts,
  type SumTotal,
  type SumTotals,
} from '../contract/index.ts';
import { domainsWithin } from './within.ts';

export interface SumsAsked {
  readonly tenant: string;
  /** Unix ms. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** Targets that are told one by one; nobody reads more. */
const MOST_TARGETS = 20;

/** `rows`: of the tenant and that while. One item for each domain that the snapshot knows, by name. */
export const sumsView = (
  rows: readonly SumTotal[],
  { targets, domains }: Pick<Snapshot, 'targets' | 'domains'>,
  asked: SumsAsked,
): readonly DomainSums[] => {
  const homes = new Map(
    targets
      .filter(({ tenant }) => tenant === asked.tenant)
      .map(({ kind, name, domain }) => [`${kind}/${name}`, domain]),
  );
  const totals = (some: readonly SumTotal[]): SumTotals =>
    totalsOf(some.reduce<SumCounts>(addCounts, NO_COUNTS), asked);
  return domains
    .filter(({ tenant }) => tenant === asked.tenant)
    .map(({ name }: DomainEntry): DomainSums => {
      const ours = domainsWithin(domains, { tenant: asked.tenant, domain: name });
      const made = rows.filter(({ domain }) => ours.has(domain));
      const got = rows.filter((row) => ours.has(homes.get(targetOf(row)) ?? ''));
      return {
        domain: name,
        made: totals(made),
        got: totals(got),
        targets: [...Map.groupBy(made, targetOf)]
          .map(([target, some]) => ({ target, ...totals(some) }))
          .sort((a, b) => b.calls - a.calls || (a.target < b.target ? -1 : 1))
          .slice(0, MOST_TARGETS),
      };
    })
    .sort((a, b) => (a.domain < b.domain ? -1 : 1));
};

const targetOf = ({ kind, target }: SumTotal): string => (target === '' ? kind : `${kind}/${target}`);

const totalsOf = ({ durations, ...counts }: SumCounts, { fromMs, toMs }: SumsAsked): SumTotals => ({
  ...counts,
  perMinute: (counts.calls * MINUTE_MS) / Math.max(1, toMs - fromMs),
  errorRatio: counts.calls === 0 ? null : counts.errors / counts.calls,
  p50Ms: durationQuantileMs(durations, 0.5),
  p99Ms: durationQuantileMs(durations, 0.99),
});
