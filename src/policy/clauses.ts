/** The conditions of a policy taken apart into clauses that all must hold: what a near miss counts and a comparison compares. */
import type { Binary, Est, Expr } from './est.ts';

/** `when { a && b } unless { c || d }` is `a`, `b`, `!c` and `!d`. */
export const clausesOf = ({ conditions }: Pick<Est, 'conditions'>): Expr[] =>
  conditions.flatMap(({ kind, body }) => (kind === 'when' ? holding(body) : failing(body)));

/** Clauses that all hold when the expression does. */
const holding = (expr: Expr): Expr[] => {
  const [operator, body] = only(expr);
  if (operator === '&&') return both(body, holding);
  if (operator === '!') return failing((body as { readonly arg: Expr }).arg);
  return operator === 'Value' && body === true ? [] : [expr];
};

/** Clauses that all hold when the expression does not. */
const failing = (expr: Expr): Expr[] => {
  const [operator, body] = only(expr);
  if (operator === '||') return both(body, failing);
  if (operator === '!') return holding((body as { readonly arg: Expr }).arg);
  return operator === 'Value' && body === false ? [] : [{ '!': { arg: expr } }];
};

const both = (body: unknown, taken: (expr: Expr) => Expr[]): Expr[] => {
  const { left, right } = body as Binary;
  return [...taken(left), ...taken(right)];
};

const only = (expr: Expr): readonly [string, unknown] => Object.entries(expr)[0] ?? ['', undefined];
