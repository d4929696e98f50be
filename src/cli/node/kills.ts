/** Orders to stop as the admin door asks about them: given and lifted where the control plane is, looked at on every hub. */
import type { KillOrder, NodePort, Principal } from '../../contract/index.ts';
import { DEFAULT_TENANT, type Fault } from '../../contract/index.ts';
import type { KillChange, KillSwitch } from '../../control/index.ts';
import type { KillPort } from '../../doors/admin/index.ts';
import type { Halt } from '../../kill/index.ts';
import type { Logger } from '../../telemetry/index.ts';
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

/** A hub without a control plane says what is in force on it, and nothing more. */
export const killsGovernedAbove = (halt: Halt, elsewhere: () => Fault): KillPort => ({
  order: () => Promise.reject(elsewhere()),
  lift: () => Promise.reject(elsewhere()),
  list: (tenant) => ({ seq: halt.list.seq, items: ordersOf(halt, tenant), nodes: [] }),
});

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
