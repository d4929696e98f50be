/** What the native door needs of somebody who keeps calls that outlive their connection. The journal stands behind it. */
import type { CallRecord, Credential } from '../../contract/index.ts';

/** The part of a record that its owner may see. */
export interface AsyncCall
  extends Pick<CallRecord, 'id' | 'target' | 'trace' | 'acceptedAtMs' | 'concludedAtMs' | 'reply'> {
  /** `held`: people are asked about it, as `approval` says. */
  readonly state: CallRecord['state'] | 'held';
  /** Of a call that waited for people: why, for how many, until when. Written as it is. */
  readonly approval?: object;
}

/** Calls with `detach` enter through the pipeline like all others; this is for asking about them later. */
export interface AsyncCalls {
  /**
   * Undefined when there is no such call, or its owner is another tenant or principal: the two look alike.
   * Throws `unauthenticated` when nobody is behind the credential.
   */
  get(credential: Credential, id: string): Promise<AsyncCall | undefined>;
  /** Asks a call to stop; what already ran stays done. Undefined as in `get`. A concluded call is answered as it is. */
  cancel(credential: Credential, id: string): Promise<AsyncCall | undefined>;
  /** Its caller has the answer of a call that people approved: the same call again is a call of its own. */
  collected?(credential: Credential, id: string): Promise<void>;
}
