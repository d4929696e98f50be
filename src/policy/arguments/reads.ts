/** Does a policy look at the arguments of a call? Only then is the payload of a call parsed. */
import type { Est, Expr } from '../est.ts';

/** A policy that takes the context as a whole reads everything in it, so it counts. */
export const readsArguments = ({ conditions }: Est): boolean => conditions.some(({ body }) => reads(body));

const reads = (node: unknown): boolean => {
  if (typeof node !== 'object' || node === null) return false;
  const { Var: variable, '.': access, has } = node as Expr;
  if (variable === 'context') return true;
  const attribute = attributeOfContext(access) ?? attributeOfContext(has);
  return attribute === undefined ? Object.values(node).some(reads) : attribute === 'args';
};

/** The first attribute that is taken from, or asked of, the context itself. */
const attributeOfContext = (body: unknown): string | undefined => {
  const { left, attr } = (body ?? {}) as { readonly left?: Expr; readonly attr?: string | readonly string[] };
  if (left?.['Var'] !== 'context') return undefined;
  return typeof attr === 'string' ? attr : attr?.[0];
};
