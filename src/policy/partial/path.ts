/** Which parts of a policy tree talk about something that is not known yet: paths such as `context.args.amount`, and all that use them. */
import type { Binary, Expr } from '../est.ts';

/** Is this not known yet? `attribute` is the first one after the variable; undefined asks for the variable as a whole. */
export type IsOpen = (variable: string, attribute: string | undefined) => boolean;

export interface Path {
  readonly variable: string;
  readonly attributes: readonly string[];
}

/** The operator of an expression and its body. The compiler has already refused trees that are not of this form. */
export const partsOf = (expr: Expr): readonly [operator: string, body: unknown] =>
  Object.entries(expr)[0] ?? ['', undefined];

/** `a.b.c` that begins at a variable; undefined for every other expression. */
export const pathOf = (expr: Expr): Path | undefined => {
  const [operator, body] = partsOf(expr);
  if (operator === 'Var') return { variable: String(body), attributes: [] };
  if (operator !== '.') return undefined;
  const { left, attr } = body as { readonly left: Expr; readonly attr: string };
  const owner = pathOf(left);
  return owner === undefined ? undefined : { ...owner, attributes: [...owner.attributes, attr] };
};

/** As Cedar writes it: `context.args["odd name"]`. */
export const textOf = ({ variable, attributes }: Path): string =>
  variable +
  attributes.map((name) => (/^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`)).join('');

export const isOpenPath = (path: Path, isOpen: IsOpen): boolean => isOpen(path.variable, path.attributes[0]);

/** The path that `a has b` asks about; undefined when `a` is no path. `a has b.c` asks about two. */
export const askedPaths = (body: unknown): readonly Path[] | undefined => {
  const { left, attr } = body as { readonly left: Expr; readonly attr: string | readonly string[] };
  const owner = pathOf(left);
  if (owner === undefined) return undefined;
  const names = typeof attr === 'string' ? [attr] : attr;
  return names.map((_, at) => ({ ...owner, attributes: [...owner.attributes, ...names.slice(0, at + 1)] }));
};

/** Does the value of the expression depend on anything open? */
export const touches = (expr: Expr, isOpen: IsOpen): boolean => {
  const path = pathOf(expr);
  if (path !== undefined) return isOpenPath(path, isOpen);
  const [operator, body] = partsOf(expr);
  if (operator === 'Value') return false;
  const asked = operator === 'has' ? askedPaths(body)?.[0] : undefined;
  if (asked !== undefined) return isOpenPath(asked, isOpen);
  return childrenOf(operator, body).some((child) => touches(child, isOpen));
};

/** Expressions directly inside one. */
export const childrenOf = (operator: string, body: unknown): readonly Expr[] => {
  if (operator === 'Value' || operator === 'Var') return [];
  if (Array.isArray(body)) return body as readonly Expr[];
  const isExpr = (value: unknown): value is Expr =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  return Object.values(body as Binary).filter(isExpr);
};

/** Does one of the operators stand anywhere in the tree? A field of the same name counts too: a yes only means more caution. */
export const usesAny = (tree: unknown, operators: ReadonlySet<string>): boolean =>
  operators.size > 0 &&
  typeof tree === 'object' &&
  tree !== null &&
  Object.entries(tree).some(([name, inner]) => operators.has(name) || usesAny(inner, operators));
