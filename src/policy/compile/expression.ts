/** Turns an expression of Cedar's JSON form into nested closures, once per snapshot, so that a decision costs microseconds. */
import { Fault } from '../../contract/index.ts';
import type { Expr } from '../est.ts';
import { fromJson } from '../value.ts';
import { ACCESS } from './access.ts';
import { DATA } from './data.ts';
import { compileCall } from './functions.ts';
import { LOGIC } from './logic.ts';
import type { Compile, Evaluate } from './types.ts';

type Operator = (body: unknown, compile: Compile) => Evaluate;

const OPERATORS = new Map(Object.entries({ ...LOGIC, ...DATA, ...ACCESS }) as [string, Operator][]);

/** Far beyond what people write, far below what the stack holds: each level of nesting is a frame when evaluated. */
const MAX_DEPTH = 1000;

/** What a newer Cedar may bring and this compiler not: decided elsewhere, or refused. */
export interface CompileOptions {
  /** Operators and functions that this compiler may use, by name. Default: all that it has; tests plant an older one. */
  readonly knows?: (operator: string) => boolean;
  /** Told of each operator that it does not know; what it compiles then must not be evaluated. Absent: such a tree is refused. */
  readonly onUnknown?: (operator: string) => void;
}

/** Throws Fault `bad_request` for an operator that this version does not know, unless somebody is told: it must never be skipped. */
export const compileExpr = (expr: Expr, options: CompileOptions = {}, depth = 0): Evaluate => {
  if (depth > MAX_DEPTH)
    throw new Fault('bad_request', `the expression nests deeper than ${MAX_DEPTH}; split the policy`);
  const [name, body] = operatorOf(expr);
  const compile: Compile = (inner) => compileExpr(inner, options, depth + 1);
  if (options.knows?.(name) === false) return unknownOperator(name, body, options);
  const operator = OPERATORS.get(name);
  if (operator !== undefined) return operator(body, compile);
  const call = Array.isArray(body) ? compileCall(name, body, compile) : undefined;
  return call ?? unknownOperator(name, body, options);
};

const unknownOperator = (name: string, body: unknown, { onUnknown }: CompileOptions): Evaluate => {
  if (onUnknown === undefined) throw new Fault('bad_request', `operator \`${name}\` is not known to this version`);
  onUnknown(name);
  refuseRounded(body);
  // INVARIANT: no EvaluationError, which would only skip a permit: whoever gets here has asked the wrong engine.
  return () => {
    throw new Error(`operator \`${name}\` is not known to this engine, and it was asked all the same`);
  };
};

/** Its meaning is another engine's business; integers that JavaScript has rounded already are wrong for every engine. */
const refuseRounded = (body: unknown, depth = 0): void => {
  if (typeof body === 'number') fromJson(body);
  if (typeof body !== 'object' || body === null) return;
  if (depth > MAX_DEPTH)
    throw new Fault('bad_request', `the expression nests deeper than ${MAX_DEPTH}; split the policy`);
  for (const inner of Object.values(body)) refuseRounded(inner, depth + 1);
};

const operatorOf = (expr: unknown): readonly [string, unknown] => {
  const entries = typeof expr === 'object' && expr !== null ? Object.entries(expr) : [];
  const [only] = entries;
  if (only === undefined || entries.length !== 1)
    throw new Fault('bad_request', 'an expression must be an object with exactly one operator');
  return only;
};
