/** Whoever looks at runs without taking them: waits for their end, follows their events, asks how far they are. */
import type {
  CancelSignal,
  Clock,
  PlanRun,
  RunEvent,
  RunProgress,
  StepKey,
  StepMark,
  StepResult,
} from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import type { Definitions } from '../known-definitions.ts';
import { progressIn } from '../progress.ts';
import type { State } from '../state.ts';
import { type Ground, Owned } from './owned.ts';
import type { RunnerParts } from './parts.ts';
import type { Watchers } from './watchers.ts';

export interface RunEnd {
  readonly run: PlanRun;
  readonly output: StepResult | null;
  readonly message: string;
}

export interface LooksParts extends Pick<RunnerParts, 'store' | 'world'> {
  readonly watchers: Watchers;
  readonly definitions: Definitions;
  readonly ground: Ground;
}

/** Between two words about one run: a large fan-out would say thousands a second. */
const PROGRESS_MS = 200;

const pause = (clock: Clock, ms: number, signal: CancelSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const forget = signal.onCancel((reason) => {
      timer.cancel();
      reject(reason);
    });
    const timer = clock.after(ms, () => {
      forget();
      resolve();
    });
  });

const PAGE = 500;

export class Looks {
  readonly #parts: LooksParts;

  constructor(parts: LooksParts) {
    this.#parts = parts;
  }

  /** Resolves when the run is over, wherever it runs. Rejects with the reason of the signal. */
  async finished(tenant: string, id: string, signal: CancelSignal): Promise<RunEnd> {
    for (;;) {
      const wake = this.#parts.watchers.next(tenant, id, signal);
      const end = await this.#endOf(tenant, id).catch((thrown: unknown) => {
        wake.forget();
        throw thrown;
      });
      if (end !== undefined) {
        wake.forget();
        return end;
      }
      await wake.woken;
    }
  }

  /** Events after one, as they come, until the run is over or the signal ends it. */
  async *follow(tenant: string, id: string, afterSeq: number, signal: CancelSignal): AsyncIterable<RunEvent> {
    let seq = afterSeq;
    for (;;) {
      const wake = this.#parts.watchers.next(tenant, id, signal);
      try {
        const events = await this.#parts.store.events(tenant, id, seq, PAGE);
        for (const event of events) {
          yield event;
          seq = event.seq;
        }
        if (events.length === PAGE) continue;
        const run = await this.#parts.store.get(tenant, id);
        if (run === undefined) throw unknownRun(id);
        if (run.endedAtMs !== null && run.seq <= seq) return;
        if (run.seq > seq) continue;
        await wake.woken;
      } finally {
        wake.forget();
      }
    }
  }

  /** As `ProgressOf`. */
  async *progress(tenant: string, id: string, signal: CancelSignal): AsyncIterable<RunProgress> {
    const { store, world } = this.#parts;
    let owned: Owned | undefined;
    let said = '';
    for (;;) {
      const wake = this.#parts.watchers.next(tenant, id, signal);
      try {
        const run = await store.get(tenant, id);
        if (run !== undefined) {
          owned ??= new Owned(run, this.#parts.definitions.of(run), this.#parts.ground);
          await owned.readOn();
          const progress = progressIn(owned.state);
          if (progress.message !== said) yield progress;
          said = progress.message;
          if (run.endedAtMs !== null) return;
        }
        await wake.woken;
      } finally {
        wake.forget();
      }
      await pause(world.clock, PROGRESS_MS, signal);
    }
  }

  /** Does a run wait for people to answer this call of a step? */
  async awaits(tenant: string, { run: id, step }: StepMark, call: string): Promise<boolean> {
    const run = await this.#parts.store.get(tenant, id);
    if (run === undefined) return false;
    const { status, call: newest } = (await this.stateOf(run)).of(step);
    return newest === call && (status === 'asked' || status === 'intent');
  }

  /** Is the step under way? */
  async isOpen(tenant: string, id: string, step: StepKey): Promise<boolean> {
    const run = await this.#parts.store.get(tenant, id);
    return run !== undefined && (await this.stateOf(run)).open.has(step);
  }

  /** As it stands by its history now. */
  async stateOf(run: PlanRun): Promise<State> {
    const owned = new Owned(run, this.#parts.definitions.of(run), this.#parts.ground);
    await owned.readOn();
    return owned.state;
  }

  async #endOf(tenant: string, id: string): Promise<RunEnd | undefined> {
    const { store } = this.#parts;
    const run = await store.get(tenant, id);
    if (run === undefined) throw unknownRun(id);
    if (run.endedAtMs === null) return undefined;
    for (let before = run.seq; before > 0; before -= PAGE) {
      const events = await store.events(tenant, id, Math.max(0, before - PAGE), PAGE);
      const end = events.findLast((event) => event.kind === 'finished');
      if (end?.kind === 'finished') return { run, output: end.output, message: end.message };
    }
    return undefined;
  }
}

export const unknownRun = (id: string): Fault =>
  new Fault('not_found', `no run \`${id}\` is known; \`airspace plan runs\` shows those that are`);
