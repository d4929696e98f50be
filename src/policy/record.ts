/** What a decision was made from, in the few words of its record: enough to make it again, and of the payload only what rules read. */
import type { Attributes, Decision } from '../contract/index.ts';
import type { Payload } from '../kernel/index.ts';
import { findCase } from './case.ts';
import type { PolicyRequest } from './decide.ts';
import { answersText } from './facts/index.ts';
import type { Case, PreparedPolicy } from './prepare.ts';
import { argumentReads } from './reads.ts';

/** Longer values are not recorded, and then a replay does not know them. */
const LONGEST_ARGUMENTS = 1_000;
/** A hub takes no longer lists from its nodes; what does not fit is left out whole, so that a replay knows that it does not know. */
const MOST_NAMES = 100;
const LONGEST_NAME = 255;

/** The facts with which this call can be decided again; what is too long leaves its absence, and a replay must say `unknown`. */
const factsOf = ({ facts }: PolicyRequest): Attributes => {
  if (facts === undefined) return {};
  const text = answersText(facts);
  return text === undefined ? { factsOmitted: true } : { facts: text };
};

/** Who began the tree, where that is not the caller; empty when nobody can tell. */
const originOf = ({ origin, principal }: PolicyRequest): Attributes => {
  if (origin === undefined || (origin !== null && origin === principal)) return {};
  if (origin === null) return { origin: '' };
  const roles = origin.roles.length === 0 || !isShort(origin.roles) ? {} : { originRoles: origin.roles };
  return { origin: `${origin.kind}/${origin.id}`, ...roles };
};

/** What the event does not say elsewhere. `argsRead` are the arguments that rules could look at, `args` those that were there. */
export const inputsOf = (
  request: PolicyRequest,
  { code }: Decision,
  policy: PreparedPolicy,
  payload: Payload | undefined,
): Attributes => {
  const { principal, target, depth, priority, session, atMs, taint, plan } = request;
  const found = payload === undefined ? undefined : findCase(policy, principal, target);
  // What did not fit its schema was not read either.
  const reading = found !== undefined && 'case' in found && code !== 'BAD_ARGUMENTS' ? found.case : undefined;
  const roles = principal?.roles ?? [];
  const teams = principal?.teams ?? [];
  return {
    // Its presence says that all of these were recorded.
    ...(isShort(roles) && isShort(teams) ? { at: atMs } : {}),
    depth,
    priority,
    ...(session ? { session } : {}),
    ...(roles.length === 0 || !isShort(roles) ? {} : { roles }),
    ...(teams.length === 0 || !isShort(teams) ? {} : { teams }),
    ...originOf(request),
    ...(taint === undefined ? {} : { taint }),
    ...(plan === undefined ? {} : { plan: plan.name, planStep: plan.step }),
    ...factsOf(request),
    ...(payload === undefined || reading?.readsArguments !== true ? {} : argumentsOf(reading, payload)),
  };
};

const isShort = (names: readonly string[]): boolean =>
  names.length <= MOST_NAMES && names.every((name) => name.length <= LONGEST_NAME);

const argumentsOf = (reading: Case, payload: Payload): Attributes => {
  const names = argumentsReadBy(reading);
  if (!('data' in payload) || typeof payload.data !== 'object' || payload.data === null || names.has('*')) return {};
  const given = payload.data as Readonly<Record<string, unknown>>;
  const read = [...names].filter((name) => Object.hasOwn(given, name)).map((name) => [name, given[name]] as const);
  // Not through an object: `__proto__` is a name like any other.
  const text = `{${read.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join()}}`;
  const fits = text.length <= LONGEST_ARGUMENTS && isShort([...names]);
  return fits ? { argsRead: [...names], args: text } : {};
};

const known = new WeakMap<Case, ReadonlySet<string>>();

/** Names of arguments that the rules of a case look at; `*` when one looks at all of them. */
export const argumentsReadBy = (reading: Case): ReadonlySet<string> => {
  let names = known.get(reading);
  if (names === undefined) {
    const policies = reading.levels.flatMap(({ policies: rules, limits }) => [
      ...rules,
      ...limits.map(({ policy }) => policy),
    ]);
    names = new Set(policies.flatMap(({ entry }) => [...argumentReads(entry.est)]));
    known.set(reading, names);
  }
  return names;
};
