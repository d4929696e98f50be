/** Orders to stop as the admin door asks about them: given and lifted where the control plane is, looked at on every hub. */
import type { BreakerOrder, KillList, KillOrder, NodePort, Principal } from '../../contract/index.ts';
import { DEFAULT_TENANT, Fault } from '../../contract/index.ts';
import type { KillChange, KillSwitch, Publisher } from '../../control/index.ts';
import type { KillPort } from '../../doors/admin/index.ts';
import type { World } from '../../kernel/index.ts';
import type { Halt } from '../../kill/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { NodeBreakers } from './breakers.ts';
import type { LivePipeline } from './live.ts';

export interface KillPortParts {
  readonly kills: KillSwitch;
  readonly halt: Halt;
  readonly nodes: NodePort;
  readonly live: LivePipeline;
  readonly logger: Pick<Logger, 'log'>;
  /** Other hubs over the same store, which carry orders out as nodes do. */
  readonly hubs: () => ReturnType<KillPort['list']>['nodes'];
}

export const killPort = ({ kills, halt, nodes, live, logger, hubs }: KillPortParts): KillPort => ({
  order: async (by, request) => {
    const change = await kills.order(by, request);
    logger.log('warn', 'order to stop given', trail(by, change));
    return { ...change, warnings: isKnown(live, change.order) ? [] : [unknown(change.order)] };
  },
  lift: async (by, id) => {
    const given = halt.list.orders.find((order) => order.id === id && order.tenant === by.tenant);
    if (given !== undefined && !kills.current.orders.includes(given))
      throw new Fault('denied', `order \`${id}\` was given above this hub; lift it there`);
    const change = await kills.lift(by, id);
    logger.log('warn', 'order to stop lifted', trail(by, change));
    return { ...change, warnings: [] };
  },
  list: (tenant) => ({
    seq: halt.list.seq,
    items: ordersOf(halt, tenant),
    // Whoever runs the hub may stop any tenant, and must see whether its nodes have heard.
    nodes: [
      ...hubs(),
      ...nodes.list(tenant === DEFAULT_TENANT ? null : tenant).map(({ node, state, killsSeq, killsAtMs }) => ({
        id: node.id,
        state,
        seq: killsSeq,
        atMs: killsAtMs,
      })),
    ],
  }),
});

/** A lifted order is nowhere else any more: the log says who gave what, and who took it back. */
const trail = (by: Principal, { order, seq, cut }: KillChange) => ({
  order: order.id,
  tenant: order.tenant,
  stops: `${order.kind}/${order.name}`,
  reason: order.reason,
  by: `${by.kind}/${by.id}`,
  seq,
  cut,
});

export interface KillRelay {
  /** Takes the own list, puts it in force with the orders from above, and sends both on. Answers how many calls that cut. */
  own(list: KillList): number;
  /** The list of the parent: in force in this turn, whatever a store or another order does. */
  above(list: KillList): void;
  /** About breakers, from the parent: of this hub, and of nodes below as this hub names them. */
  breakersAbove(): readonly BreakerOrder[];
}

/** Orders of a hub that has a parent: whoever is below must obey both, and hears both in one list. */
export const killRelay = ({
  node,
  halt,
  breakers,
  world,
  publisher,
  logger,
  published,
}: {
  /** Id of this hub. */
  readonly node: string;
  readonly halt: Halt;
  readonly breakers: Pick<NodeBreakers, 'enforce'>;
  readonly world: Pick<World, 'clock'>;
  readonly publisher: Publisher;
  readonly logger: Pick<Logger, 'log'>;
  /** Hears of each list that goes down. */
  readonly published: (seq: number) => void;
}): KillRelay => {
  let own: KillList = { seq: 0, orders: [] };
  let above: KillList = { seq: 0, orders: [] };
  /** Own orders about breakers that were reset above since. */
  let lifted: ReadonlySet<string> = new Set();
  const breakersAbove = (): readonly BreakerOrder[] => (above.breakers ?? []).flatMap((order) => below(node, order));
  const whole = (): KillList => {
    const [resets, holds] = [true, false].map((isReset) =>
      breakersAbove().filter(({ mode }) => (mode === 'reset') === isReset),
    );
    // Of orders about one breaker the last counts: what is held above, or else what was said here since it was reset above.
    const held = [...resets!, ...(own.breakers ?? []).filter(({ id }) => !lifted.has(id)), ...holds!];
    return {
      ...{ seq: own.seq, orders: [...above.orders, ...own.orders] },
      ...(held.length === 0 ? {} : { breakers: held }),
    };
  };
  return {
    own: (list) => {
      own = list;
      const cut = halt.enforce(whole(), world.clock.wallMs());
      breakers.enforce(whole().breakers ?? []);
      publisher.publish('kills', whole());
      published(own.seq);
      return cut;
    },
    above: (list) => {
      above = list;
      const isLifted = (one: BreakerOrder): boolean =>
        lifted.has(one.id) || breakersAbove().some((by) => undoes(by, one));
      lifted = new Set((own.breakers ?? []).filter(isLifted).map(({ id }) => id));
      const cut = halt.enforce(whole(), world.clock.wallMs());
      breakers.enforce(whole().breakers ?? []);
      if (cut > 0) logger.log('warn', 'orders from above cut calls', { cut });
    },
    breakersAbove,
  };
};

const undoes = (reset: BreakerOrder, { tenant, node, endpoint, atMs }: BreakerOrder): boolean =>
  reset.mode === 'reset' &&
  reset.tenant === tenant &&
  reset.node === node &&
  reset.endpoint === endpoint &&
  reset.atMs >= atMs;

/** An order of the parent as it is said here: nodes below are known by their own names. What is about others stays out. */
const below = (node: string, order: BreakerOrder): readonly BreakerOrder[] => {
  if (order.node === node) return [order];
  return order.node.startsWith(`${node}/`) ? [{ ...order, node: order.node.slice(node.length + 1) }] : [];
};

/** Its own, and those that stop it. */
const ordersOf = (halt: Halt, tenant: string): readonly KillOrder[] =>
  halt.list.orders.filter((order) => order.tenant === tenant || (order.kind === 'tenant' && order.name === tenant));

/** A misspelt name must not look like a success, and must not refuse an order about something that is just being applied either. */
const isKnown = ({ snapshot }: LivePipeline, { kind, name, tenant }: KillOrder): boolean => {
  if (kind === 'tree' || snapshot === undefined) return true;
  const { targets, keys } = snapshot;
  if (kind === 'tenant') return [...targets, ...keys].some((one) => one.tenant === name);
  if (kind === 'user')
    return keys.some((key) => key.tenant === tenant && key.principal.kind === 'user' && key.principal.name === name);
  return targets.some((target) => target.tenant === tenant && target.kind === kind && target.name === name);
};

const unknown = ({ kind, name }: KillOrder): string =>
  `nothing is known here as ${kind} \`${name}\`; the order is in force all the same`;
