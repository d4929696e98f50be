/** A release on trial beside the active policy: which of the two decides a call, and what the other one would have said. */
import type { Attributes, Call, Decision, FactEntry, PolicyCandidate, Snapshot } from '../contract/index.ts';
import type { Payload } from '../kernel/index.ts';
import { decide, factsFor, type PolicyRequest } from './decide.ts';
import { CLOSURES } from './evaluate.ts';
import { askAlike } from './facts/index.ts';
import { type PolicyWorld, type PreparedPolicy, type PrepareOptions, preparePolicy } from './prepare.ts';
import type { Watch } from './watch.ts';

export interface Trial extends Pick<PolicyCandidate, 'release' | 'mode' | 'percent'> {
  readonly policy: PreparedPolicy;
  /** Sees every decision of the canary, as `DecideParts.watch` sees those of the active policy. */
  readonly watch?: Watch | undefined;
}

/** By tenant. */
export type Trials = ReadonlyMap<string, Trial>;

/** Throws like `preparePolicy`: a node refuses a snapshot whose candidate it cannot run, since it could not keep the arms apart. */
export const prepareTrials = (
  snapshot: Pick<Snapshot, 'candidates' | 'targets' | 'domains'>,
  watchOf: WatchOf = () => undefined,
  options: PrepareOptions = {},
): Trials =>
  new Map(
    (snapshot.candidates ?? []).map((candidate) => [
      candidate.tenant,
      prepareTrial(snapshot, candidate, watchOf, options),
    ]),
  );

/** A watch for the decisions of one canary. */
export type WatchOf = (world: PolicyWorld, candidate: PolicyCandidate) => Watch | undefined;

const prepareTrial = (
  { targets, domains }: Pick<Snapshot, 'targets' | 'domains'>,
  candidate: PolicyCandidate,
  watchOf: WatchOf,
  options: PrepareOptions,
): Trial => {
  const { tenant, release, mode, percent, policy } = candidate;
  const ours = <T extends { readonly tenant: string }>(entries: readonly T[]): T[] =>
    entries.filter((entry) => entry.tenant === tenant);
  const world = { policy, targets: ours(targets), domains: ours(domains) };
  return { release, mode, percent, policy: preparePolicy(world, CLOSURES, options), watch: watchOf(world, candidate) };
};

/** Buckets of call trees: a percentage has two digits behind the point. */
const BUCKETS = 10_000;

/**
 * 0 to 9,999, from the root of a call tree and from nothing else: every node that sees a call of the tree comes to the same,
 * and a higher percentage only ever adds trees. FNV-1a with the finish of MurmurHash3, for even low digits.
 */
export const bucketOf = (root: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < root.length; at++) hash = Math.imul(hash ^ root.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % BUCKETS;
};

/** `percent` in steps of 0.01. */
export const isInCanary = (root: string, percent: number): boolean =>
  bucketOf(root) < Math.round((percent * BUCKETS) / 100);

/** The one policy that decides a call. */
export interface Arm {
  readonly policy: PreparedPolicy;
  readonly name: 'active' | 'stable' | 'canary';
  /** What is on trial, whether or not it decides this call. */
  readonly trial?: Trial;
}

/** INVARIANT: one prepared policy decides a call, and every call of a tree is decided by the same, as long as a snapshot lasts. */
export const armOf = (active: PreparedPolicy, trials: Trials, call: Pick<Call, 'principal' | 'lineage'>): Arm => {
  const trial = call.principal === null ? undefined : trials.get(call.principal.tenant);
  if (trial === undefined) return { policy: active, name: 'active' };
  if (trial.mode === 'shadow') return { policy: active, name: 'active', trial };
  return isInCanary(call.lineage.root, trial.percent)
    ? { policy: trial.policy, name: 'canary', trial }
    : { policy: active, name: 'stable', trial };
};

/** Asked only when a rule reads the arguments. */
type PayloadOf = () => Payload | undefined;

/** What the record of a decision says about the trial. What a shadow says changes nothing else. */
export const remarksOn = (
  arm: Arm,
  decision: Decision,
  request: PolicyRequest,
  payloadOf: PayloadOf = () => request.payload,
): Attributes => {
  const { name, trial, policy } = arm;
  if (trial === undefined) return {};
  return name === 'active'
    ? shadowed(decision, { trial, active: policy }, request, payloadOf)
    : { release: trial.release, arm: name };
};

/** Records of calls are small, whatever policies are called. */
const LONGEST_REMARK = 500;
const MOST_ERRORS = 10;

/** Only what differs: a shadow that agrees leaves no trace. */
const shadowed = (
  decision: Decision,
  { trial: { release, policy }, active }: { readonly trial: Trial; readonly active: PreparedPolicy },
  request: PolicyRequest,
  payloadOf: PayloadOf,
): Attributes => {
  const unasked = unaskedFacts(policy, active, request);
  if (unasked.length > 0) return { release, shadowUnknown: unasked.slice(0, MOST_ERRORS).map(({ name }) => name) };
  const other = decideQuietly(policy, request, payloadOf);
  if (other === undefined) return { release, shadowErrors: ['the candidate could not be asked'] };
  const errors = other.errors.map(({ level, id }) => `${level}/${id}`);
  const differs = other.effect !== decision.effect;
  if (!differs && errors.length === 0) return {};
  return {
    release,
    ...(differs
      ? { shadow: `${decision.effect}->${other.effect} by ${reasonOf(other)}`.slice(0, LONGEST_REMARK) }
      : {}),
    ...(errors.length === 0 ? {} : { shadowErrors: errors.slice(0, MOST_ERRORS) }),
  };
};

/** A shadow asks nobody: what only it wants to know, or asks otherwise, is not known, and a denial for that would be no news. */
const unaskedFacts = (policy: PreparedPolicy, active: PreparedPolicy, request: PolicyRequest): readonly FactEntry[] => {
  const wanted = factsFor(policy, request);
  if (wanted.length === 0) return wanted;
  const asked = factsFor(active, request);
  return wanted.filter(
    (fact) =>
      !Object.hasOwn(request.facts?.values ?? {}, fact.name) ||
      !askAlike(
        asked.find(({ name }) => name === fact.name),
        fact,
      ),
  );
};

const decideQuietly = (policy: PreparedPolicy, request: PolicyRequest, payloadOf: PayloadOf): Decision | undefined => {
  try {
    return decide(policy, request, payloadOf);
  } catch {
    return undefined;
  }
};

/** The rules that decided, or what was missing, or the code: never empty. */
export const reasonOf = ({ determining, missing, code }: Decision): string => {
  if (determining.length > 0) return determining.map(({ level, id }) => `${level}/${id}`).join(', ');
  return missing.length > 0 ? `no permit at ${missing.join(', ')}` : code;
};
