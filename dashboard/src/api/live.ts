/**
 * Calls as they finish, for every screen: one stream per tab, the newest few thousand kept, and whoever looks told four times a second.
 * What the stream could not tell, because it broke or we were slow, is asked for again, and how much was missed is shown.
 */
import type { CallEvent } from '../../../src/contract/index.ts';
import { keyOf } from '../model/facts.ts';
import { get } from './client.ts';

export type StreamState = 'connecting' | 'live' | 'reconnecting';

export interface Seen {
  /** Oldest first. */
  readonly events: readonly CallEvent[];
  readonly state: StreamState;
  readonly isPaused: boolean;
  /** Came while paused. */
  readonly waiting: number;
  /** Calls that the node could not tell us of. */
  readonly missed: number;
  /** Unix ms from which everything is here; a longer time ago the node may know more. */
  readonly fromMs: number;
  readonly nowMs: number;
  /** Why there is nothing; null when there is no reason. */
  readonly problem: unknown;
}

/** What is kept, newest last: about an hour of a small fleet, a few seconds of a large one. */
const MOST_KEPT = 5_000;
/** As many as the node answers at once. */
const MOST_ASKED = 1_000;
const TELL_MS = 250;
/** Also without news, so that what is old leaves the window. */
const TICK_MS = 1_000;
/** After the node has turned the stream away. */
const AGAIN_MS = 5_000;

export class LiveCalls {
  #kept = new Map<string, CallEvent>();
  #seen: Seen = {
    ...{ events: [], state: 'connecting', isPaused: false, waiting: 0, missed: 0, fromMs: Date.now() },
    ...{ nowMs: Date.now(), problem: null },
  };
  #state: StreamState = 'connecting';
  #isPaused = false;
  #waiting = 0;
  #missed = 0;
  #fromMs = Date.now();
  #problem: unknown = null;
  #source: EventSource | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #watchers = new Set<(event: CallEvent) => void>();

  /** Begins, or begins again with another range; `sinceMs`: milliseconds back from now. */
  async start(sinceMs: number): Promise<void> {
    this.stop();
    this.#open();
    await this.#catchUp(Date.now() - sinceMs);
  }

  stop(): void {
    this.#source?.close();
    this.#source = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Each call as it comes, for what moves. */
  readonly watch = (watcher: (event: CallEvent) => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  readonly seen = (): Seen => this.#seen;

  readonly pause = (isPaused: boolean): void => {
    this.#isPaused = isPaused;
    this.#waiting = 0;
    this.#tell();
  };

  #open(): void {
    const source = new EventSource('/v1/events/stream');
    this.#source = source;
    let wasOpen = false;
    source.addEventListener('open', () => {
      this.#state = 'live';
      if (wasOpen) void this.#catchUp(this.#newestMs() - TICK_MS);
      wasOpen = true;
      this.#soon(TELL_MS);
    });
    source.addEventListener('error', () => {
      this.#state = 'reconnecting';
      // A browser gives up when it is turned away: the session may be over, and asking says so.
      if (source.readyState === EventSource.CLOSED) {
        void this.#catchUp(this.#newestMs() - TICK_MS);
        setTimeout(() => this.#source === source && this.#open(), AGAIN_MS);
      }
      this.#soon(TELL_MS);
    });
    source.addEventListener('call', ({ data }: MessageEvent<string>) => this.#take(JSON.parse(data) as CallEvent));
    source.addEventListener('gap', ({ data }: MessageEvent<string>) => {
      this.#missed += (JSON.parse(data) as { missed: number }).missed;
      void this.#catchUp(this.#newestMs() - TICK_MS);
    });
  }

  #newestMs(): number {
    return [...this.#kept.values()].at(-1)?.startedAtMs ?? this.#fromMs;
  }

  async #catchUp(fromMs: number): Promise<void> {
    try {
      const query = { since: Math.max(0, Math.floor(fromMs)), limit: MOST_ASKED };
      const { events } = await get<{ readonly events: readonly CallEvent[] }>('/v1/calls', query);
      const all = [...events.toReversed(), ...this.#kept.values()];
      this.#kept = new Map(all.map((event) => [keyOf(event), event]));
      const isWhole = events.length < MOST_ASKED;
      this.#fromMs = isWhole ? Math.min(this.#fromMs, fromMs) : (events.at(-1)?.startedAtMs ?? fromMs);
      this.#problem = null;
    } catch (thrown) {
      this.#problem = thrown;
    }
    this.#tell();
  }

  #take(event: CallEvent): void {
    this.#kept.delete(keyOf(event));
    this.#kept.set(keyOf(event), event);
    while (this.#kept.size > MOST_KEPT) {
      const [oldest, { startedAtMs }] = this.#kept.entries().next().value!;
      this.#kept.delete(oldest);
      this.#fromMs = Math.max(this.#fromMs, startedAtMs);
    }
    if (this.#isPaused) this.#waiting++;
    else for (const watcher of this.#watchers) watcher(event);
    this.#soon(TELL_MS);
  }

  #soon(ms: number): void {
    if (ms === TELL_MS && this.#isTelling) return;
    this.#isTelling = ms === TELL_MS;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), ms);
  }
  #isTelling = false;

  #tell(): void {
    this.#isTelling = false;
    const frozen = this.#isPaused ? this.#seen : undefined;
    this.#seen = {
      ...{ events: frozen?.events ?? [...this.#kept.values()], nowMs: frozen?.nowMs ?? Date.now() },
      ...{ state: this.#state, isPaused: this.#isPaused, waiting: this.#waiting, missed: this.#missed },
      ...{ fromMs: this.#fromMs, problem: this.#problem },
    };
    for (const listener of this.#listeners) listener();
    if (this.#source !== undefined) this.#soon(TICK_MS);
  }
}

export const live = new LiveCalls();
