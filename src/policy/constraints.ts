/** Merging limits: a meet, so that any number of rules in any order can only tighten. */
import type { Constraints, LogPayload } from '../contract/index.ts';
import { fewest } from './concurrency.ts';
import { joinRates } from './rate.ts';

/** The greatest constraints below both: commutative, associative, idempotent. Absent means no limit. */
export const meet = (a: Constraints, b: Constraints): Constraints => ({
  ...both('timeoutMs', a, b, Math.min),
  ...both('maxTokens', a, b, Math.min),
  ...both('models', a, b, (left, right) => left.filter((name) => right.includes(name))),
  // A higher number is less urgent: a limit can demote a call, never promote it.
  ...both('priority', a, b, Math.max),
  ...both('rates', a, b, joinRates),
  ...both('concurrency', a, b, fewest),
  ...both('redactIn', a, b, union),
  ...both('redactOut', a, b, union),
  ...both('budgetClass', a, b, (left, right) => union(left.split('+'), right.split('+')).join('+')),
  ...both('logPayload', a, b, (left, right) => (strictness(left) < strictness(right) ? right : left)),
});

/** In order and each once, so that equal sets are equal. */
export const union = (left: readonly string[], right: readonly string[]): readonly string[] =>
  [...new Set([...left, ...right])].sort();

/** Values of `@log_payload`, from the least strict to the strictest. */
export const LOG_PAYLOAD: readonly LogPayload[] = ['full', 'hash-only', 'none'];

const strictness = (value: LogPayload): number => LOG_PAYLOAD.indexOf(value);

const both = <Name extends keyof Constraints>(
  name: Name,
  a: Constraints,
  b: Constraints,
  merge: (left: NonNullable<Constraints[Name]>, right: NonNullable<Constraints[Name]>) => Constraints[Name],
): Pick<Constraints, Name> | Record<string, never> => {
  const left = a[name];
  const right = b[name];
  const merged = left == null ? right : right == null ? left : merge(left, right);
  return merged === undefined ? {} : ({ [name]: merged } as Pick<Constraints, Name>);
};
