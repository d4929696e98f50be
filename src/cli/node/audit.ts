/** The audit of a node: its trail, the checkpoints that go elsewhere, and what the admin door may read of it. */

import { AuditTrail, CheckpointKeeper, signedText } from '../../audit/index.ts';
import { type AuditHead, GENESIS, type Stores } from '../../contract/index.ts';
import type { AuditPort } from '../../doors/admin/index.ts';
import type { NodeKey } from '../../identity/index.ts';
import type { World } from '../../kernel/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import { sinkOf } from './checkpoint-places.ts';

export interface AuditOptions {
  readonly stores: Pick<Stores, 'audit'>;
  readonly world: World;
  readonly node: string;
  readonly key: NodeKey;
  readonly logger: Pick<Logger, 'log'>;
  /** As `sinkOf` takes them. */
  readonly places: readonly string[];
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
export const openAudit = ({ stores, world, node, key, logger, places }: AuditOptions): NodeAudit => {
  const trail = trailOf(stores, world, logger);
  const keeper = new CheckpointKeeper({
    store: stores.audit,
    world,
    node,
    sign: (payload) => ({ payload, keyId: key.keyId, signature: key.sign(signedText(payload)).toString('base64') }),
    sinks: places.map(sinkOf),
    failed: (sink, cause) =>
      logger.log('warn', 'a checkpoint of the audit could not be brought away', { sink, cause: String(cause) }),
  });
  keeper.start();
  return {
    trail,
    port: auditPortOf(stores, trail, key.publicKey),
    stop: async () => {
      await trail.settled();
      await keeper.stop();
    },
  };
};

/** What the admin door may read; a node without a control plane has a chain of its own. */
export const auditPortOf = ({ audit }: Pick<Stores, 'audit'>, trail: AuditTrail, publicKey: string): AuditPort => ({
  search: async (filter) => {
    await trail.settled();
    return audit.search(filter);
  },
  read: async (tenant, fromSeq, limit) => {
    await trail.settled();
    return audit.read(tenant, fromSeq, limit);
  },
  head: async (tenant) => ({ ...(await headOf(audit, tenant)), publicKey }),
});

const headOf = async (audit: Stores['audit'], tenant: string): Promise<AuditHead> =>
  (await audit.heads()).find((head) => head.tenant === tenant) ?? { tenant, seq: 0, hash: GENESIS };
