/** What the record of a decision says about the choice of its policy: the arm of a trial, what a shadow would have said, two nodes that differ. */
import type { Attributes, Decision, FactEntry } from '../contract/index.ts';
import type { Payload } from '../kernel/index.ts';
import type { Arm } from './arm.ts';
import { decide, factsFor, type PolicyRequest } from './decide.ts';
import { askAlike } from './facts/index.ts';
import type { PreparedPolicy } from './prepare.ts';
import type { Trial } from './trials.ts';

/** What the record of a decision says about the trial. What a shadow says changes nothing else. */
export const remarksOn = (
  { name, trial, policy, differs }: Arm,
  decision: Decision,
  request: PolicyRequest,
  payloadOf: PayloadOf = () => request.payload,
): Attributes => {
  const other = differs === undefined ? {} : differing(differs);
  if (trial === undefined) return other;
  return name === 'active'
    ? { ...other, ...shadowed(decision, { trial, active: policy }, request, payloadOf) }
    : { ...other, release: trial.release, arm: name };
};

const differing = ({ sentWith, behind }: NonNullable<Arm['differs']>): Attributes =>
  behind ? { sentWith, policyBehind: true } : { sentWith };

/** Asked only when a rule reads the arguments. */
type PayloadOf = () => Payload | undefined;

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
