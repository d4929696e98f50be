/** Extension functions: decimals, instants, durations and addresses. A new one is one line in the table. */
import type { Expr } from '../est.ts';
import { EvaluationError } from '../evaluation-error.ts';
import { Decimal, parseDecimal } from '../extension/decimal.ts';
import { IpRange, isInRange, isLoopback, isMulticast, parseIp } from '../extension/ip.ts';
import {
  Datetime,
  Duration,
  durationSince,
  inUnits,
  MS,
  offset,
  parseDatetime,
  parseDuration,
  toDate,
  toTime,
} from '../extension/time.ts';
import type { Value } from '../value.ts';
import { asString, type Compile, type Evaluate } from './types.ts';

type Kind<T> = new (...args: never[]) => T;

const as = <T extends Value>(kind: Kind<T>, value: Value): T => {
  if (value instanceof kind) return value;
  throw new EvaluationError(`type error: expected ${kind.name.toLowerCase()}`);
};

interface ExtensionFunction {
  readonly arity: 1 | 2;
  readonly apply: (first: Value, second: Value) => Value;
}

const make = (parse: (text: string) => Value): ExtensionFunction => ({
  arity: 1,
  apply: (text) => parse(asString(text)),
});

const on = <A extends Value>(kind: Kind<A>, apply: (value: A) => Value): ExtensionFunction => ({
  arity: 1,
  apply: (value) => apply(as(kind, value)),
});

const both = <A extends Value, B extends Value>(
  left: Kind<A>,
  right: Kind<B>,
  apply: (a: A, b: B) => Value,
): ExtensionFunction => ({ arity: 2, apply: (a, b) => apply(as(left, a), as(right, b)) });

const FUNCTIONS: ReadonlyMap<string, ExtensionFunction> = new Map([
  ['decimal', make(parseDecimal)],
  ['datetime', make(parseDatetime)],
  ['duration', make(parseDuration)],
  ['ip', make(parseIp)],
  ['lessThan', both(Decimal, Decimal, (a, b) => a.units < b.units)],
  ['lessThanOrEqual', both(Decimal, Decimal, (a, b) => a.units <= b.units)],
  ['greaterThan', both(Decimal, Decimal, (a, b) => a.units > b.units)],
  ['greaterThanOrEqual', both(Decimal, Decimal, (a, b) => a.units >= b.units)],
  ['offset', both(Datetime, Duration, offset)],
  ['durationSince', both(Datetime, Datetime, durationSince)],
  ['toDate', on(Datetime, toDate)],
  ['toTime', on(Datetime, toTime)],
  ['toMilliseconds', on(Duration, (value) => inUnits(value, MS.ms))],
  ['toSeconds', on(Duration, (value) => inUnits(value, MS.second))],
  ['toMinutes', on(Duration, (value) => inUnits(value, MS.minute))],
  ['toHours', on(Duration, (value) => inUnits(value, MS.hour))],
  ['toDays', on(Duration, (value) => inUnits(value, MS.day))],
  ['isIpv4', on(IpRange, (ip) => ip.bits === 32)],
  ['isIpv6', on(IpRange, (ip) => ip.bits === 128)],
  ['isLoopback', on(IpRange, isLoopback)],
  ['isMulticast', on(IpRange, isMulticast)],
  ['isInRange', both(IpRange, IpRange, isInRange)],
]);

/** Undefined when there is no such function. A wrong number of arguments is an evaluation error, as in Cedar. */
export const compileCall = (name: string, args: readonly Expr[], compile: Compile): Evaluate | undefined => {
  const known = FUNCTIONS.get(name);
  if (known === undefined) return undefined;
  const { arity, apply } = known;
  if (args.length !== arity)
    return failing(new EvaluationError(`\`${name}\` takes ${arity} arguments, not ${args.length}`));
  const [first, second] = args.map(compile) as [Evaluate, Evaluate | undefined];
  if (args.length === 1 && typeof args[0]?.['Value'] === 'string')
    return once(() => apply(args[0]?.['Value'] as string, false));
  return second === undefined ? (env) => apply(first(env), false) : (env) => apply(first(env), second(env));
};

const failing =
  (error: EvaluationError): Evaluate =>
  () => {
    throw error;
  };

/** `datetime("2026-01-01")` is parsed when the policy is loaded; if it is wrong, it fails when it is evaluated. */
const once = (make: () => Value): Evaluate => {
  try {
    const value = make();
    return () => value;
  } catch (thrown) {
    if (thrown instanceof EvaluationError) return failing(thrown);
    throw thrown;
  }
};
