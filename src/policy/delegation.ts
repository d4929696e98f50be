/**
 * Whose rights a call needs. Mostly those of its caller; where a level says `delegation: intersection`, also those of whoever began the
 * tree: then no agent can be talked into what the one who talks to it may not do.
 */
import type { Call, Decision, FactEntry, Principal } from '../contract/index.ts';
import type { Payload } from '../kernel/index.ts';
import { meetApprovals } from './approval-spec.ts';
import { meet } from './constraints.ts';
import { decide, factsFor, type PolicyRequest } from './decide.ts';
import type { PreparedPolicy } from './prepare.ts';

/** Must policy permit the call for whoever began its tree, too? */
export type Intersects = (principal: Principal, target: Call['target']) => boolean;

/** Nothing: the caller's rights suffice. Null: somebody else began, and nobody can tell who. */
export const beganOf = ({ principal, target, tree }: Call, intersects: Intersects): Principal | null | undefined => {
  if (principal === null || tree === undefined || principal.kind === 'node') return undefined;
  const same = tree.origin?.kind === principal.kind && tree.origin.id === principal.id;
  return same || !intersects(principal, target) ? undefined : tree.origin;
};

/** Facts that any of the decisions needs, each after those that it is built from. */
export const factsForAll = (
  policy: PreparedPolicy,
  call: Pick<Call, 'principal' | 'target'>,
  began: Principal | null | undefined,
): readonly FactEntry[] => {
  const own = factsFor(policy, call);
  if (began == null) return own;
  const more = factsFor(policy, { principal: began, target: call.target });
  return more.length === 0 ? own : [...new Map([...own, ...more].map((fact) => [fact.name, fact])).values()];
};

/** From the least strict. */
const STRICTNESS = ['allow', 'require_approval', 'deny'] as const;

/**
 * Both must allow: `own`, the decision about the caller, and the same about whoever began. What the caller may not do is refused as
 * ever, and nobody else is asked.
 */
export const joined = (
  own: Decision,
  policy: PreparedPolicy,
  request: PolicyRequest,
  payloadOf: () => Payload | undefined,
  began: Principal | null | undefined,
): Decision => {
  if (began === undefined || own.effect === 'deny') return own;
  if (began === null) return { ...own, ...UNKNOWN };
  const theirs = decide(policy, { ...request, principal: began }, payloadOf);
  const both = {
    constraints: meet(own.constraints, theirs.constraints),
    errors: [...own.errors, ...theirs.errors],
    ...(own.approval === undefined || theirs.approval === undefined
      ? {}
      : { approval: meetApprovals(own.approval, theirs.approval) }),
  };
  if (STRICTNESS.indexOf(theirs.effect) <= STRICTNESS.indexOf(own.effect))
    return { ...own, ...both, determining: [...own.determining, ...theirs.determining] };
  return { ...theirs, ...both, reason: `${began.kind} \`${began.id}\`, who began this, may not: ${theirs.reason}` };
};

const UNKNOWN = {
  effect: 'deny',
  code: 'ORIGIN_UNKNOWN',
  reason:
    'policy must permit this call for whoever began its call tree, and that cannot be told; the agent must send `airspace-run` as it got it',
  determining: [],
  constraints: {},
} as const satisfies Partial<Decision>;

/** As people read it; empty when nobody can tell. */
export const nameOf = (began: Principal | null): string => (began === null ? '' : `${began.kind}/${began.id}`);
