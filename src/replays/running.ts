/** A replay under way: what it answers, and what was seen of it. */
import type { Call, CallEvent, ReplayWish } from '../contract/index.ts';
import type { Answers } from './answers.ts';
import type { Recording } from './recording.ts';
import type { Reachable } from './standing.ts';

/** Events of one replay that are kept: as many calls as it answers, and what policy asked for them. */
const MOST_EVENTS = 2_500;

export interface Prepared {
  readonly recording: Recording;
  readonly first: Call;
  readonly endpoint: Reachable;
  readonly answers: Answers;
}

export class Running implements Prepared {
  readonly recording: Recording;
  readonly first: Call;
  readonly endpoint: Reachable;
  readonly answers: Answers;
  readonly tenant: string;
  readonly events: CallEvent[] = [];
  /** Calls that may have been of it, and were refused because they did not say. */
  readonly unplaced: string[] = [];
  /** Policy lets the payload of its answer be kept. */
  mayShow = false;
  #sent = false;

  constructor({ recording, first, endpoint, answers }: Prepared, { tenant }: Pick<ReplayWish, 'tenant'>) {
    this.recording = recording;
    this.first = first;
    this.endpoint = endpoint;
    this.answers = answers;
    this.tenant = tenant;
  }

  /** True once, for the first call. */
  sends({ id }: Call): boolean {
    if (id !== this.first.id || this.#sent) return false;
    this.#sent = true;
    return true;
  }

  add(event: CallEvent): void {
    if (this.events.length < MOST_EVENTS) this.events.push(event);
  }
}
