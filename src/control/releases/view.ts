/** A release as people see it: what was proposed, how far it came, and whether it may go on. */
import type { ReleaseContent, ReleaseRecord, ReleaseView } from '../../contract/index.ts';

export interface Standing {
  /** Digest of the present bundles and facts of the tenant. */
  readonly present: string;
  readonly needsApproval: boolean;
}

export const viewOf = (
  record: ReleaseRecord,
  { author, reason, createdAtMs, base, baseDigest, widening, proof }: ReleaseContent,
  { present, needsApproval }: Standing,
): ReleaseView => {
  const { sealed: _, version: __, ...shown } = record;
  const isOpen = record.state === 'staged' || record.state === 'shadow' || record.state === 'canary';
  return {
    ...shown,
    author,
    reason,
    createdAtMs,
    base,
    widening,
    proof: proof ?? null,
    stale: isOpen && present !== baseDigest,
    needsApproval,
  };
};

/** `canary at 5 %`. */
export const stateOf = ({ state, percent }: ReleaseRecord): string =>
  state === 'canary' ? `canary at ${percent} %` : state;
