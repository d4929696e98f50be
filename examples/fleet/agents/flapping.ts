/** An instance with a bad habit: well for a while, then refusing calls or dropping them, so that breakers have work. */
import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { NotExecuted, type Operation, type Operations } from '../../../src/client/serve.ts';

export interface Habit {
  readonly goodMs: number;
  readonly badMs: number;
}

export type Mood = 'good' | 'bad';

export const moodAt = (elapsedMs: number, { goodMs, badMs }: Habit): Mood =>
  elapsedMs % (goodMs + badMs) < goodMs ? 'good' : 'bad';

/**
 * In a bad mood it refuses one call, saying that it did not run, and dies in the middle of the next, so that nobody can know.
 * Health checks do not suffer: it believes that it is well, and only its calls show that it is not.
 */
export const flapping = (operations: Operations, habit: Habit): Operations => {
  const startMs = performance.now();
  const mood = (): Mood => moodAt(performance.now() - startMs, habit);
  dropEveryOther(mood);
  const moody =
    (run: Operation): Operation =>
    (input, context) => {
      if (mood() === 'bad') throw new NotExecuted('this instance is not well', 0); // 0: another may be well, nobody need wait;
      return run(input, context);
    };
  return Object.fromEntries(Object.entries(operations).map(([name, run]) => [name, moody(run)]));
};

/** A server gives its sockets to nobody, so this listens where Node itself tells of requests. */
const dropEveryOther = (mood: () => Mood): void => {
  let calls = 0;
  subscribe('http.server.request.start', (message) => {
    const { request, socket } = message as { readonly request: IncomingMessage; readonly socket: Socket };
    if (request.url !== '/healthz' && mood() === 'bad' && calls++ % 2 === 1) socket.destroy();
  });
};
