/** For how long a node that lost its hub goes on, in words: the table that holds where no `Staleness` says otherwise. */
import { DEFAULT_STALENESS } from '../bounds.ts';

const { readMs, sensitiveReadMs, writeMs, killsMs } = DEFAULT_STALENESS;

const minutes = (ms: number): string => `${ms / 60_000} min`;

export const staleness = (who: string): readonly string[] => [
  `${who} go on without the hub, unless a Staleness says otherwise: reads for ${readMs / 3_600_000} h, sensitive reads for ${minutes(sensitiveReadMs)}, writes for ${minutes(writeMs)} and never longer than ${killsMs / 1_000} s without its word about orders to stop; what is irreversible or wants an approval stops at once (bounds, not measurements)`,
];
