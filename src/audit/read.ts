/** Records and checkpoints from files that anybody may have touched. */
import { z } from 'zod';
import type { AuditRecord } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { type Checkpoint, type SignedCheckpoint, signedText } from './checkpoint.ts';
import type { Finding } from './verify.ts';

const Scalar = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);

const RecordShape = z.strictObject({
  tenant: z.string(),
  seq: z.number().int().min(1),
  prev: z.string(),
  hash: z.string(),
  atMs: z.number(),
  kind: z.string(),
  actor: z.string(),
  object: z.string(),
  callId: z.string(),
  details: z.record(z.string(), Scalar),
});

/** Throws `bad_request` naming the place: what is no record cannot be verified, and that is the finding. */
export const parseRecord = (text: string, place: string): AuditRecord => {
  const parsed = RecordShape.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data as AuditRecord;
  throw new Fault('bad_request', `${place} is no record of an audit: ${parsed.error.issues[0]?.message ?? ''}`);
};

const CheckpointShape = z.strictObject({
  tenant: z.string(),
  seq: z.number().int().min(1),
  hash: z.string(),
  atMs: z.number(),
  node: z.string(),
});

const SignedShape = z.strictObject({ payload: z.string(), keyId: z.string(), signature: z.string() });

/** Is this text signed with this key? Handed in, because this room does not hold keys. */
export type Verify = (publicKey: string, text: string, signature: Uint8Array) => boolean;

export interface ReadCheckpoints {
  readonly checkpoints: readonly Checkpoint[];
  /** Lines that are no checkpoint of this key. */
  readonly problems: readonly Finding[];
}

/** One a line. */
export const readCheckpoints = (text: string, place: string, publicKey: string, verify: Verify): ReadCheckpoints => {
  const checkpoints: Checkpoint[] = [];
  const problems: Finding[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const found = checkpointIn(line, publicKey, verify);
    if (found !== undefined) checkpoints.push(found);
    else
      problems.push({
        seq: 0,
        what: 'rewritten',
        text: `${place}:${at + 1} is no checkpoint that this key has signed`,
      });
  }
  return { checkpoints, problems };
};

const checkpointIn = (line: string, publicKey: string, verify: Verify): Checkpoint | undefined => {
  const signed = SignedShape.safeParse(jsonOf(line));
  if (!signed.success) return undefined;
  const { payload, signature }: SignedCheckpoint = signed.data;
  if (!verify(publicKey, signedText(payload), Buffer.from(signature, 'base64'))) return undefined;
  const parsed = CheckpointShape.safeParse(jsonOf(payload));
  return parsed.success ? parsed.data : undefined;
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
