/** Runs the closing work of a layer exactly once, whenever the call really ends: a stream ends later than its reply. */
import type { CancelSignal, Reply } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { type AtCancel, Tap } from './tap.ts';

/** `undefined` fault: the call ended well. `bytes`: what the body carried. */
export type Ended = (fault: Fault | undefined, reply: Reply | undefined, bytes: number) => void;

const watch = (work: Promise<Reply>, signal: CancelSignal, atCancel: AtCancel, ended: Ended): Promise<Reply> =>
  work.then(
    (reply) => {
      if (reply.body.kind === 'bytes') {
        ended(undefined, reply, reply.body.bytes.byteLength);
        return reply;
      }
      const chunks = new Tap(reply.body.chunks, signal, atCancel, (fault, bytes) => ended(fault, reply, bytes));
      return { ...reply, body: { kind: 'stream', chunks } };
    },
    (thrown) => {
      const fault = Fault.from(thrown);
      ended(fault, undefined, 0);
      throw fault;
    },
  );

/**
 * Calls `ended` once, when the call is over for its caller: on failure, on a unary reply, at the end of the stream, when
 * its reader stops, or on cancellation.
 * INVARIANT: cancellation alone suffices, for a stream that nobody ever reads.
 */
export const whenEnded = (work: Promise<Reply>, signal: CancelSignal, ended: Ended): Promise<Reply> =>
  watch(work, signal, 'end', ended);

/** As `whenEnded`, and the reader of a stream gets the reason at once when the scope ends, even if the source hangs. */
export const whenEndedOrCut = (work: Promise<Reply>, signal: CancelSignal, ended: Ended): Promise<Reply> =>
  watch(work, signal, 'cut', ended);

/** Calls `stopped` once, when the work below has really let go: what was given up but still runs keeps its slot (D5). */
export const whenStopped = (work: Promise<Reply>, signal: CancelSignal, stopped: Ended): Promise<Reply> =>
  watch(work, signal, 'stop', stopped);
