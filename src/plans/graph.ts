/** Steps and what they need as a graph: in an order, or with the circle that leaves none. */

interface Node {
  readonly id: string;
  readonly needs: readonly string[];
}

/** The first circle, from a step back to itself. Needs that do not exist are none. */
export const cycleIn = (nodes: ReadonlyMap<string, Node>): readonly string[] | undefined => {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (id: string): readonly string[] | undefined => {
    const at = path.indexOf(id);
    if (at >= 0) return [...path.slice(at), id];
    if (done.has(id)) return undefined;
    path.push(id);
    for (const need of nodes.get(id)?.needs ?? []) {
      const cycle = nodes.has(need) ? visit(need) : undefined;
      if (cycle !== undefined) return cycle;
    }
    path.pop();
    done.add(id);
    return undefined;
  };
  for (const id of nodes.keys()) {
    const cycle = visit(id);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
};

/** Each after those that it needs, and otherwise as they came. There must be no circle. */
export const ordered = <N extends Node>(nodes: ReadonlyMap<string, N>): ReadonlyMap<string, N> => {
  const order = new Map<string, N>();
  const visit = (node: N): void => {
    if (order.has(node.id)) return;
    for (const need of node.needs) {
      const needed = nodes.get(need);
      if (needed !== undefined) visit(needed);
    }
    order.set(node.id, node);
  };
  for (const node of nodes.values()) visit(node);
  return order;
};
