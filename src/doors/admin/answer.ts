/** What a route answers, and how it is written: JSON, plain text, or a stream of events that no slow reader can make grow. */
import type { ServerResponse } from 'node:http';
import type { CancelSignal, Clock, Timer } from '../../contract/index.ts';

export interface Message {
  readonly event: string;
  /** One line: JSON text never contains a raw line break. */
  readonly data: string;
}

/** Answers false when the message was not taken because the reader is too slow. */
export type Send = (message: Message) => boolean;

export type Answer =
  | { readonly kind: 'json'; readonly status?: number; readonly value: unknown }
  | { readonly kind: 'text'; readonly contentType: string; readonly text: string }
  | {
      readonly kind: 'stream';
      /** Starts sending; returns the function that stops it. `end` closes the stream from our side. */
      readonly open: (send: Send, end: () => void) => () => void;
      /** `gap`: what was missed is counted and said. `end`: the reader must come back and begin anew. */
      readonly whenFull: 'gap' | 'end';
    };

export const json = (value: unknown, status = 200): Answer => ({ kind: 'json', status, value });

export const writeAnswer = (res: ServerResponse, answer: Exclude<Answer, { kind: 'stream' }>): void => {
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
  /** Asked with every heartbeat: a key that was revoked reads no further. */
  readonly mayGoOn: () => boolean;
}

/** Server-sent events until the reader leaves, the node shuts down, or the credential ends. */
export const writeStream = (
  res: ServerResponse,
  { open, whenFull }: Extract<Answer, { kind: 'stream' }>,
  { clock, signal, mayGoOn }: Streaming,
): void => {
  res.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  res.write(': open\n\n');
  const stop = open(sender(res, whenFull), () => res.end());
  let timer: Timer;
  const beat = (): void => {
    if (!mayGoOn()) {
      res.end();
      return;
    }
    res.write(': beat\n\n');
    timer = clock.after(BEAT_MS, beat);
  };
  timer = clock.after(BEAT_MS, beat);
  const forget = signal.onCancel(() => res.end());
  res.once('close', () => {
    timer.cancel();
    forget();
    stop();
  });
};

const sender = (res: ServerResponse, whenFull: 'gap' | 'end'): Send => {
  let missed = 0;
  return ({ event, data }) => {
    if (res.writableEnded || res.destroyed) return false;
    if (res.writableLength > QUEUE_BYTES) {
      missed++;
      if (whenFull === 'end') res.destroy();
      return false;
    }
    if (missed > 0) res.write(`event: gap\ndata: {"missed":${missed}}\n\n`);
    missed = 0;
    res.write(`event: ${event}\ndata: ${data}\n\n`);
    return true;
  };
};
