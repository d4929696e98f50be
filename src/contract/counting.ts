/** How events are added up beside the calls that they are kept as, in the very transaction that keeps them. */
import type { CallEvent } from './event.ts';
import type { EventWorth } from './room.ts';
import type { SumRow } from './sums.ts';
import type { UsageOf } from './usage.ts';

export interface Counting {
  /** To the sums of domains. Undefined: another node counts this one. Must not throw. */
  readonly rowOf: (event: CallEvent) => SumRow | undefined;
  /** Sums are also kept for the parent. */
  readonly onward: boolean;
  /** To the usage. Absent: nothing. */
  readonly usageOf?: UsageOf;
  /** Why its trace is kept when only a share of traces is. Undefined: it is one of many. Absent: nobody judges, and all are kept. */
  readonly worthOf?: (event: CallEvent) => EventWorth | undefined;
}
