/** Facts as values that policies compute with, or why the call is denied. Pure: what was answered is part of the request. */
import type { ArgumentType, Decision, FactEntry, RecordArgument } from '../../contract/index.ts';
import { argumentsFrom, Misfit } from '../arguments/index.ts';
import { CedarRecord, type Value } from '../value.ts';

/** What the information points said about one call. Plain data, so that a decision can be recorded and made again. */
export interface FactAnswers {
  /** By name, with no more than the declared fields. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The first that could not be had, and why. Whatever a policy would have said without it: the call is denied. */
  readonly failed?: { readonly fact: string; readonly why: string };
}

type Refused = Pick<Decision, 'code' | 'reason'>;

/**
 * The record behind `context.facts` with exactly the facts that are read.
 * INVARIANT: a fact that is read and not known denies; no rule is ever evaluated as if it were absent.
 */
export const factsRecord = (
  read: readonly FactEntry[],
  answers: FactAnswers | undefined,
): { readonly facts: CedarRecord } | Refused => {
  if (answers?.failed !== undefined) return unavailable(answers.failed.fact, answers.failed.why);
  const fields = new Map<string, Value>();
  for (const { name, type } of read) {
    if (answers === undefined || !Object.hasOwn(answers.values, name)) return unavailable(name, 'nobody asked for it');
    try {
      fields.set(name, argumentsFrom(type, answers.values[name]));
    } catch (thrown) {
      if (!(thrown instanceof Misfit)) throw thrown;
      return unavailable(name, `the answer does not fit: ${thrown.message.replace(/^the payload/, 'it')}`);
    }
  }
  return { facts: new CedarRecord(fields) };
};

const unavailable = (fact: string, why: string): Refused => ({
  code: 'FACT_UNAVAILABLE',
  reason: `policy needs the fact \`${fact}\` to decide this call, and it is not available: ${why}`,
});

/** The declared part of an answer: what policies cannot read is neither kept nor recorded. */
export const declaredPart = (type: ArgumentType, data: unknown): unknown => {
  if (type.is === 'set') return Array.isArray(data) ? data.map((item) => declaredPart(type.of, item)) : data;
  return type.is === 'record' && typeof data === 'object' && data !== null && !Array.isArray(data)
    ? declaredFields(type, data)
    : data;
};

const declaredFields = ({ fields }: RecordArgument, data: object): Record<string, unknown> =>
  Object.fromEntries(
    fields.flatMap(({ name, type }) =>
      type !== null && Object.hasOwn(data, name) ? [[name, declaredPart(type, Reflect.get(data, name))]] : [],
    ),
  );
