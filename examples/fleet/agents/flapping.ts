/** An instance with a bad habit: well for a while, then refusing calls or dropping them, so that routing has work. */
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
 * Its health check fails as well, so what a call finds out first is known to all a moment later.
 */
export const flapping = (operations: Operations, habit: Habit): Operations => {
  const startMs = performance.now();
  const mood = (): Mood => moodAt(performance.now() - startMs, habit);
  dropSome(mood);
  const moody =
    (run: Operation): Operation =>
    (input, context) => {
      // No time to wait is named: another instance may be well right now.
      if (mood() === 'bad') throw new NotExecuted('this instance is not well', 0);
      return run(input, context);
    };
  return Object.fromEntries(Object.entries(operations).map(([name, run]) => [name, moody(run)]));
};

/** A server gives its sockets to nobody, so this listens where Node itself tells of requests. */
const dropSome = (mood: () => Mood): void => {
  let calls = 0;
  subscribe('http.server.request.start', (message) => {
    const { request, socket } = message as { readonly request: IncomingMessage; readonly socket: Socket };
    if (mood() === 'bad' && (request.url === '/healthz' || calls++ % 2 === 1)) socket.destroy();
  });
};
