/** The certificate of this node: kept on disk, renewed at half of its life, and handed to whoever shows it as soon as there is a new one. */
import { type Clock, Fault, type Timer } from '../contract/index.ts';
import { type HeldChain, openCertificate } from './chain.ts';
import type { NodeKey } from './nodekey.ts';
import { readPrivateFile, writePrivateFile } from './privatefile.ts';

export interface CertificateParts {
  readonly node: string;
  readonly key: Pick<NodeKey, 'publicKey'>;
  /** Control key of the hub that this node joined; its own for the hub at the root. */
  readonly pinned: string;
  /** Asks for a new one. */
  readonly issue: () => Promise<unknown>;
  /** Where it is kept. Absent: nowhere, because asking costs nothing. */
  readonly path?: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** Hears of everything that went wrong and will be tried again. */
  readonly note: (problem: Fault) => void;
}

const LARGEST = 1024 * 1024;
/** The clock of a machine that slept is asked again at least so often: its timers slept too. */
const LOOK_MS = 5 * 60_000;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 5 * 60_000;

export class NodeCertificate {
  readonly #parts: CertificateParts;
  readonly #watchers = new Set<(held: HeldChain) => void>();
  #held: HeldChain | undefined;
  #renewAtMs = 0;
  #failures = 0;
  #timer: Timer | undefined;
  #renewing: Promise<void> | undefined;
  #stopped = false;

  constructor(parts: CertificateParts) {
    this.#parts = parts;
  }

  /** Undefined before the first, and when it is over: nobody would believe it. */
  get current(): HeldChain | undefined {
    const held = this.#held;
    return held !== undefined && this.#parts.clock.wallMs() < held.expiresAtMs ? held : undefined;
  }

  /** Calls back with what there is, and with each that comes. Must not throw. */
  follow(use: (held: HeldChain) => void): void {
    this.#watchers.add(use);
    if (this.#held !== undefined) use(this.#held);
  }

  /** Takes what the last run left. Resolves when a first one was asked for, where that was needed, whatever came of it. */
  async start(): Promise<void> {
    await this.#restore();
    if (this.#isDue()) await this.renew();
    else this.#later();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  /** Asks now. Never rejects: what fails is noted and tried again. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renew(): Promise<void> {
    this.#timer?.cancel();
    try {
      const came = await this.#parts.issue();
      const held = this.#open(came);
      this.#refuseOver(held);
      if (this.#parts.path !== undefined) await writePrivateFile(this.#parts.path, JSON.stringify(kept(held)));
      this.#failures = 0;
      this.#use(held);
    } catch (thrown) {
      this.#failures += 1;
      if (!this.#stopped) this.#parts.note(Fault.from(thrown));
    }
    this.#later();
  }

  #open(untrusted: unknown): HeldChain {
    const { node, key, pinned } = this.#parts;
    return openCertificate(untrusted, { node, publicKey: key.publicKey, pinned, rootKey: this.#held?.rootKey });
  }

  #refuseOver({ expiresAtMs }: HeldChain): void {
    if (expiresAtMs <= this.#parts.clock.wallMs())
      throw new Fault(
        'unavailable',
        'the certificate that came is over already; do the clocks of both machines agree?',
      );
  }

  #use(held: HeldChain): void {
    this.#held = held;
    const { notBeforeMs, expiresAtMs } = held;
    // Nodes that were started together must not come back together.
    const share = 0.5 + (this.#parts.random() - 0.5) / 10;
    this.#renewAtMs = notBeforeMs + (expiresAtMs - notBeforeMs) * share;
    for (const use of this.#watchers) use(held);
  }

  async #restore(): Promise<void> {
    const { path } = this.#parts;
    if (path === undefined) return;
    try {
      const text = await readPrivateFile(path, LARGEST);
      if (text !== undefined) this.#use(this.#open(JSON.parse(text)));
    } catch (thrown) {
      // Damaged, or of another life of this directory: as if there were none.
      this.#parts.note(Fault.from(thrown));
    }
  }

  #isDue(): boolean {
    return this.#held === undefined || this.#parts.clock.wallMs() >= this.#renewAtMs;
  }

  #later(): void {
    if (this.#stopped) return;
    const { clock } = this.#parts;
    const waitMs = this.#isDue() ? this.#retryMs() : Math.min(this.#renewAtMs - clock.wallMs(), LOOK_MS);
    this.#timer = clock.after(Math.max(1, waitMs), () => {
      if (this.#isDue()) void this.renew();
      else this.#later();
    });
  }

  #retryMs(): number {
    const most = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, this.#failures - 1));
    return most * (0.5 + this.#parts.random() / 2);
  }
}

const kept = ({ chain, authority }: HeldChain): object => ({ chain, authority });
