/** Who gets a call for a capability on this node, with one snapshot: routing chooses, among what policy lets the caller call and what is well. */
import type { AskedCapability, Clock, Principal, Snapshot, Target, TargetEntry } from '../../contract/index.ts';
import { throwIfNotForCalls } from '../../identity/index.ts';
import type { Halt } from '../../kill/index.ts';
import { mayAllow, type PreparedPolicy } from '../../policy/index.ts';
import {
  type Asking,
  type CapabilityIndex,
  capabilityIndex,
  type Fleet,
  nextProvider,
  type planner,
  type ResolvingParts,
  type Resting,
  resolveCapability,
} from '../../routing/index.ts';

export interface ChoosingParts {
  readonly snapshot: Snapshot;
  readonly policy: PreparedPolicy;
  readonly planOf: ReturnType<typeof planner>;
  readonly fleet: Fleet;
  readonly halt: Halt;
  /** Whose place was away a moment ago. */
  readonly resting: Resting;
  readonly clock: Clock;
  /** Domain that the node stands in; empty: at the root. */
  readonly domain: string;
  /** What can be called here. Default: everything. */
  readonly reaches?: ((target: TargetEntry) => boolean) | undefined;
}

export const choosing = (parts: ChoosingParts): Pick<ResolvingParts, 'choose' | 'instead'> => {
  const { snapshot, planOf, fleet, halt, resting, clock } = parts;
  let made: CapabilityIndex | undefined;
  const indexed = (): CapabilityIndex => {
    made ??= capabilityIndex(snapshot, parts.reaches);
    return made;
  };
  const mayCallOf = answersOf(parts.policy);
  const asking = (principal: Principal, asked: AskedCapability, wallMs: number): Asking => ({
    tenant: principal.tenant,
    asked,
    from: standingIn(indexed(), principal, parts.domain),
    mayCall: mayCallOf(principal),
    isWell: ({ target }) => {
      const nowMs = clock.nowMs();
      if (halt.isStopped(principal.tenant, target, wallMs) || resting.has(principal.tenant, target, nowMs))
        return false;
      return fleet.pool(planOf({ principal, target }), nowMs).isWell(nowMs);
    },
  });
  return {
    choose: (principal, asked, wallMs) => {
      throwIfNotForCalls(principal);
      halt.admit(principal, wallMs);
      return resolveCapability(indexed(), asking(principal, asked, wallMs));
    },
    instead: (principal, asked, tried, wallMs) => {
      const one = asking(principal, asked, wallMs);
      // What somebody has stopped is no way around: asking it would hide which place is away.
      const mayCall = (target: Target) => !halt.isStopped(principal.tenant, target, wallMs) && one.mayCall(target);
      return nextProvider(indexed(), { ...one, mayCall }, tried);
    },
  };
};

/** A caller of another domain who comes to the hub of this one wants what is here. */
const standingIn = (index: CapabilityIndex, { tenant, domain = '' }: Principal, here: string): string =>
  here === '' || index.domains.chain(tenant, domain).includes(here) ? domain : here;

/** Answers of policy are kept as long as the snapshot and the principal, which is one object for all calls with one key. */
const answersOf = (policy: PreparedPolicy) => {
  const answers = new WeakMap<Principal, Map<string, boolean>>();
  return (principal: Principal): ((target: Target) => boolean) => {
    const own = answers.get(principal) ?? new Map<string, boolean>();
    answers.set(principal, own);
    return (target) => {
      const key = `${target.kind}/${target.name}/${target.operation}`;
      const known = own.get(key);
      if (known !== undefined) return known;
      const may = mayAllow(policy, principal, target) !== 'no';
      own.set(key, may);
      return may;
    };
  };
};
