/** Engines with one operator wrong, made by rewriting the tree before it is compiled: a check that misses one is no check. */
import type { Est, Expr, Scope } from '../../src/policy/est.ts';
import type { Outcome } from '../../src/policy/evaluate.ts';

export interface Plant {
  /** What is wrong with this engine. */
  readonly says: string;
  readonly rewrite?: (est: Est) => Est;
  readonly judge?: (outcome: Outcome) => Outcome;
}

type Body = Readonly<Record<string, unknown>>;
type Rule = (body: Body) => Expr;

const plantOperator = (says: string, operator: string, rule: Rule): Plant => ({
  says,
  rewrite: (est) => ({
    ...est,
    conditions: est.conditions.map(({ kind, body }) => ({ kind, body: rewritten(body, operator, rule) })),
  }),
});

const plantScope = (says: string, change: (scope: Scope) => Scope): Plant => ({
  says,
  rewrite: (est) => ({
    ...est,
    principal: change(est.principal),
    action: change(est.action),
    resource: change(est.resource),
  }),
});

const firstOf = (attr: unknown): unknown => (Array.isArray(attr) ? attr[0] : attr);

export const PLANTS: ReadonlyMap<string, Plant> = new Map<string, Plant>([
  ['less', plantOperator('`<` is `<=`', '<', (body) => ({ '<=': body }))],
  ['minus', plantOperator('`a - b` is `b - a`', '-', ({ left, right }) => ({ '-': { left: right, right: left } }))],
  ['or', plantOperator('`||` looks right first', '||', ({ left, right }) => ({ '||': { left: right, right: left } }))],
  ['if', plantOperator('`then` and `else` are swapped', 'if-then-else', swapBranches)],
  ['contains-all', plantOperator('`containsAll` is `containsAny`', 'containsAll', (body) => ({ containsAny: body }))],
  [
    'has',
    plantOperator('`has a.b` looks at `a` only', 'has', (body) => ({ has: { ...body, attr: firstOf(body['attr']) } })),
  ],
  ['like', plantOperator('`like` does not look at the end', 'like', withoutEnd)],
  ['is', plantOperator('`is T in e` forgets `in`', 'is', ({ left, entity_type }) => ({ is: { left, entity_type } }))],
  ['in', plantOperator('`in` is `==`', 'in', (body) => ({ '==': body }))],
  [
    'scope',
    plantScope('`in` of a scope is `==`', (scope) => ('entity' in scope ? { op: '==', entity: scope.entity } : scope)),
  ],
  ['unless', { says: '`unless` is `when`', rewrite: whenOnly }],
  ['errors', { says: 'a failure counts as false', judge: (outcome) => ({ ...outcome, failed: [] }) }],
]);

/** As entries, because an object that has a `then` is taken for a promise by others than us. */
function swapBranches({ if: test, then, else: otherwise }: Body): Expr {
  return {
    'if-then-else': Object.fromEntries([
      ['if', test],
      ['then', otherwise],
      ['else', then],
    ]),
  };
}

function withoutEnd(body: Body): Expr {
  return { like: { ...body, pattern: [...(body['pattern'] as readonly unknown[]), 'Wildcard'] } };
}

function whenOnly(est: Est): Est {
  return { ...est, conditions: est.conditions.map(({ body }) => ({ kind: 'when', body })) };
}

/** Fields of an operator's body that hold expressions. */
const OPERANDS = new Set(['left', 'right', 'arg', 'if', 'then', 'else', 'in']);

const rewritten = (expr: Expr, operator: string, rule: Rule): Expr => {
  const [name = '', body] = Object.entries(expr)[0] ?? [];
  const inner = bodyOf(name, body, (operand) => rewritten(operand, operator, rule));
  return name === operator ? rule(inner as Body) : { [name]: inner };
};

const bodyOf = (name: string, body: unknown, visit: (expr: Expr) => Expr): unknown => {
  if (name === 'Value' || typeof body !== 'object' || body === null) return body;
  if (Array.isArray(body)) return body.map(visit);
  const holds = (field: string): boolean => name === 'Record' || OPERANDS.has(field);
  const fields = Object.entries(body).map(([field, value]) => [field, holds(field) ? visit(value as Expr) : value]);
  return Object.fromEntries(fields);
};
