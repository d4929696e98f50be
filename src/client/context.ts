/** The part of a call that an agent hands on when it calls others: its tree, its trace, its session, its end. */

export interface CallerContext {
  /** What the node handed the agent with the call that it answers: calls that carry it belong to the same tree. */
  readonly run?: string;
  readonly traceparent?: string;
  readonly tracestate?: string;
  readonly session?: string;
  /** Time left when the context was made; what is called gets no more. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Only what calls of a tree share. An agent's context has more, such as the idempotency key of the call that it answers: that
 * key names that call, and two calls of ours under it would be taken for one.
 */
export const contextOf = ({
  run,
  traceparent,
  tracestate,
  session,
  timeoutMs,
  signal,
}: CallerContext): CallerContext => ({
  ...(run === undefined ? {} : { run }),
  ...(traceparent === undefined ? {} : { traceparent }),
  ...(tracestate === undefined ? {} : { tracestate }),
  ...(session === undefined ? {} : { session }),
  ...(timeoutMs === undefined ? {} : { timeoutMs }),
  ...(signal === undefined ? {} : { signal }),
});

const earlier = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b);

const either = (a: AbortSignal | undefined, b: AbortSignal | undefined): AbortSignal | undefined =>
  a === undefined ? b : b === undefined ? a : AbortSignal.any([a, b]);

/** What `inner` says wins, except for time and signals: there the earlier one does. */
export const merge = <T extends CallerContext>(outer: CallerContext, inner: T): T => {
  const timeoutMs = earlier(outer.timeoutMs, inner.timeoutMs);
  const signal = either(outer.signal, inner.signal);
  return {
    ...outer,
    ...inner,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(signal === undefined ? {} : { signal }),
  };
};
