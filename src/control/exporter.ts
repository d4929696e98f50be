/** The child's side of exports: says what the domain can do whenever that changes, again when nobody heard it, and now and then anyway. */
import { type CancelSignal, type Clock, Fault, type Timer } from '../contract/index.ts';
import { backoffMs } from './backoff.ts';
import { exportNames } from './exports.ts';

export interface ExporterParts {
  readonly clock: Clock;
  readonly random: () => number;
  /** Over when the node stops. */
  readonly closing: CancelSignal;
  /** All there is to say now; undefined before anything is known. */
  readonly current: () => Promise<readonly object[] | undefined>;
  readonly send: (report: { readonly resources: readonly object[] }) => Promise<unknown>;
  /** Hears of a refusal when it is another one than before, and of its end. */
  readonly noted: (refused: string | null) => void;
}

/** The parent may have lost or changed what it took: saying it again costs a comparison there. */
const AGAIN_MS = 60_000;
/** Somebody at the parent may make room meanwhile. */
const REFUSED_MS = 15_000;

export class Exporter {
  readonly #parts: ExporterParts;
  #taken: readonly string[] = [];
  #refused: string | null = null;
  #failures = 0;
  #sent = '';
  #timer: Timer | undefined;
  #running = false;
  #again = false;

  constructor(parts: ExporterParts) {
    this.#parts = parts;
    parts.closing.onCancel(() => this.#timer?.cancel());
  }

  get status(): { readonly taken: readonly string[]; readonly refused: string | null } {
    return { taken: this.#taken, refused: this.#refused };
  }

  /** Something may have changed. What is as it was when the parent took it is not said again now. */
  changed(): void {
    this.#again = true;
    if (!this.#running) void this.#run(false);
  }

  async #run(always: boolean): Promise<void> {
    this.#running = true;
    this.#timer?.cancel();
    let delayMs = AGAIN_MS;
    do {
      this.#again = false;
      delayMs = await this.#say(always);
    } while (this.#again && this.#parts.closing.reason === undefined);
    this.#running = false;
    if (this.#parts.closing.reason === undefined)
      this.#timer = this.#parts.clock.after(delayMs, () => void this.#run(true));
  }

  async #say(always: boolean): Promise<number> {
    const { current, send, random } = this.#parts;
    try {
      const resources = await current();
      if (resources === undefined) return REFUSED_MS;
      const text = JSON.stringify(resources);
      // Whoever never exported anything has nothing to take back.
      if (text === this.#sent && !always) return AGAIN_MS;
      await send({ resources });
      this.#sent = text;
      this.#taken = exportNames(resources);
      this.#note(null);
      this.#failures = 0;
      return AGAIN_MS;
    } catch (thrown) {
      const fault = Fault.from(thrown);
      if (fault.code === 'bad_request' || fault.code === 'denied' || fault.code === 'conflict') {
        this.#note(fault.message);
        return REFUSED_MS;
      }
      this.#failures += 1;
      return backoffMs(this.#failures, random);
    }
  }

  #note(refused: string | null): void {
    if (refused !== this.#refused) this.#parts.noted(refused);
    this.#refused = refused;
  }
}
