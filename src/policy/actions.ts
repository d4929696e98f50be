/** Groups of actions: a call never is one, it belongs to one, so a policy that says `==` about a group never applies. */
import type { Est } from './est.ts';
import { type Literal, literalsIn } from './names.ts';
import { ACTION_PARENTS } from './schema.ts';

/** One sentence with the fix for each comparison of the action with a group, in the scope or in a condition. */
export const groupProblems = (est: Est): string[] => {
  const { action, conditions } = est;
  const scope = action.op === '==' ? literalsIn(action.entity) : [];
  const compared = conditions.flatMap(({ body }) => comparedWithAction(body));
  const groups = [...scope, ...compared].filter(
    ({ type, id }) => type === 'Action' && Object.hasOwn(ACTION_PARENTS, id),
  );
  return [...new Set(groups.map(({ id }) => id))].map(
    (id) =>
      `\`action == Action::"${id}"\` can never match: \`${id}\` is a group, and each operation in it is an action of its own; ` +
      `write \`action in Action::"${id}"\``,
  );
};

const comparedWithAction = (node: unknown): Literal[] => {
  if (typeof node !== 'object' || node === null) return [];
  const { '==': equal, '!=': unequal } = node as Readonly<
    Record<string, { left?: unknown; right?: unknown } | undefined>
  >;
  const { left, right } = equal ?? unequal ?? {};
  const found = isAction(left) ? literalsIn(right) : isAction(right) ? literalsIn(left) : [];
  return [...found, ...Object.values(node).flatMap(comparedWithAction)];
};

const isAction = (node: unknown): boolean =>
  typeof node === 'object' && node !== null && (node as { readonly Var?: unknown }).Var === 'action';
