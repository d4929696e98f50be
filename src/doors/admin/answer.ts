/** What a route answers, and how it is written: JSON, plain text, or a stream of events that no slow reader can make grow. */
import type { ServerResponse } from 'node:http';
import { type CancelSignal, type Clock, Fault } from '../../contract/index.ts';
import { Canceller } from '../../kernel/index.ts';

export interface Message {
  readonly event: string;
  /** Where a reader goes on who lost the connection. */
  readonly id?: number;
  /** One line: JSON text never contains a raw line break. */
  readonly data: string;
}

export type Answer =
  | { readonly kind: 'json'; readonly status?: number; readonly value: unknown }
  | { readonly kind: 'text'; readonly contentType: string; readonly text: string }
  | {
      readonly kind: 'stream';
      /** Sends from now on; returns the function that stops it. What a slow reader misses is counted and said. */
      readonly open: (send: (message: Message) => void) => () => void;
    }
  | {
      readonly kind: 'documents';
      /** Each is sent when the one before has left; ends with the signal. What many readers get may come as `frameOf` made it. */
      readonly messages: (signal: CancelSignal) => AsyncIterable<Message | Uint8Array>;
    };

export const json = (value: unknown, status = 200): Answer => ({ kind: 'json', status, value });

export const writeAnswer = (res: ServerResponse, answer: Extract<Answer, { kind: 'json' | 'text' }>): void => {
  const body = answer.kind === 'json' ? JSON.stringify(answer.value) : answer.text;
  res.writeHead(answer.kind === 'json' ? (answer.status ?? 200) : 200, {
    'content-type': answer.kind === 'json' ? 'application/json' : answer.contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  res.end(body);
};

/** Bytes that may wait for a reader. A few thousand events: a pause is survived, a stuck terminal is not paid for. */
const QUEUE_BYTES = 1024 * 1024;
/** S2: intermediaries drop connections that are silent for long. */
const BEAT_MS = 15_000;

export interface Streaming {
  readonly clock: Clock;
  readonly signal: CancelSignal;
  /** Asked with every heartbeat: a key that was revoked, or whose owner may see less by now, reads no further. */
  readonly mayGoOn: () => boolean | Promise<boolean>;
}

/** Server-sent events until the reader leaves, the node shuts down, or the credential ends. */
export const writeStream = (
  res: ServerResponse,
  { open }: Extract<Answer, { kind: 'stream' }>,
  streaming: Streaming,
): void => {
  const closed = begin(res, streaming);
  closed.onCancel(open(sender(res)));
};

/** The same, but the source waits for the reader. */
export const writeDocuments = async (
  res: ServerResponse,
  { messages }: Extract<Answer, { kind: 'documents' }>,
  streaming: Streaming,
): Promise<void> => {
  const closed = begin(res, streaming);
  try {
    for await (const message of messages(closed)) {
      if (closed.reason !== undefined) return;
      if (!res.write(message instanceof Uint8Array ? message : textOf(message))) await drained(res, closed);
    }
  } finally {
    res.end();
  }
};

/** Opens the stream and keeps it alive; what it answers is over when the stream is. */
const begin = (res: ServerResponse, { clock, signal, mayGoOn }: Streaming): CancelSignal => {
  const closed = Canceller.childOf(signal);
  res.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  res.write(': open\n\n');
  let timer = clock.after(BEAT_MS, beat);
  function beat(): void {
    const may = mayGoOn();
    if (may instanceof Promise) void may.then(goOn);
    else goOn(may);
  }
  function goOn(may: boolean): void {
    if (res.writableEnded || res.destroyed) return;
    if (!may) {
      res.end();
      return;
    }
    res.write(': beat\n\n');
    timer = clock.after(BEAT_MS, beat);
  }
  res.once('close', () => closed.cancel(new Fault('cancelled', 'the reader left')));
  closed.onCancel(() => {
    timer.cancel();
    closed.release();
    res.end();
  });
  return closed;
};

/** A message as it is on the wire. */
export const frameOf = (message: Message): Uint8Array => Buffer.from(textOf(message));

const textOf = ({ event, id, data }: Message): string =>
  `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`;

const sender = (res: ServerResponse): ((message: Message) => void) => {
  let missed = 0;
  return (message) => {
    if (res.writableEnded || res.destroyed) return;
    if (res.writableLength > QUEUE_BYTES) {
      missed++;
      return;
    }
    if (missed > 0) res.write(textOf({ event: 'gap', data: `{"missed":${missed}}` }));
    missed = 0;
    res.write(textOf(message));
  };
};

const drained = (res: ServerResponse, closed: CancelSignal): Promise<void> =>
  new Promise((resolve) => {
    res.once('drain', resolve);
    closed.onCancel(() => resolve());
  });
