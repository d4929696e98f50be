/** Answers on the connection: one document, or events as they come. */
import type { ServerResponse } from 'node:http';
import type { Clock, Fault } from '../../contract/index.ts';
import { writeEvent } from '../../dialects/index.ts';
import { pour } from '../http/index.ts';
import { errorOf } from './faults.ts';
import { errorMessage, type Id, type Json } from './message.ts';
import type { Last, Spoken } from './spoken.ts';

const COMMON: readonly string[] = ['cache-control', 'no-store', 'x-content-type-options', 'nosniff'];

export const writeJson = (
  res: ServerResponse,
  status: number,
  value: unknown,
  headers: readonly string[] = [],
): void => {
  if (res.headersSent || res.destroyed) return;
  const body = JSON.stringify(value);
  res.writeHead(status, [
    ...['content-type', 'application/json', 'content-length', String(Buffer.byteLength(body))],
    ...COMMON,
    ...headers,
  ]);
  res.end(body);
};

/** Taken, and there is nothing to say about it. */
export const writeNothing = (res: ServerResponse, status: number, headers: readonly string[] = []): void => {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(status, ['content-length', '0', ...COMMON, ...headers]);
  res.end();
};

/** How long an answer may take until its stream begins without it: whoever is in between would think that nobody is there. */
const PATIENCE_MS = 10_000;

export interface Writing {
  readonly res: ServerResponse;
  readonly clock: Clock;
  readonly id: Id;
  readonly takesEvents: boolean;
  readonly cancel: (reason: Fault) => void;
  readonly headers?: readonly string[];
}

/** One document when there is nothing before the end, and it comes soon; events otherwise. */
export const writeSpoken = async (writing: Writing, messages: Spoken): Promise<void> => {
  const { res, takesEvents, headers = [] } = writing;
  const first = messages.next();
  if (takesEvents && !(await isSoon(first, writing.clock))) return pourEvents(writing, messages, first);
  let step = await first;
  if (takesEvents && step.done !== true) return pourEvents(writing, messages, first);
  while (step.done !== true) step = await messages.next();
  const { status, message, headers: more } = step.value;
  writeJson(res, status, message, [...headers, ...more]);
};

const isSoon = (first: Promise<unknown>, clock: Clock): Promise<boolean> =>
  new Promise((resolve) => {
    const timer = clock.after(PATIENCE_MS, () => resolve(false));
    const settled = (): void => {
      timer.cancel();
      resolve(true);
    };
    first.then(settled, settled);
  });

const pourEvents = (
  { res, clock, cancel, id, headers = [] }: Writing,
  messages: Spoken,
  first: Promise<IteratorResult<Json, Last>>,
): Promise<void> =>
  pour(
    {
      res,
      clock,
      cancel,
      onFault: (fault) => `\ndata: ${JSON.stringify(errorMessage(id, errorOf(fault, {})))}\n\n`,
    },
    200,
    eventHeaders(headers),
    { kind: 'stream', chunks: events(messages, first) },
    true,
  );

export const eventHeaders = (headers: readonly string[]): string[] => [
  ...['content-type', 'text/event-stream', 'cache-control', 'no-cache, no-transform', 'x-accel-buffering', 'no'],
  ...['x-content-type-options', 'nosniff'],
  ...headers,
];

async function* events(messages: Spoken, first: Promise<IteratorResult<Json, Last>>): AsyncGenerator<Uint8Array> {
  for (let step = await first; ; step = await messages.next()) {
    yield writeEvent(JSON.stringify(step.done === true ? step.value.message : step.value), 'message');
    if (step.done === true) return;
  }
}
