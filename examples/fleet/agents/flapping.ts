/** An instance with a bad habit: well for a while, then refusing calls or dropping them, so that breakers have work. */
import type { RequestListener, ServerResponse } from 'node:http';

export interface Habit {
  readonly goodMs: number;
  readonly badMs: number;
}

export type Mood = 'good' | 'bad';

export const moodAt = (elapsedMs: number, { goodMs, badMs }: Habit): Mood =>
  elapsedMs % (goodMs + badMs) < goodMs ? 'good' : 'bad';

/** Health checks do not pass here: it believes that it is well, and only its calls show that it is not. */
export const flapping =
  (habit: Habit, nowMs: () => number) =>
  (listener: RequestListener): RequestListener => {
    const startMs = nowMs();
    let refused = 0;
    return (request, response) => {
      if (moodAt(nowMs() - startMs, habit) === 'good') listener(request, response);
      else if (refused++ % 2 === 0) refuse(response);
      else response.destroy(); // dies in the middle: whether the work ran, its caller cannot know
    };
  };

/** With the marker that says that nothing was executed: safe to try elsewhere, whatever the call does. */
const refuse = (response: ServerResponse): void => {
  const body = JSON.stringify({ type: 'about:blank', status: 503, detail: 'this instance is not well' });
  response
    .writeHead(503, {
      'content-type': 'application/problem+json',
      'content-length': Buffer.byteLength(body),
      'airspace-executed': 'no',
    })
    .end(body);
};
