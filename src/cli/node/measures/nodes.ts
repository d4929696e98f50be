/** How far the nodes that joined a hub are behind it. */
import type { Clock, NodeView } from '../../../contract/index.ts';
import type { Say, Source } from '../../../telemetry/index.ts';

/** When the orders in force were published here. */
export class OrdersPublished {
  readonly #clock: Clock;
  #newest = { seq: 0, atMs: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get newest(): { readonly seq: number; readonly atMs: number } {
    return this.#newest;
  }

  note(seq: number): void {
    this.#newest = { seq, atMs: this.#clock.wallMs() };
  }
}

export interface NodesSourceParts {
  readonly list: () => readonly NodeView[];
  readonly snapshotSeq: () => number;
  readonly orders: OrdersPublished;
  readonly clock: Clock;
}

export const nodesSource = ({ list, snapshotSeq, orders, clock }: NodesSourceParts): Source => ({
  name: 'nodes',
  read: (say) => {
    for (const view of list()) sayNode(say, view, { seq: snapshotSeq(), orders: orders.newest, nowMs: clock.wallMs() });
  },
});

interface Now {
  readonly seq: number;
  readonly orders: OrdersPublished['newest'];
  readonly nowMs: number;
}

const sayNode = (say: Say, view: NodeView, { seq, orders, nowMs }: Now): void => {
  const labels = { tenant: view.node.tenant, node: view.node.id };
  say('airspace_node_up', labels, view.state === 'alive' ? 1 : 0);
  // Not heard since this hub started: what it runs is not known here.
  if (view.heardAtMs === null) return;
  say('airspace_node_silent_seconds', labels, Math.max(0, nowMs - view.heardAtMs) / 1_000);
  say('airspace_node_snapshot_lag', labels, Math.max(0, seq - view.snapshotSeq));
  say('airspace_node_orders_lag_seconds', labels, ordersLagMs(view, orders, nowMs) / 1_000);
  say('airspace_node_lost_events', labels, view.lostEvents);
};

const ordersLagMs = ({ killsSeq, killsAtMs }: NodeView, { seq, atMs }: Now['orders'], nowMs: number): number => {
  if (seq === 0) return 0;
  const untilMs = killsSeq >= seq ? (killsAtMs ?? atMs) : nowMs;
  return Math.max(0, untilMs - atMs);
};
