/**
 * What a node has to tell its hub about leases: words are kept until they are acknowledged, said in their order, together with the next
 * question or soon after, and never by two requests at once.
 */
import type { Clock, LeaseAsk, LeaseReply, LeaseReport, LeaseRequest, Timer } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import type { LeaseRecords } from './records.ts';

/** A hub that is there answers within milliseconds. Longer than this no call is kept waiting for one that is not. */
const ANSWER_MS = 2_000;
/** Words about leases that ended at the same time travel together. */
const FLUSH_MS = 100;
const MOST_REPORTS = 500;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5_000;

export interface OutboxParts {
  readonly records: LeaseRecords;
  readonly clock: Clock;
  readonly random: () => number;
  /** Sends to the hub. Rejects with `bad_request` for what the hub will never take, and with anything else for now. */
  readonly send: (request: LeaseRequest) => Promise<LeaseReply>;
}

export interface Sent {
  readonly reply: LeaseReply;
  /** Monotonic. */
  readonly sentAtMs: number;
}

export class Outbox {
  readonly #parts: OutboxParts;
  /** In the order in which they must be heard. */
  readonly #reports = new Map<string, LeaseReport>();
  #turn: Promise<unknown> = Promise.resolve();
  #written: Promise<unknown> = Promise.resolve();
  #flushing: Timer | undefined;
  #failures = 0;
  #notBeforeMs = 0;
  #heardAtMs: number;
  #isStopped = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#heardAtMs = parts.clock.nowMs();
  }

  /** Since the hub answered last, or since the start. */
  get silentMs(): number {
    return this.#parts.clock.nowMs() - this.#heardAtMs;
  }

  /** The next try is due later: nobody should wait for it. */
  get isPaused(): boolean {
    return this.#parts.clock.nowMs() < this.#notBeforeMs;
  }

  say(report: LeaseReport): void {
    this.#reports.set(report.id, report);
    this.#flushSoon();
  }

  /** The next request waits for it. It must not reject. */
  after(written: Promise<void>): void {
    this.#written = Promise.all([this.#written, written]);
  }

  ask(ask: LeaseAsk): Promise<Sent> {
    return this.#send(ask);
  }

  /** In order: what there is to say is said once more. */
  async stop(inOrder: boolean): Promise<void> {
    this.#isStopped = true;
    this.#flushing?.cancel();
    if (inOrder) await this.#flush().catch(() => {}); // The hub is away; the next start says it, or the lease runs out.
  }

  #flushSoon(): void {
    if (this.#flushing !== undefined || this.#reports.size === 0 || this.#isStopped) return;
    const { clock } = this.#parts;
    this.#flushing = clock.after(Math.max(FLUSH_MS, this.#notBeforeMs - clock.nowMs()), () => {
      this.#flushing = undefined;
      this.#flush()
        .catch(() => {}) // They stay, and are said again.
        .finally(() => this.#flushSoon());
    });
  }

  async #flush(): Promise<void> {
    if (this.#reports.size > 0) await this.#send();
  }

  #send(ask?: LeaseAsk): Promise<Sent> {
    const sent = this.#turn.then(() => this.#sendNow(ask));
    this.#turn = sent.catch(() => {});
    return sent;
  }

  async #sendNow(ask: LeaseAsk | undefined): Promise<Sent> {
    await this.#written;
    const { clock, send } = this.#parts;
    const reports = [...this.#reports.values()].slice(0, MOST_REPORTS);
    const sentAtMs = clock.nowMs();
    try {
      const reply = await this.#inTime(send({ reports, ...(ask === undefined ? {} : { ask }) }));
      this.#failures = 0;
      this.#notBeforeMs = 0;
      this.#heardAtMs = clock.nowMs();
      this.#acknowledge(reports);
      return { reply, sentAtMs };
    } catch (thrown) {
      // What the hub will never take must not stand in front of the rest; it runs out there, and counts as spent.
      if (ask === undefined && Fault.from(thrown).code === 'bad_request') this.#acknowledge(reports);
      this.#pause();
      throw thrown;
    }
  }

  #acknowledge(reports: readonly LeaseReport[]): void {
    for (const report of reports) {
      if (this.#reports.get(report.id) === report) this.#reports.delete(report.id);
      // A record too many is said once more after a restart, and changes nothing.
      this.#parts.records.done(report.id).catch(() => {});
    }
  }

  #pause(): void {
    const { clock, random } = this.#parts;
    const most = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(this.#failures, 10));
    this.#failures += 1;
    this.#notBeforeMs = clock.nowMs() + (most / 2) * (1 + random());
  }

  #inTime<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.#parts.clock.after(ANSWER_MS, () =>
        reject(new Fault('unreachable', `the hub does not answer within ${ANSWER_MS} ms`)),
      );
      work.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}
