/** Runs the closing work of a layer exactly once, whenever the call really ends: a stream ends later than its reply. */
import type { CancelSignal, Reply } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';

/** `undefined` fault: the call ended well. `bytes`: what the body carried. */
export type Ended = (fault: Fault | undefined, reply: Reply | undefined, bytes: number) => void;

/**
 * Calls `ended` once: on failure, on a unary reply, at the end of the stream, when its reader stops, or on cancellation.
 * INVARIANT: cancellation alone suffices. A generator dropped before its first chunk never reaches its `finally`,
 * so closing also hangs on the signal.
 */
export const whenEnded = async (work: Promise<Reply>, signal: CancelSignal, ended: Ended): Promise<Reply> => {
  let reply: Reply;
  try {
    reply = await work;
  } catch (thrown) {
    const fault = Fault.from(thrown);
    ended(fault, undefined, 0);
    throw fault;
  }
  if (reply.body.kind === 'bytes') {
    ended(undefined, reply, reply.body.bytes.byteLength);
    return reply;
  }
  return { ...reply, body: { kind: 'stream', chunks: watched(reply, reply.body.chunks, signal, ended) } };
};

const watched = (
  reply: Reply,
  chunks: AsyncIterable<Uint8Array>,
  signal: CancelSignal,
  ended: Ended,
): AsyncIterable<Uint8Array> => {
  let open = true;
  let bytes = 0;
  const close = (fault: Fault | undefined): void => {
    if (!open) return;
    open = false;
    forget();
    ended(fault, reply, bytes);
  };
  let forget: () => void = () => {};
  forget = signal.onCancel(close);
  if (!open) forget();
  async function* pass(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of chunks) {
        bytes += chunk.byteLength;
        yield chunk;
      }
      close(signal.reason);
    } catch (thrown) {
      const fault = Fault.from(thrown);
      close(fault);
      throw fault;
    } finally {
      // The reader left early: nobody wants the rest.
      close(new Fault('cancelled', 'the reader closed the stream before its end'));
    }
  }
  return pass();
};
