/** How long and how much an upstream call may take: the numbers of D2 and S3 in one place, each with its reason. */

export interface Limits {
  /** From dispatch until the request has a connection (D2). A place that cannot accept in 2 s is better left for another. */
  readonly connectMs: number;
  /** From the end of the request until the reply's headers (D2). */
  readonly firstByteMs: number;
  /** The same for models, which think before they speak. */
  readonly modelFirstByteMs: number;
  /** Between two chunks of a reply; comments of an event stream do not count (D2, S2). Also: how long a reader may stall. */
  readonly idleMs: number;
  /** Replies with a declared length up to this are collected, larger ones are passed on as they come. */
  readonly collectBytes: number;
  /** Largest reply to a call that did not ask for a stream. */
  readonly maxReplyBytes: number;
  /** Unread bytes at which the target is told to wait (S3). */
  readonly pauseBytes: number;
  /** Unread bytes at which the call is cut (S3). */
  readonly cutBytes: number;
  /** Largest header block of a reply. */
  readonly maxHeaderBytes: number;
  /** Connections to one origin; further calls wait for one within `connectMs`. */
  readonly connections: number;
}

export const DEFAULT_LIMITS: Limits = {
  connectMs: 2_000,
  firstByteMs: 15_000,
  modelFirstByteMs: 60_000,
  idleMs: 30_000,
  collectBytes: 256 * 1024,
  maxReplyBytes: 16 * 1024 * 1024,
  pauseBytes: 256 * 1000,
  cutBytes: 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  connections: 1024,
};
