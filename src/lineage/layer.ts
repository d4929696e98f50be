/** Ends calls that go in circles: between nodes by the nodes they passed, between agents by depth. */
import { Fault } from '../contract/index.ts';
import type { Layer } from '../kernel/index.ts';

/** A call tree deeper than this is a runaway, not a plan. */
export const MAX_DEPTH = 8;

/** `node` is this node's id. A call that comes by again would come by for ever. */
export const lineage =
  (node: string): Layer =>
  (next) =>
  (call, scope) => {
    if (call.via.includes(node)) {
      throw loop(
        `this call has already passed \`${node}\`: ${[...call.via, node].join(' -> ')}; look for routes that point at each other`,
      );
    }
    if (call.lineage.depth > MAX_DEPTH) {
      throw loop(`call tree \`${call.lineage.root}\` is ${call.lineage.depth} calls deep and ${MAX_DEPTH} are allowed`);
    }
    return next(call, scope);
  };

const loop = (message: string): Fault => new Fault('loop_detected', message);
