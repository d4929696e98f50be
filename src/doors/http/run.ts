/** Runs one call for the connection that it came on: when that closes early, everything below ends (D4). */
import type { ServerResponse } from 'node:http';
import { type Call, type CancelSignal, Fault, type Reply } from '../../contract/index.ts';
import { type Handler, rootScope, silentSpan, type World } from '../../kernel/index.ts';

export interface Running {
  readonly world: World;
  readonly handler: Handler;
  readonly res: ServerResponse;
  /** Cancelled late in a drain (3.9): what is still open then ends with that reason instead of a broken connection. */
  readonly goingAway?: CancelSignal | undefined;
}

/**
 * `write` gets the reply and what cancels the call; it resolves when the answer is written. Throws whatever the pipeline or `write`
 * throws, after everything below was told to end: a reply that could not be written may hold a stream that nobody will read.
 */
export const run = async (
  { world, handler, res, goingAway }: Running,
  call: Call,
  write: (reply: Reply, cancel: (reason: Fault) => void) => Promise<void> | void,
): Promise<void> => {
  const { scope, canceller } = rootScope(world, silentSpan(world.ids.spanId()));
  const cancel = (reason: Fault): void => canceller.cancel(reason);
  const forget = goingAway?.onCancel(cancel);
  const closed = (): void => {
    forget?.();
    if (!res.writableFinished) cancel(new Fault('cancelled', 'the caller went away'));
  };
  if (res.destroyed) closed();
  res.once('close', closed);
  try {
    await write(await handler(call, scope), cancel);
  } catch (thrown) {
    cancel(Fault.from(thrown));
    throw thrown;
  }
};
