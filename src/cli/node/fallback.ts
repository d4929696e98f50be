/** Policy that our engine does not understand and cedar-wasm decides: what apply, metrics and status of a node say about it. */
import type { Snapshot } from '../../contract/index.ts';
import { fallbackRemark, fallbackSets } from '../../policy/index.ts';
import type { LivePipeline } from './live.ts';
import type { Observed } from './telemetry.ts';

export const fallbackRemarks = ({ levels }: Snapshot['policy'], tenant: string): readonly string[] =>
  fallbackSets({ levels: levels.filter((level) => level.tenant === tenant) }).map(fallbackRemark);

export const countFallbacks = (metrics: Observed['metrics'], decided: Pick<LivePipeline, 'fallbacks'>): void =>
  metrics.gauge({
    name: 'airspace_policy_fallback_total',
    read: () => decided.fallbacks,
  });
