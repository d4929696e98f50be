/** Turns an expression of Cedar's JSON form into nested closures, once per snapshot, so that a decision costs microseconds. */
import { Fault } from '../../contract/index.ts';
import type { Expr } from '../est.ts';
import { ACCESS } from './access.ts';
import { DATA } from './data.ts';
import { compileCall } from './functions.ts';
import { LOGIC } from './logic.ts';
import type { Compile, Evaluate } from './types.ts';

type Operator = (body: unknown, compile: Compile) => Evaluate;

const OPERATORS = new Map(Object.entries({ ...LOGIC, ...DATA, ...ACCESS }) as [string, Operator][]);

/** Far beyond what people write, far below what the stack holds: each level of nesting is a frame when evaluated. */
const MAX_DEPTH = 1000;

/** Throws Fault `bad_request` for an operator that this version does not know: it must never be skipped. */
export const compileExpr = (expr: Expr, depth = 0): Evaluate => {
  if (depth > MAX_DEPTH)
    throw new Fault('bad_request', `the expression nests deeper than ${MAX_DEPTH}; split the policy`);
  const [name, body] = operatorOf(expr);
  const compile: Compile = (inner) => compileExpr(inner, depth + 1);
  const operator = OPERATORS.get(name);
  if (operator !== undefined) return operator(body, compile);
  const call = Array.isArray(body) ? compileCall(name, body, compile) : undefined;
  if (call === undefined) throw new Fault('bad_request', `operator \`${name}\` is not known to this version`);
  return call;
};

const operatorOf = (expr: unknown): readonly [string, unknown] => {
  const entries = typeof expr === 'object' && expr !== null ? Object.entries(expr) : [];
  const [only] = entries;
  if (only === undefined || entries.length !== 1)
    throw new Fault('bad_request', 'an expression must be an object with exactly one operator');
  return only;
};
