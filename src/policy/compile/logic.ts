/** Truth, comparison and arithmetic: the operators that look at nothing but their operands. */
import type { Binary } from '../est.ts';
import { EvaluationError } from '../evaluation-error.ts';
import { Datetime, Duration } from '../extension/time.ts';
import { add, isLong, type Long, multiply, subtract } from '../long.ts';
import { equals, type Value } from '../value.ts';
import { asBool, asLong, type Compile, type Evaluate, type Operators } from './types.ts';

type BinaryOperator = (body: Binary, compile: Compile) => Evaluate;

const binary =
  (apply: (left: Value, right: Value) => Value): BinaryOperator =>
  (body, compile) => {
    const left = compile(body.left);
    const right = compile(body.right);
    return (env) => apply(left(env), right(env));
  };

const comparison = (holds: (a: Long, b: Long) => boolean): BinaryOperator =>
  binary((left, right) => {
    if (isLong(left) && isLong(right)) return holds(left, right);
    if (left instanceof Datetime && right instanceof Datetime) return holds(left.ms, right.ms);
    if (left instanceof Duration && right instanceof Duration) return holds(left.ms, right.ms);
    throw new EvaluationError('type error: only two longs, datetimes or durations have an order');
  });

const arithmetic = (apply: (a: Long, b: Long) => Long): BinaryOperator =>
  binary((left, right) => apply(asLong(left), asLong(right)));

export const LOGIC: Operators<
  '!' | 'neg' | '&&' | '||' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | 'if-then-else'
> = {
  '!': (body, compile) => {
    const arg = compile(body.arg);
    return (env) => !asBool(arg(env));
  },
  '&&': (body, compile) => {
    const left = compile(body.left);
    const right = compile(body.right);
    return (env) => asBool(left(env)) && asBool(right(env));
  },
  '||': (body, compile) => {
    const left = compile(body.left);
    const right = compile(body.right);
    return (env) => asBool(left(env)) || asBool(right(env));
  },
  'if-then-else': (body, compile) => {
    const test = compile(body.if);
    const then = compile(body.then);
    const otherwise = compile(body.else);
    return (env) => (asBool(test(env)) ? then(env) : otherwise(env));
  },
  '==': binary(equals),
  '!=': binary((left, right) => !equals(left, right)),
  '<': comparison((a, b) => a < b),
  '<=': comparison((a, b) => a <= b),
  '>': comparison((a, b) => a > b),
  '>=': comparison((a, b) => a >= b),
  '+': arithmetic(add),
  '-': arithmetic(subtract),
  '*': arithmetic(multiply),
  neg: (body, compile) => {
    const arg = compile(body.arg);
    return (env) => subtract(0, asLong(arg(env)));
  },
};
