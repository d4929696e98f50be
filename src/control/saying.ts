/** What agents said at a node and its hub does not have yet. In memory and bounded: telemetry may be lost, and is counted then. */
import { type AgentSpan, Fault } from '../contract/index.ts';
import { MAX_SAID } from './said.ts';
import type { Load, Loaded } from './upload.ts';

/** Some 20 MB of usual spans, and three minutes of an agent that says as many as it may. */
const MOST_WAITING = 20_000;
/** Of one batch; a hub takes no more than 4 MiB at once. */
const MOST_CHARACTERS = 1024 * 1024;

export interface SayingCounts {
  readonly waiting: number;
  /** Found no room here. */
  readonly full: number;
  /** The hub will never take them. */
  readonly refused: number;
}

export class Saying implements Load {
  readonly #most: number;
  readonly #waiting: AgentSpan[] = [];
  #size = MAX_SAID;
  #full = 0;
  #refused = 0;
  #send: (spans: readonly AgentSpan[]) => Promise<unknown> = () =>
    Promise.reject(new Fault('unavailable', 'this node has not reached its hub yet'));
  #kick: () => void = () => {};

  /** `most`: spans that wait. Default 20,000. */
  constructor(most = MOST_WAITING) {
    this.#most = most;
  }

  get counts(): SayingCounts {
    return { waiting: this.#waiting.length, full: this.#full, refused: this.#refused };
  }

  /** Answers how many found room; the others are counted. */
  add(spans: readonly AgentSpan[]): number {
    const room = Math.min(spans.length, this.#most - this.#waiting.length);
    this.#waiting.push(...spans.slice(0, room));
    this.#full += spans.length - room;
    if (room > 0) this.#kick();
    return room;
  }

  /** The way to the hub, once there is one. `kick`: there is something. */
  use(send: (spans: readonly AgentSpan[]) => Promise<unknown>, kick: () => void): void {
    this.#send = send;
    this.#kick = kick;
  }

  /** What waits stays where it is until it has arrived: the same again does no harm, for each is kept once. */
  async next(): Promise<Loaded | undefined> {
    const spans = withinSize(this.#waiting.slice(0, this.#size));
    if (spans.length === 0) return undefined;
    return { isFull: spans.length < this.#waiting.length, send: () => this.#sendNext(spans) };
  }

  async #sendNext(spans: readonly AgentSpan[]): Promise<void> {
    try {
      await this.#send(spans);
      this.#waiting.splice(0, spans.length);
      this.#size = Math.min(MAX_SAID, this.#size * 2);
    } catch (thrown) {
      // Only what the hub calls wrong can never succeed: it is found by halves, so that nothing else is lost.
      if (Fault.from(thrown).code !== 'bad_request') throw thrown;
      if (spans.length > 1) this.#size = Math.ceil(spans.length / 2);
      else {
        this.#waiting.shift();
        this.#refused += 1;
      }
    }
  }
}

const withinSize = (spans: readonly AgentSpan[]): readonly AgentSpan[] => {
  let size = 0;
  const beyond = spans.findIndex((span, at) => {
    size += JSON.stringify(span).length;
    return at > 0 && size > MOST_CHARACTERS;
  });
  return beyond < 0 ? spans : spans.slice(0, beyond);
};
