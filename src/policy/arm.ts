/** Which policy decides a call: by the tree that it belongs to, and by what another node has decided it with already. */
import type { Call, Decided, Scope } from '../contract/index.ts';
import type { PreparedPolicy } from './prepare.ts';
import type { Trees } from './trees.ts';
import type { Trial } from './trials.ts';
import type { InForce, Versions } from './versions.ts';
import type { Watch } from './watch.ts';

/** Buckets of call trees: a percentage has two digits behind the point. */
const BUCKETS = 10_000;

/**
 * 0 to 9,999, from the trace of a call tree and from nothing else: every node that sees a call of the tree comes to the same,
 * and a higher percentage only ever adds trees. FNV-1a with the finish of MurmurHash3, for even low digits.
 */
export const bucketOf = (trace: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < trace.length; at++) hash = Math.imul(hash ^ trace.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % BUCKETS;
};

/** `percent` in steps of 0.01. */
export const isInCanary = (trace: string, percent: number): boolean =>
  bucketOf(trace) < Math.round((percent * BUCKETS) / 100);

/** The one policy that decides a call. */
export interface Arm {
  readonly policy: PreparedPolicy;
  readonly name: 'active' | 'stable' | 'canary';
  /** Of a snapshot that has the policy in force. */
  readonly snapshotSeq: number;
  /** What is on trial, whether or not it decides this call. */
  readonly trial?: Trial | undefined;
  readonly watch?: Watch | undefined;
  /** The sender decided with another version: `behind` when it has a newer snapshot that did not come in time. */
  readonly differs?: { readonly sentWith: string; readonly behind: boolean };
}

/**
 * For a call that no node has decided yet.
 * INVARIANT: a tree keeps the arm that it began in as long as the trial lasts, and one that began before the trial is in none.
 */
export const armOf = (inForce: InForce, trees: Trees, call: Pick<Call, 'principal' | 'trace'>): Arm => {
  const { active, snapshotSeq, watch } = inForce;
  const { principal, trace } = call;
  if (principal === null) return { policy: active, name: 'active', snapshotSeq, watch };
  const trial = inForce.trials.get(principal.tenant);
  if (trial?.mode !== 'canary') {
    trees.begin(principal.tenant, trace.trace, NO_TRIAL);
    return activeArm(inForce, trial);
  }
  const began =
    trees.arm(principal.tenant, trace.trace) ??
    trees.begin(principal.tenant, trace.trace, isInCanary(trace.trace, trial.percent) ? trial.name : NO_TRIAL);
  return began === trial.name ? canaryArm(inForce, trial) : activeArm(inForce, trial);
};

const NO_TRIAL = '';

const activeArm = ({ active, snapshotSeq, watch }: InForce, trial: Trial | undefined): Arm => ({
  policy: active,
  name: trial?.mode === 'canary' ? 'stable' : 'active',
  snapshotSeq,
  watch,
  trial,
});

const canaryArm = ({ snapshotSeq }: Pick<InForce, 'snapshotSeq'>, trial: Trial): Arm => ({
  policy: trial.policy,
  name: 'canary',
  snapshotSeq,
  trial,
  watch: trial.watch,
});

interface Agreeing {
  readonly versions: Versions;
  readonly trees: Trees;
}

/**
 * For a call that the node which sent it has decided already: the same version, as long as it may decide here. A snapshot that the
 * sender has and this node does not is waited for. What never comes, or was halted meanwhile, is decided with what is here.
 */
export const agreedArm = async (
  given: Agreeing,
  call: Pick<Call, 'principal' | 'trace'>,
  decided: Decided,
  scope: Scope,
): Promise<Arm> => {
  const { versions, trees } = given;
  const named = namedArm(given, call, decided, scope);
  if (named !== undefined) return named;
  if (versions.isBehind(decided)) {
    await versions.arrival(decided, scope);
    const arrived = namedArm(given, call, decided, scope);
    if (arrived !== undefined) return arrived;
  }
  if (call.principal !== null) {
    const { tenant } = call.principal;
    // A tree that we never saw began elsewhere, so nothing here may draw lots for it.
    trees.begin(tenant, call.trace.trace, versions.trialOf(decided, tenant)?.name ?? NO_TRIAL);
  }
  const differs = { sentWith: decided.version, behind: versions.isBehind(decided) };
  return { ...armOf(versions.now, trees, call), differs };
};

const namedArm = (
  { versions, trees }: Agreeing,
  call: Pick<Call, 'principal' | 'trace'>,
  decided: Decided,
  { clock }: Scope,
): Arm | undefined => {
  if (call.principal === null) return undefined;
  const { tenant } = call.principal;
  const { now } = versions;
  const named = versions.find(decided, tenant, clock.nowMs());
  if (named === undefined) return undefined;
  trees.begin(tenant, call.trace.trace, named.kind === 'canary' ? named.trial.name : NO_TRIAL);
  if (named.kind === 'active') return activeArm(now, now.trials.get(tenant));
  // What was in force here before may be in force again where the call comes from.
  const snapshotSeq = Math.max(named.snapshotSeq, decided.snapshotSeq);
  return named.kind === 'canary'
    ? canaryArm({ snapshotSeq }, named.trial)
    : { policy: named.policy, name: 'active', snapshotSeq };
};

/** What the next node is told. */
export const saidOf = ({ policy: { version }, name, snapshotSeq, trial }: Arm): Decided =>
  name === 'canary' && trial !== undefined ? { version, snapshotSeq, trial: trial.sinceMs } : { version, snapshotSeq };
