/**
 * Where the audits of the hubs below end: kept here, so that a hub that rewrites its history can be shown to have done it. Each
 * checkpoint becomes a line of the own audit, which is chained, and goes up with it.
 */
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type AuditTrail, signedText } from '../../audit/index.ts';
import { Fault, type NodeEntry } from '../../contract/index.ts';
import type { CheckpointTaker } from '../../control/index.ts';
import { verifySignature } from '../../identity/index.ts';
import type { Logger } from '../../telemetry/index.ts';

const SignedSchema = z.strictObject({
  payload: z.string().max(4096),
  keyId: z.string().max(64),
  signature: z.string().max(128),
});
const CheckpointSchema = z.strictObject({
  tenant: z.string().max(63),
  seq: z.number().int().min(0),
  hash: z.string().max(128),
  atMs: z.number().int(),
  node: z.string().max(255),
});
type Checkpoint = z.output<typeof CheckpointSchema>;

export interface BelowParts {
  readonly dir: string;
  readonly trail: AuditTrail;
  readonly logger: Pick<Logger, 'log'>;
}

/**
 * Throws `bad_request` for what is no checkpoint of that node, and `conflict` for one that contradicts an earlier one: then the two,
 * both signed by the node, are the proof, and an alarm is in the log and in the audit.
 */
export const checkpointsBelow = ({ dir, trail, logger }: BelowParts): CheckpointTaker => {
  const last = new Map<string, Checkpoint>();
  return async (node, untrusted) => {
    const { signed, checkpoint } = opened(node, untrusted);
    const place = `${node.id}/${checkpoint.tenant}`;
    const folder = join(dir, 'checkpoints');
    const file = join(folder, `${node.id}.jsonl`);
    const before = last.get(place) ?? (await lastIn(file, checkpoint.tenant));
    const isRewritten =
      before !== undefined &&
      (checkpoint.seq < before.seq || (checkpoint.seq === before.seq && checkpoint.hash !== before.hash));
    if (before !== undefined && !isRewritten && checkpoint.seq === before.seq) return;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await appendFile(file, `${JSON.stringify(signed)}\n`, { mode: 0o600 });
    const { tenant, seq, hash } = checkpoint;
    const kind = isRewritten ? 'audit.rewritten' : 'audit.checkpoint';
    const details = { seq, hash, ...(before === undefined ? {} : { before: before.seq, beforeHash: before.hash }) };
    await trail.note({ tenant, kind, actor: `node/${node.id}`, object: `audit/${node.id}`, callId: '', details });
    if (isRewritten) {
      logger.log('error', 'a hub below has rewritten its audit', { node: node.id, seq, before: before.seq });
      throw new Fault('conflict', `the audit ended at ${before.seq} before, with another content; that is kept`);
    }
    last.set(place, checkpoint);
  };
};

const opened = (node: NodeEntry, untrusted: unknown) => {
  const signed = SignedSchema.safeParse(untrusted);
  const valid =
    signed.success &&
    verifySignature(node.publicKey, signedText(signed.data.payload), Buffer.from(signed.data.signature, 'base64'));
  const checkpoint = valid ? CheckpointSchema.safeParse(parsed(signed.data.payload)) : undefined;
  if (!valid || checkpoint?.success !== true)
    throw new Fault('bad_request', 'this is no checkpoint that the node signed');
  if (checkpoint.data.node !== node.id || checkpoint.data.tenant !== node.tenant)
    throw new Fault('denied', 'a hub speaks about its own audit, of its own tenant');
  return { signed: signed.data, checkpoint: checkpoint.data };
};

/** What was kept before the last start. */
const lastIn = async (file: string, tenant: string): Promise<Checkpoint | undefined> => {
  const text = await readFile(file, 'utf8').catch(() => '');
  const said = text.split('\n').flatMap((line) => {
    const signed = SignedSchema.safeParse(parsed(line));
    const checkpoint = signed.success ? CheckpointSchema.safeParse(parsed(signed.data.payload)) : undefined;
    return checkpoint?.success === true && checkpoint.data.tenant === tenant ? [checkpoint.data] : [];
  });
  // Of two that contradict each other the higher is what nobody may go below.
  return said.reduce<Checkpoint | undefined>(
    (best, one) => (best === undefined || one.seq > best.seq ? one : best),
    undefined,
  );
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
