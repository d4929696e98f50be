/**
 * What the agent behind a sidecar writes on its standard streams, for the logs. Lines of an agent are hostile: each is cut and free of
 * control characters, no more are kept than a minute has room for, and the rest is counted and said.
 */
import type { Clock, Timer } from '../../contract/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import { clean } from '../render/clean.ts';

export type AgentStream = 'stdout' | 'stderr';

/** Of one line; the terminal has the whole. */
export const MOST_OF_A_LINE = 4_096;
/** Of both streams together: half of what a hub takes from one node in a minute, so that the node itself is still heard. */
export const MOST_LINES_A_MINUTE = 600;
const MINUTE_MS = 60_000;

export class AgentOutput {
  readonly #clock: Clock;
  readonly #hand: Logger['hand'];
  #kept = 0;
  #left = 0;
  #minute: Timer | undefined;

  constructor(clock: Clock, hand: Logger['hand']) {
    this.#clock = clock;
    this.#hand = hand;
  }

  /** Returns at once. Lines without a text are none. */
  heard(stream: AgentStream, line: string): void {
    if (line.trim() === '') return;
    this.#minute ??= this.#clock.after(MINUTE_MS, () => this.close());
    if (this.#kept === MOST_LINES_A_MINUTE) {
      this.#left++;
      return;
    }
    this.#kept++;
    this.#hand('info', 'the agent says', { stream, text: clean(line, MOST_OF_A_LINE) });
  }

  /** Says what was left out, and begins anew. */
  close(): void {
    this.#minute?.cancel();
    this.#minute = undefined;
    if (this.#left > 0) this.#hand('warn', 'the agent says too much', { kept: this.#kept, left: this.#left });
    this.#kept = 0;
    this.#left = 0;
  }
}
