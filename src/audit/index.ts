/** What can be believed afterwards: who did what, chained, signed elsewhere, and checked by whoever wants to. */
export {
  type Checkpoint,
  CheckpointKeeper,
  type CheckpointSink,
  type SignedCheckpoint,
  signedText,
} from './checkpoint.ts';
export { type AuditSendingParts, auditRefusals, auditSending } from './layer.ts';
export { parseRecord, type ReadCheckpoints, readCheckpoints } from './read.ts';
export { AuditTrail, type Noted } from './trail.ts';
export { type Chain, Verifications } from './verifications.ts';
export { ChainVerifier, type Finding } from './verify.ts';
