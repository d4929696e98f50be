/** How a sidecar or the hub of a domain is: whether it is heard, how far behind its configuration is, and how old what it judges by was. */
import type { CallEvent } from '../../../src/contract/index.ts';
import type { NodeSeen } from '../api/nodes.ts';
import { coarse } from './format.ts';
import type { Health } from './health.ts';

/** What a node said of its own age with a call: of the bound that it is held to. */
export interface Aged {
  readonly ageMs: number;
  readonly boundMs: number;
  /** `snapshot`, `kills` or `hub`. */
  readonly of: string;
}

/** By node, of its newest call; of a bound of zero nothing can be said. */
export const agesIn = (events: readonly CallEvent[]): ReadonlyMap<string, Aged> => {
  const ages = new Map<string, Aged>();
  for (const { node, attributes } of events) {
    const [of, boundMs] = [attributes['stale.bound_of'], attributes['stale.bound_ms']];
    const ageMs = attributes[of === 'kills' ? 'stale.kills_age_ms' : 'stale.snapshot_age_ms'];
    if (typeof of === 'string' && typeof boundMs === 'number' && boundMs > 0 && typeof ageMs === 'number')
      ages.set(node, { ageMs, boundMs, of });
  }
  return ages;
};

const OF: ReadonlyMap<string, string> = new Map([
  ['snapshot', 'configuration'],
  ['kills', 'orders'],
  ['hub', 'word of the hub'],
]);

/** `snapshotSeq`: of the hub that answers. */
export const nodeHealth = (
  { state, heardAtMs, snapshotSeq: has, refused }: NodeSeen,
  {
    snapshotSeq,
    nowMs,
    aged,
  }: { readonly snapshotSeq: number; readonly nowMs: number; readonly aged: Aged | undefined },
): Health => {
  if (state === 'silent')
    return { state: 'bad', word: heardAtMs === null ? 'silent' : `silent ${coarse(nowMs - heardAtMs)}` };
  if (refused !== null) return { state: 'warn', word: 'refused its configuration' };
  if (state === 'joined') return { state: 'none', word: 'not heard yet' };
  const behind = snapshotSeq - has;
  if (has > 0 && behind > 0) return { state: 'warn', word: `${behind} behind` };
  if (aged !== undefined && (aged.ageMs < 0 || aged.ageMs > aged.boundMs / 2))
    return {
      state: aged.ageMs > aged.boundMs ? 'bad' : 'warn',
      word: aged.ageMs < 0 ? 'stale' : `${OF.get(aged.of) ?? aged.of} ${coarse(aged.ageMs)} old`,
    };
  return { state: 'ok', word: 'up to date' };
};

const ORDER = ['bad', 'warn', 'none', 'ok'] as const;

/** Of several that stand for one thing, what is worst about them. */
export const worstOf = (healths: readonly Health[]): Health | undefined =>
  healths.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))[0];
