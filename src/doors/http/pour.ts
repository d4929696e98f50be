/** Writes the body of an answer as it comes: bounded by its reader, with heartbeats between events, and with a last word when it breaks. */
import type { ServerResponse } from 'node:http';
import { type Body, type Clock, Fault } from '../../contract/index.ts';

export interface Pouring {
  readonly res: ServerResponse;
  readonly clock: Clock;
  /** Ends the call below when its reader is gone or stuck. */
  readonly cancel: (reason: Fault) => void;
  /**
   * What a stream of events ends with when it breaks. `between`: the last event is complete. Otherwise what is answered should turn it
   * into the error, so that half an event is never taken for a whole one.
   */
  readonly onFault: (fault: Fault, between: boolean) => string;
}

/** S2: often enough for every proxy between us and the reader. */
const HEARTBEAT_MS = 15_000;
/** How long a reader may take nothing at all before its call is cut. */
const STALL_MS = 30_000;
/** Beyond this, a reply may not fit into the socket, and its reader is watched. */
const WATCH_BYTES = 64 * 1024;

/**
 * Head and body. `headers`: names and values in turns, without a length. Resolves when the last byte is handed to the socket, or
 * nobody is there to take it. Never throws.
 */
export const pour = async (
  writer: Pouring,
  status: number,
  headers: string[],
  body: Body,
  isEvents: boolean,
): Promise<void> => {
  const { res } = writer;
  if (body.kind === 'bytes') {
    const { bytes } = body;
    if (status !== 204 && status !== 304) headers.push('content-length', String(bytes.byteLength));
    res.writeHead(status, headers);
    res.end(bytes);
    if (bytes.byteLength > WATCH_BYTES) res.setTimeout(STALL_MS, () => res.destroy());
    return;
  }
  res.writeHead(status, headers);
  res.flushHeaders();
  if (isEvents) await passEvents(writer, body.chunks);
  else await passChunks(writer, body.chunks);
};

const passChunks = async (writer: Pouring, chunks: AsyncIterable<Uint8Array>): Promise<void> => {
  const { res } = writer;
  try {
    for await (const chunk of chunks) {
      if (res.destroyed) return;
      if (!res.write(chunk)) await drained(writer);
    }
    res.end();
  } catch {
    cutOff(res);
  }
};

/** A chunked body that lacks its end is how HTTP says that it is not complete (S1). What was written still goes out. */
const cutOff = (res: ServerResponse): void => {
  res.setTimeout(STALL_MS, () => res.destroy());
  const { socket } = res;
  // Node itself hands what was written in this tick to the socket only in the next one.
  process.nextTick(() => socket?.destroySoon());
};

const passEvents = async (writer: Pouring, chunks: AsyncIterable<Uint8Array>): Promise<void> => {
  const { res, onFault } = writer;
  const edge = new EventEdge();
  const stopBeat = heartbeat(writer, edge);
  try {
    for await (const chunk of chunks) {
      if (res.destroyed) return;
      edge.saw(chunk);
      if (!res.write(chunk)) await drained(writer);
    }
    res.end();
  } catch (thrown) {
    if (!res.destroyed) res.end(onFault(Fault.from(thrown), edge.between));
  } finally {
    stopBeat();
  }
};

const heartbeat = ({ res, clock }: Pouring, edge: EventEdge): (() => void) => {
  let timer = clock.after(HEARTBEAT_MS, beat);
  function beat(): void {
    // A comment inside an event would become part of it.
    if (edge.quietAndReset() && edge.between && !res.writableNeedDrain) res.write(':\n\n');
    timer = clock.after(HEARTBEAT_MS, beat);
  }
  return () => timer.cancel();
};

const LF = 0x0a;
const CR = 0x0d;
/** The longest edge is CR LF CR LF. */
const EDGE_BYTES = 4;

/** Knows whether the bytes that passed end between two events: at the start, or after an empty line. */
class EventEdge {
  #emptyLine = true;
  #last = LF;
  #quiet = true;

  get between(): boolean {
    return this.#emptyLine;
  }

  saw(chunk: Uint8Array): void {
    this.#quiet = false;
    if (chunk.byteLength > EDGE_BYTES) this.#last = 0;
    for (const byte of chunk.subarray(-EDGE_BYTES)) this.#step(byte);
  }

  /** Nothing passed since the last time it was asked. */
  quietAndReset(): boolean {
    const quiet = this.#quiet;
    this.#quiet = true;
    return quiet;
  }

  #step(byte: number): void {
    const lineBreak = byte === LF || byte === CR;
    const afterBreak = this.#last === LF || this.#last === CR;
    const pairOfOne = byte === LF && this.#last === CR;
    this.#emptyLine = lineBreak && (pairOfOne ? this.#emptyLine : afterBreak);
    this.#last = byte;
  }
}

const drained = ({ res, clock, cancel }: Pouring): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      res.off('drain', done);
      res.off('close', done);
      resolve();
    };
    const timer = clock.after(STALL_MS, () => {
      cancel(new Fault('slow_consumer', `the reader took nothing for ${STALL_MS} ms`));
      res.destroy();
      done();
    });
    res.on('drain', done);
    res.on('close', done);
  });
