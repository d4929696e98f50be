/** How a call is said to its target: the seam between the pipeline, which governs a call, and the protocols that carry it. */
import type { Body, Call, Endpoint, Form, Reply, Scope } from '../contract/index.ts';

/** What goes on the wire for a call. Its permit is about the call; these are the same bytes, or the same in other words. */
export interface Words {
  readonly contentType: string;
  readonly accept: string;
  readonly body: Body;
}

/** A protocol that targets speak. */
export interface Way {
  /**
   * Forms in which it can carry this call; whatever comes in another one is translated into the first. It answers in the form that
   * it was asked in. Empty: this call cannot be made in this protocol.
   */
  forms(call: Call): readonly Form[];
  /** Checks the permit of the call before it touches a socket. */
  to(endpoint: Endpoint): (call: Call, words: Words, scope: Scope) => Promise<Reply>;
  close?(): Promise<void>;
}
