/** Which facts a policy looks at: only those are fetched, and only for the calls that the policy can be about. */
import type { Est, Expr } from '../est.ts';

/** Names of facts, or `all` for a policy that takes the context, or the facts in it, as a whole. */
export type FactsRead = ReadonlySet<string> | 'all';

export const factsRead = ({ conditions }: Est): FactsRead => {
  const names = new Set<string>();
  return conditions.every(({ body }) => collect(body, names)) ? names : 'all';
};

/** False as soon as something is read that has no name here. */
const collect = (node: unknown, names: Set<string>): boolean => {
  if (typeof node !== 'object' || node === null) return true;
  const path = pathFromContext(node as Expr);
  if (path === undefined) return Object.values(node).every((inner) => collect(inner, names));
  const [attribute, name] = path;
  if (attribute === undefined) return false;
  if (attribute !== 'facts') return true;
  if (name !== undefined) names.add(name);
  return name !== undefined;
};

/** `context.facts.a.b` is `['facts', 'a', 'b']`, so is `context has facts.a.b`; undefined for what does not begin at the context. */
const pathFromContext = (node: Expr): readonly string[] | undefined => {
  if (node['Var'] === 'context') return [];
  const { left, attr } = (node['.'] ?? node['has'] ?? {}) as { readonly left?: Expr; readonly attr?: unknown };
  const before = left === undefined ? undefined : pathFromContext(left);
  if (before === undefined) return undefined;
  return [...before, ...(typeof attr === 'string' ? [attr] : (attr as readonly string[]))];
};
