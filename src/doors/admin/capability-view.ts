/** Capabilities as people see them. */
import type { Target, TargetKind } from '../../contract/index.ts';

/** One operation that provides a capability. */
export interface ProviderView {
  readonly kind: TargetKind;
  readonly name: string;
  readonly operation: string;
  readonly version: string;
  readonly domain: string;
  /** Team; empty: nobody but the domain. */
  readonly owner: string;
  readonly shared: boolean;
  /** An endpoint of it takes calls; null: none was seen yet. */
  readonly well: boolean | null;
}

/** A range as people ask for it, and who gets it when nobody else is nearer. */
export interface RangeView {
  readonly range: string;
  readonly target: Target;
  readonly version: string;
}

export interface CapabilityView {
  readonly name: string;
  /** Highest version first. */
  readonly providers: readonly ProviderView[];
  readonly ranges: readonly RangeView[];
}
