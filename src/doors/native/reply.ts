/** Writes a reply to its caller: the target's own status and bytes, with what Airspace knows about them in headers. */
import type { ServerResponse } from 'node:http';
import { type Call, type Clock, Fault, HEADERS, type Reply } from '../../contract/index.ts';
import { problemOf } from './problem.ts';

export interface ReplyWriter {
  readonly res: ServerResponse;
  readonly call: Call;
  readonly clock: Clock;
  /** Ends the call below when its reader is gone or stuck. */
  readonly cancel: (reason: Fault) => void;
}

/** S2: often enough for every proxy between us and the reader. */
const HEARTBEAT_MS = 15_000;
/** How long a reader may take nothing at all before its call is cut. */
const STALL_MS = 30_000;
/** Beyond this, a reply may not fit into the socket, and its reader is watched. */
const WATCH_BYTES = 64 * 1024;

const FIELD_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;

const headersOf = (call: Call, reply: Reply): string[] => {
  const out = [HEADERS.callId, call.id, HEADERS.traceId, call.trace.trace, 'x-content-type-options', 'nosniff'];
  // No try, no target: the reply is Airspace's own, such as "accepted".
  if (reply.attempts > 0)
    out.push(HEADERS.endpoint, reply.endpoint, HEADERS.attempts, String(reply.attempts), HEADERS.executed, 'yes');
  if (reply.contentType !== '') out.push('content-type', reply.contentType);
  if (reply.version !== undefined && FIELD_TEXT.test(reply.version)) out.push(HEADERS.version, reply.version);
  if (reply.notes !== undefined && reply.notes.length > 0) out.push(HEADERS.notes, reply.notes.join(', '));
  for (const [name, value] of reply.headers) out.push(name, value);
  return out;
};

/** Resolves when the last byte is handed to the socket, or nobody is there to take it. Never throws. */
export const writeReply = async (writer: ReplyWriter, reply: Reply): Promise<void> => {
  const { res, call } = writer;
  const headers = headersOf(call, reply);
  if (reply.body.kind === 'bytes') {
    const { bytes } = reply.body;
    if (reply.status !== 204 && reply.status !== 304) headers.push('content-length', String(bytes.byteLength));
    res.writeHead(reply.status, headers);
    res.end(bytes);
    if (bytes.byteLength > WATCH_BYTES) res.setTimeout(STALL_MS, () => res.destroy());
    return;
  }
  const eventStream = reply.contentType.startsWith('text/event-stream');
  res.writeHead(reply.status, headers);
  res.flushHeaders();
  if (eventStream) await passEvents(writer, reply.body.chunks);
  else await passChunks(writer, reply.body.chunks);
};

const passChunks = async (writer: ReplyWriter, chunks: AsyncIterable<Uint8Array>): Promise<void> => {
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

const passEvents = async (writer: ReplyWriter, chunks: AsyncIterable<Uint8Array>): Promise<void> => {
  const { res, call } = writer;
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
    if (!res.destroyed) res.end(errorEvent(Fault.from(thrown), call, edge.between));
  } finally {
    stopBeat();
  }
};

/**
 * The terminal event of S1. In the middle of an event it turns that one into the error, so that half an event is never
 * taken for a whole one: the last line of its data is the problem document.
 */
const errorEvent = (fault: Fault, call: Call, between: boolean): string => {
  const problem = problemOf(fault, { callId: call.id, traceId: call.trace.trace });
  return `${between ? '' : '\n'}event: error\ndata: ${problem}\n\n`;
};

const heartbeat = ({ res, clock }: ReplyWriter, edge: EventEdge): (() => void) => {
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

const drained = ({ res, clock, cancel }: ReplyWriter): Promise<void> =>
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
