/** What the native door needs of somebody who runs calls that outlive their connection. The journal stands behind it. */
import type { Call, CallRecord, Credential } from '../../contract/index.ts';

/** The part of a record that its owner may see. */
export type AsyncCall = Pick<
  CallRecord,
  'id' | 'state' | 'target' | 'trace' | 'acceptedAtMs' | 'concludedAtMs' | 'reply'
>;

export interface AsyncCalls {
  /**
   * Identifies, decides and durably accepts the call, then runs it detached. Resolves once the record would survive a
   * crash. Throws the faults of the pipeline up to that point: `unauthenticated`, `denied`, `idempotency_mismatch`, ...
   */
  start(call: Call): Promise<AsyncCall>;
  /** Undefined when there is no such call, or its owner is another tenant or principal: the two look alike. */
  get(credential: Credential, id: string): Promise<AsyncCall | undefined>;
  /** Asks a call to stop; what already ran stays done. Undefined as in `get`. A concluded call is answered as it is. */
  cancel(credential: Credential, id: string): Promise<AsyncCall | undefined>;
}
