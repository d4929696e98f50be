/** Which attributes of the context, and which arguments, a policy looks at: what a record must hold so that it can be asked again. */

/** Names, and `*` when the context is used whole. Deeper paths count as their first name. */
export const contextReads = (tree: unknown): ReadonlySet<string> => readsOf(tree, isContext);

/** The same for `context.args`. */
export const argumentReads = (tree: unknown): ReadonlySet<string> => {
  if (contextReads(tree).has('*')) return new Set(['*']);
  return readsOf(tree, isArguments);
};

type Node = Readonly<Record<string, unknown>>;
type Is = (tree: unknown) => boolean;

const isContext: Is = (tree) => (tree as Node | undefined)?.['Var'] === 'context';

const isArguments: Is = (tree) => {
  const { left, attr } = ((tree as Node | undefined)?.['.'] ?? {}) as Node;
  return isContext(left) && attr === 'args';
};

const readsOf = (tree: unknown, isSubject: Is): ReadonlySet<string> => {
  const found = new Set<string>();
  walk(tree, isSubject, found);
  return found;
};

const walk = (tree: unknown, isSubject: Is, found: Set<string>): void => {
  if (typeof tree !== 'object' || tree === null) return;
  if (isSubject(tree)) {
    found.add('*');
    return;
  }
  for (const [operator, body] of Object.entries(tree)) {
    const names = operator === '.' || operator === 'has' ? namesIn(body, isSubject) : undefined;
    if (names === undefined) walk(body, isSubject, found);
    else for (const name of names) found.add(name);
  }
};

/**
 * The name in `subject.name` and `subject has name`. A path in `has`, such as `context has args.n`, is one of the context
 * and one of the arguments. Undefined for attributes of anything else.
 */
const namesIn = (body: unknown, isSubject: Is): readonly string[] | undefined => {
  const { left, attr } = (body ?? {}) as Node;
  const path = Array.isArray(attr) ? attr.map(String) : [String(attr)];
  if (isSubject(left)) return path.slice(0, 1);
  if (isSubject === isArguments && isContext(left) && path[0] === 'args') return path.slice(1, 2);
  return undefined;
};
