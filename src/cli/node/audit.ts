/** The audit of a node: its trail, the checkpoints that go elsewhere, and what the admin door may read of it. */

import {
  AuditTrail,
  type Chain,
  CheckpointKeeper,
  type CheckpointSink,
  signedText,
  Verifications,
} from '../../audit/index.ts';
import { type AuditHead, type Clock, Fault, GENESIS, type Stores } from '../../contract/index.ts';
import type { AuditChain, AuditPort } from '../../doors/admin/index.ts';
import type { NodeKey } from '../../identity/index.ts';
import type { World } from '../../kernel/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import { sinkOf } from './checkpoint-places.ts';

export interface AuditOptions {
  readonly stores: Pick<Stores, 'audit' | 'nodeAudit'>;
  readonly world: World;
  readonly node: string;
  readonly key: NodeKey;
  readonly logger: Pick<Logger, 'log'>;
  /** As `sinkOf` takes them. */
  readonly places: readonly string[];
  /** Places besides those, such as the hub above. */
  readonly sinks?: readonly CheckpointSink[];
}

export interface NodeAudit {
  readonly trail: AuditTrail;
  readonly port: AuditPort;
  /** Writes what waits, and brings a last checkpoint away. */
  stop(): Promise<void>;
}

export const trailOf = (stores: Pick<Stores, 'audit'>, { clock }: World, logger: Pick<Logger, 'log'>): AuditTrail =>
  new AuditTrail({
    store: stores.audit,
    clock,
    failed: (cause, lost) =>
      logger.log('error', 'lines of the audit could not be kept', { lost, cause: String(cause) }),
  });

/** Throws `bad_request` for a place that is none. */
export const openAudit = ({ stores, world, node, key, logger, places, sinks = [] }: AuditOptions): NodeAudit => {
  const trail = trailOf(stores, world, logger);
  const keeper = new CheckpointKeeper({
    store: stores.audit,
    world,
    node,
    sign: (payload) => ({ payload, keyId: key.keyId, signature: key.sign(signedText(payload)).toString('base64') }),
    sinks: [...sinks, ...places.map(sinkOf)],
    failed: (sink, cause) =>
      logger.log('warn', 'a checkpoint of the audit could not be brought away', { sink, cause: String(cause) }),
  });
  keeper.start();
  return {
    trail,
    port: auditPortOf(stores, trail, key.publicKey, world.clock),
    stop: async () => {
      await trail.settled();
      await keeper.stop();
    },
  };
};

/** What the admin door may read; a node without a control plane has a chain of its own. */
export const auditPortOf = (
  stores: Pick<Stores, 'audit' | 'nodeAudit'>,
  trail: AuditTrail,
  publicKey: string,
  clock: Clock,
): AuditPort => {
  const { audit, nodeAudit } = stores;
  const verifications = new Verifications(clock);
  const chainOf = (tenant: string, chain: AuditChain | undefined): Chain =>
    chain === undefined ? ownChain(stores, trail, tenant) : handedChain(stores, tenant, chain);
  return {
    search: async (filter) => {
      await trail.settled();
      return audit.search(filter);
    },
    read: async (tenant, fromSeq, limit) => {
      await trail.settled();
      return audit.read(tenant, fromSeq, limit);
    },
    head: async (tenant) => ({ ...(await headOf(audit, tenant)), publicKey }),
    verification: (tenant, chain) => verifications.view(chainOf(tenant, chain).id),
    verify: async (tenant, by, chain) => {
      const asked = chainOf(tenant, chain);
      // A chain that is not there is no chain that is well.
      if (chain !== undefined) await asked.head();
      verifications.start(asked, by);
      return verifications.view(asked.id);
    },
    nodes: {
      heads: (owner) => nodeAudit.heads(owner),
      read: async (owner, { node, tenant }, fromSeq, limit) => {
        const heads = await nodeAudit.heads(owner);
        const isTheirs = heads.some((head) => head.node === node && head.tenant === tenant);
        return isTheirs ? nodeAudit.read(node, tenant, fromSeq, limit) : [];
      },
    },
  };
};

const ownChain = ({ audit }: Pick<Stores, 'audit'>, trail: AuditTrail, tenant: string): Chain => ({
  ...{ id: JSON.stringify([tenant]), tenant },
  read: (fromSeq, limit) => audit.read(tenant, fromSeq, limit),
  head: async () => {
    await trail.settled();
    return headOf(audit, tenant);
  },
});

/** Throws `not_found` where it is looked at, for one that is not the tenant's. */
const handedChain = ({ nodeAudit }: Pick<Stores, 'nodeAudit'>, owner: string, { node, tenant }: AuditChain): Chain => ({
  ...{ id: JSON.stringify([owner, node, tenant]), tenant },
  read: (fromSeq, limit) => nodeAudit.read(node, tenant, fromSeq, limit),
  head: async () => {
    const head = (await nodeAudit.heads(owner)).find((one) => one.node === node && one.tenant === tenant);
    if (head !== undefined) return head;
    throw new Fault(
      'not_found',
      `node \`${node}\` has handed over no audit; \`airspace audit nodes\` shows those that have`,
    );
  },
});

const headOf = async (audit: Stores['audit'], tenant: string): Promise<AuditHead> =>
  (await audit.heads()).find((head) => head.tenant === tenant) ?? { tenant, seq: 0, hash: GENESIS };
