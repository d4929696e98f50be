/** Breakers as the admin door asks about them: of this node and of all below it, held and given back from here. */
import type { AuditTrail } from '../../audit/index.ts';
import {
  type BreakerOrder,
  type BreakerRequest,
  type BreakerView,
  Fault,
  type NodePort,
  type Principal,
} from '../../contract/index.ts';
import { byUrgency, type KillSwitch } from '../../control/index.ts';
import type { BreakerAnswer, BreakerPort } from '../../doors/admin/index.ts';
import type { World } from '../../kernel/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { NodeBreakers } from './breakers.ts';

export interface BreakerPortParts {
  /** Id of this node. */
  readonly node: string;
  readonly own: NodeBreakers;
  readonly nodes: Pick<NodePort, 'breakers' | 'list'>;
  readonly kills: Pick<KillSwitch, 'breaker'>;
  /** Orders about breakers that this hub got from above. Of a hub without a parent there are none. */
  readonly above?: () => readonly BreakerOrder[];
  /** The other hub over the same store that a node follows: lists of that one reach it. Absent: there are none. */
  readonly followsOther?: (node: string) => string | undefined;
  readonly world: Pick<World, 'clock' | 'ids'>;
  readonly logger: Pick<Logger, 'log'>;
}

/** A node that is away for longer hears of no reset: its breakers have had a time of their own since. */
const RESET_MS = 120_000;

export const breakerPort = (parts: BreakerPortParts): BreakerPort => {
  const list = (tenant: string): readonly BreakerView[] =>
    [...parts.own.list(tenant).map((one) => ({ ...one, node: parts.node })), ...parts.nodes.breakers(tenant)].sort(
      byUrgency,
    );
  return {
    list,
    force: async (by, request) => {
      const found = placeOf(parts, by.tenant, request, list(by.tenant));
      refuseFromAbove(parts, by, request, found.node);
      refuseOfOther(parts, found.node);
      const order = orderOf(parts, by, request, found.node);
      const { seq } = await parts.kills.breaker(order);
      parts.logger.log('warn', `breaker ${VERBS[order.mode]} by hand`, {
        ...{ endpoint: order.endpoint, on: order.node, tenant: order.tenant },
        ...{ reason: order.reason, by: order.by, until: new Date(order.untilMs).toISOString(), seq },
      });
      return { order, seq, warnings: warningsOn(parts, order, found) };
    },
  };
};

const VERBS = { open: 'held open', closed: 'held closed', reset: 'reset' } as const;

interface Found {
  readonly node: string;
  /** Nobody has said anything of this breaker: it was always closed there, or there is none. */
  readonly isUnheard: boolean;
}

/** Throws `not_found` and `conflict`, with what to ask instead. */
const placeOf = (
  { node: own, own: breakers, nodes }: BreakerPortParts,
  tenant: string,
  { endpoint, node }: BreakerRequest,
  seen: readonly BreakerView[],
): Found => {
  const isOwn = breakers.targetsAt(tenant, endpoint).length > 0;
  const having = new Set(seen.filter((one) => one.endpoint === endpoint).map((one) => one.node));
  if (isOwn) having.add(own);
  if (node !== undefined) {
    if (having.has(node)) return { node, isUnheard: false };
    const isBelow = nodes.list(tenant).some((view) => node === view.node.id || node.startsWith(`${view.node.id}/`));
    if (isBelow) return { node, isUnheard: true };
    throw node === own
      ? unknown(endpoint)
      : new Fault(
          'not_found',
          `there is no node \`${node}\` here; \`airspace breaker ls\` and \`get nodes\` show those`,
        );
  }
  if (having.size === 0) throw unknown(endpoint);
  const [only] = having;
  if (having.size === 1 && only !== undefined) return { node: only, isUnheard: false };
  throw new Fault(
    'conflict',
    `${having.size} nodes have a breaker of \`${endpoint}\`: ${[...having].map((one) => `\`${one}\``).join(', ')}; say which with \`node\``,
  );
};

const unknown = (endpoint: string): Fault =>
  new Fault(
    'not_found',
    `no endpoint \`${endpoint}\` is known here; \`airspace breaker ls\` shows breakers and \`airspace describe agent <name>\` endpoints. A breaker of another node that was always closed is named with its \`node\``,
  );

/** A level below takes back nothing that a level above said. */
const refuseFromAbove = (
  { above = () => [] }: BreakerPortParts,
  by: Principal,
  { endpoint }: BreakerRequest,
  node: string,
): void => {
  const order = above().find(
    (one) => one.tenant === by.tenant && one.endpoint === endpoint && one.mode !== 'reset' && one.node === node,
  );
  if (order !== undefined)
    throw new Fault(
      'denied',
      `the breaker of \`${endpoint}\` is held ${order.mode} by \`${order.by}\` from above this hub; reset it there`,
    );
};

/** An order goes with the list of this hub, which nodes of another one do not get. */
const refuseOfOther = ({ followsOther }: BreakerPortParts, node: string): void => {
  const [id = node] = node.split('/');
  const other = followsOther?.(id);
  if (other !== undefined)
    throw new Fault(
      'conflict',
      `node \`${id}\` follows \`${other}\`, another hub over the same store, and gets its orders from there; ask that one`,
    );
};

const orderOf = (
  { world }: BreakerPortParts,
  by: Principal,
  { endpoint, mode, reason, forMs }: BreakerRequest,
  node: string,
): BreakerOrder => {
  const atMs = Math.floor(world.clock.wallMs());
  return {
    id: `breaker-${world.ids.spanId().slice(-8)}`,
    ...{ tenant: by.tenant, node, endpoint, mode, reason, by: `${by.kind}/${by.id}`, atMs },
    untilMs: atMs + (mode === 'reset' ? RESET_MS : forMs),
  };
};

const warningsOn = (
  { node: own, own: breakers, nodes }: BreakerPortParts,
  { tenant, endpoint, mode, node }: BreakerOrder,
  { isUnheard }: Found,
): readonly string[] => {
  const lonely = mode === 'open' && node === own ? breakers.targetsAt(tenant, endpoint) : [];
  const silent = nodes
    .list(tenant)
    .filter((view) => view.state !== 'alive' && (node === view.node.id || node.startsWith(`${view.node.id}/`)));
  return [
    ...(isUnheard
      ? [`node \`${node}\` has said nothing of a breaker of \`${endpoint}\`; it is told all the same`]
      : []),
    ...silent.map(
      (view) => `node \`${view.node.id}\` is not connected; it is told when it is back, if that is in time`,
    ),
    ...lonely.flatMap(({ target, isLast }) =>
      isLast ? [`nothing else takes calls of \`${target}\` here now: they fail until the breaker is given back`] : [],
    ),
  ];
};

/** Who held what, and why. It is in force before its line is written: nobody waits for it. */
export const auditedBreakers = (port: BreakerPort, trail: AuditTrail): BreakerPort => ({
  list: (tenant) => port.list(tenant),
  force: async (by, request): Promise<BreakerAnswer> => {
    const done = await port.force(by, request);
    const { order, seq } = done;
    const details = {
      ...{ mode: order.mode, on: order.node, reason: order.reason, list: seq },
      until: order.mode === 'reset' ? '' : new Date(order.untilMs).toISOString(),
    };
    await trail.note({
      ...{
        tenant: order.tenant,
        kind: order.mode === 'reset' ? 'breaker.reset' : 'breaker.held',
        actor: order.by,
        object: `breaker/${order.endpoint}`,
      },
      ...{ callId: '', details },
    });
    return done;
  },
});
