/**
 * Prepares a policy for a request that is only partly known.
 *
 * Every use of something open becomes a look-up of one named unknown: a path that is compared with something known keeps its
 * comparison, everything else becomes a yes or no of its own. The result is an ordinary tree for the ordinary compiler, so
 * there is one meaning of each operator and not two.
 */
import { type CompiledPolicy, compileEntry, compileExpr, type Env, type Evaluate } from '../compile/index.ts';
import type { Binary, Est, Expr, Scope } from '../est.ts';
import {
  askedPaths,
  childrenOf,
  type IsOpen,
  isOpenPath,
  type Path,
  partsOf,
  pathOf,
  textOf,
  touches,
  usesAny,
} from './path.ts';

/** One use of an unknown: what it tells apart. */
export interface Reading {
  readonly name: string;
  /** For people: the expression that stands behind the name, and the clause that it is read in. */
  readonly expr: Expr;
  readonly clause: Expr;
  /** The unknown is the value at this path, or whether there is one. Absent: it is a clause of its own. */
  readonly path?: Path;
  readonly asksPresence?: true;
  /** What the unknown is compared with. Absent: it is a yes or no itself. */
  readonly compared?: Evaluate;
  /** It is looked for in the set that `compared` gives. */
  readonly member?: true;
  /** A yes or no whose evaluation may fail instead. */
  readonly mayFail: boolean;
}

export interface OpenPolicy {
  readonly policy: CompiledPolicy;
  /** As `CompiledPolicy.holds`, with unknowns looked up in the context by their names. */
  readonly holds: (env: Env) => boolean;
  readonly readings: readonly Reading[];
}

export const openPolicy = (policy: CompiledPolicy, isOpen: IsOpen): OpenPolicy => {
  const est = policy.entry.est as Est;
  const opening = new Opening(isOpen);
  // What the compiler does not know can come out either way, or fail.
  const opened = (body: Expr): Expr => (usesAny(body, policy.unknown) ? opening.yesOrNo(body) : opening.truth(body));
  const conditions = est.conditions.map(({ kind, body }) => ({ kind, body: opened(body) }));
  const { holds } = compileEntry({ ...policy.entry, est: { ...est, conditions } });
  return { policy, holds, readings: opening.readings };
};

/** The scope as conditions, for questions in which not even principal, action and resource are known. */
export const scopeAsConditions = ({ principal, action, resource }: Est): Expr[] => [
  ...scopeExpr('principal', principal),
  ...scopeExpr('action', action),
  ...scopeExpr('resource', resource),
];

const scopeExpr = (variable: string, scope: Scope): Expr[] => {
  const left: Expr = { Var: variable };
  const entity = (value: unknown): Expr => ({ Value: { __entity: value } });
  if (scope.op === '==') return [{ '==': { left, right: entity(scope.entity) } }];
  if (scope.op === 'in' && 'entities' in scope) return [{ in: { left, right: { Set: scope.entities.map(entity) } } }];
  if (scope.op === 'in') return [{ in: { left, right: entity(scope.entity) } }];
  if (scope.op !== 'is') return [];
  const { entity_type, in: outer } = scope;
  return [{ is: { left, entity_type, ...(outer === undefined ? {} : { in: entity(outer.entity) }) } }];
};

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);

const DECIMAL_COMPARISONS: ReadonlySet<string> = new Set([
  ...['lessThan', 'lessThanOrEqual', 'greaterThan', 'greaterThanOrEqual'],
]);

class Opening {
  readonly readings: Reading[] = [];
  readonly #isOpen: IsOpen;

  constructor(isOpen: IsOpen) {
    this.#isOpen = isOpen;
  }

