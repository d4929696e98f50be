/** Which attributes of the context a policy looks at: what a record of a decision must hold so that it can be made again. */

/** Names, and `*` when the context is used whole. Deeper paths count as their first name. */
export const contextReads = (tree: unknown): ReadonlySet<string> => {
  const found = new Set<string>();
  walk(tree, found);
  return found;
};

type Node = Readonly<Record<string, unknown>>;

const walk = (tree: unknown, found: Set<string>): void => {
  if (typeof tree !== 'object' || tree === null) return;
  const node = tree as Node;
  if (node['Var'] === 'context') found.add('*');
  for (const [operator, body] of Object.entries(node)) {
    const attribute = operator === '.' || operator === 'has' ? attributeOf(body) : undefined;
    if (attribute === undefined) walk(body, found);
    else found.add(attribute);
  }
};

/** The name in `context.name` and `context has name`; undefined for attributes of anything else. */
const attributeOf = (body: unknown): string | undefined => {
  const { left, attr } = (body ?? {}) as Node;
  if ((left as Node | undefined)?.['Var'] !== 'context') return undefined;
  return Array.isArray(attr) ? String(attr[0]) : String(attr);
};
