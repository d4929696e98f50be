/** Writes answers of this door: one document, or events as they come, with what a caller may know of them in headers. */
import { Buffer } from 'node:buffer';
import type { ServerResponse } from 'node:http';
import type { Clock, Fault } from '../../contract/index.ts';
import { writeEvent } from '../../dialects/index.ts';
import { pour } from '../http/index.ts';
import type { Channel } from './channel.ts';

export interface Writing {
  readonly res: ServerResponse;
  readonly clock: Clock;
  /** Names and values in turns. */
  readonly headers: string[];
}

/** How one may prove who one is. */
export const CHALLENGE = ['www-authenticate', 'Bearer realm="airspace"'] as const;

const ALWAYS = ['x-content-type-options', 'nosniff'] as const;

export const writeJson = ({ res, headers }: Writing, status: number, type: string, value: unknown): void => {
  if (res.headersSent || res.destroyed) return;
  const body = value === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(value));
  const fixed = hasHeader(headers, 'cache-control') ? [] : ['cache-control', 'no-store'];
  const length =
    status === 204 || status === 304 ? [] : ['content-type', type, 'content-length', String(body.byteLength)];
  res.writeHead(status, [...length, ...fixed, ...ALWAYS, ...headers]);
  res.end(status === 204 || status === 304 ? undefined : body);
};

/** A stream that is over with its first event. */
export const writeOneEvent = ({ res, headers }: Writing, value: unknown): void => {
  if (res.headersSent || res.destroyed) return;
  res.writeHead(200, ['content-type', 'text/event-stream', 'cache-control', 'no-store', ...ALWAYS, ...headers]);
  res.end(writeEvent(JSON.stringify(value)));
};

const hasHeader = (headers: readonly string[], name: string): boolean =>
  headers.some((text, at) => at % 2 === 0 && text === name);

export interface Saying<T> {
  readonly event: (event: T) => unknown;
  readonly fault: (fault: Fault) => unknown;
}

/** Resolves when the last event is written, or nobody is there to take it. */
export const writeEvents = <T>(
  { res, clock, headers }: Writing,
  events: Channel<T>,
  saying: Saying<T>,
): Promise<void> => {
  const chunks = (async function* (): AsyncGenerator<Uint8Array> {
    for await (const event of events) yield writeEvent(JSON.stringify(saying.event(event)));
  })();
  const cancel = (): void => events.close();
  return pour(
    {
      res,
      clock,
      cancel,
      onFault: (fault) => `data: ${JSON.stringify(saying.fault(fault))}\n\n`,
    },
    200,
    [
      'content-type',
      'text/event-stream',
      'cache-control',
      'no-store',
      'x-accel-buffering',
      'no',
      ...ALWAYS,
      ...headers,
    ],
    { kind: 'stream', chunks },
    true,
  );
};