  /** An expression whose value is true or false. */
  truth(expr: Expr): Expr {
    if (!touches(expr, this.#isOpen)) return expr;
    const [operator, body] = partsOf(expr);
    if (operator === '!') return { '!': { arg: this.truth((body as { arg: Expr }).arg) } };
    if (operator === '&&' || operator === '||') {
      const { left, right } = body as Binary;
      return { [operator]: { left: this.truth(left), right: this.truth(right) } };
    }
    if (operator === 'if-then-else') {
      const branches = Object.entries(body as Record<string, Expr>).map(([name, one]) => [name, this.truth(one)]);
      return { 'if-then-else': Object.fromEntries(branches) };
    }
    if (COMPARISONS.has(operator)) return this.#comparison(expr, operator, body as Binary);
    if (DECIMAL_COMPARISONS.has(operator)) return this.#method(expr, operator, body as readonly Expr[]);
    if (operator === 'has') return this.#has(expr, body);
    if (operator === 'contains') return this.#member(expr, body as Binary);
    return this.yesOrNo(expr);
  }

  /** `a.lessThan(b)`: the same with its operands in a list. */
  #method(expr: Expr, operator: string, [left, right]: readonly Expr[]): Expr {
    if (left === undefined || right === undefined) return this.yesOrNo(expr);
    const compared = this.#comparison(expr, operator, { left, right });
    const operands = compared[operator] as Binary | undefined;
    return operands === undefined ? compared : { [operator]: [operands.left, operands.right] };
  }

  #comparison(expr: Expr, operator: string, { left, right }: Binary): Expr {
    if (this.#isOpenPath(left) && !touches(right, this.#isOpen))
      return { [operator]: { left: this.#compared(expr, left, right), right } };
    if (this.#isOpenPath(right) && !touches(left, this.#isOpen))
      return { [operator]: { left, right: this.#compared(expr, right, left) } };
    return this.yesOrNo(expr);
  }

  /** `["a", "b"].contains(x)` */
  #member(expr: Expr, { left, right }: Binary): Expr {
    if (!this.#isOpenPath(right) || touches(left, this.#isOpen)) return this.yesOrNo(expr);
    const compared = compileExpr(left);
    return { contains: { left, right: this.#note({ ...unknownOf(expr, right), compared, member: true }) } };
  }

  #has(expr: Expr, body: unknown): Expr {
    const paths = askedPaths(body);
    if (paths === undefined) return this.yesOrNo(expr);
    const each = paths.map(
      (path): Expr =>
        this.#note({ name: presenceOf(textOf(path)), expr, clause: expr, path, asksPresence: true, mayFail: false }),
    );
    return each.reduce((left, right) => ({ '&&': { left, right } }));
  }

  #compared(clause: Expr, path: Expr, other: Expr): Expr {
    return this.#note({ ...unknownOf(clause, path), compared: compileExpr(other) });
  }

  /** An unknown of its own. */
  yesOrNo(expr: Expr): Expr {
    return this.#note({ ...unknownOf(expr, expr), mayFail: mayFail(expr) });
  }

  #note(reading: Reading): Expr {
    this.readings.push(reading);
    return { '.': { left: { Var: 'context' }, attr: reading.name } };
  }

  #isOpenPath(expr: Expr): boolean {
    const path = pathOf(expr);
    return path !== undefined && isOpenPath(path, this.#isOpen);
  }
}

/** Equal expressions are one unknown, in whatever policies they stand. */
const unknownOf = (clause: Expr, expr: Expr) => {
  const path = pathOf(expr);
  const name = path === undefined ? JSON.stringify(expr) : textOf(path);
  return { name, expr, clause, mayFail: false, ...(path === undefined ? {} : { path }) };
};

/** Name of the unknown whether there is such an attribute; `text` is that of its path. */
export const presenceOf = (text: string): string => `has ${text}`;

/** Operators that cannot fail on operands of the types that the validator has checked. */
const TOTAL: ReadonlySet<string> = new Set([
  ...['==', '!=', '<', '<=', '>', '>=', 'in', 'like', 'is', 'has', 'hasTag', 'Value', 'Var', 'Set', 'Record'],
  ...['contains', 'containsAll', 'containsAny', 'isEmpty', '!', '&&', '||', 'if-then-else'],
]);

/** Arithmetic may overflow, a text may be no address, an entity may not exist. */
const mayFail = (expr: Expr): boolean => {
  if (pathOf(expr) !== undefined) return false;
  const [operator, body] = partsOf(expr);
  return !TOTAL.has(operator) || childrenOf(operator, body).some(mayFail);
};
