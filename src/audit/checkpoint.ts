/** Signed statements of where chains end, for a place that this node cannot rewrite. */
import type { AuditHead, AuditStore, Timer } from '../contract/index.ts';
import type { World } from '../kernel/index.ts';

export interface Checkpoint extends AuditHead {
  /** Unix ms. */
  readonly atMs: number;
  /** Id of the node that says so. */
  readonly node: string;
}

/** Ed25519 over `audit`, a newline, and the payload, by the key that signs snapshots. */
export interface SignedCheckpoint {
  readonly payload: string;
  readonly keyId: string;
  readonly signature: string;
}

/** Somewhere else. Resolves when it is kept there. */
export interface CheckpointSink {
  /** As an operator knows it. */
  readonly name: string;
  put(signed: SignedCheckpoint): Promise<void>;
}

export interface CheckpointParts {
  readonly store: Pick<AuditStore, 'heads'>;
  readonly world: Pick<World, 'clock'>;
  readonly node: string;
  readonly sign: (payload: string) => SignedCheckpoint;
  readonly sinks: readonly CheckpointSink[];
  /** How often. Default a minute: what is cut off is at most as young. */
  readonly everyMs?: number;
  /** Must not throw. */
  readonly failed: (sink: string, cause: unknown) => void;
}

const EVERY_MS = 60_000;

export const signedText = (payload: string): string => `audit\n${payload}`;

/** Level-triggered: what one round could not bring away, the next one brings, because a later checkpoint covers it. */
export class CheckpointKeeper {
  readonly #parts: CheckpointParts;
  /** Sequence that each place has, by place and tenant. */
  readonly #kept = new Map<string, number>();
  #timer: Timer | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(parts: CheckpointParts) {
    this.#parts = parts;
  }

  start(): void {
    if (this.#parts.sinks.length > 0) this.#again();
  }

  /** A last round, so that what an orderly end wrote is covered. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.now();
  }

  now(): Promise<void> {
    this.#round = this.#round.then(() => this.#bring());
    return this.#round;
  }

  #again(): void {
    const { world, everyMs = EVERY_MS } = this.#parts;
    this.#timer = world.clock.after(everyMs, () => {
      this.now().finally(() => {
        if (this.#timer !== undefined) this.#again();
      });
    });
  }

  async #bring(): Promise<void> {
    const { store, sinks, failed } = this.#parts;
    try {
      const heads = sinks.length === 0 ? [] : await store.heads();
      for (const sink of sinks) await this.#bringTo(sink, heads);
    } catch (cause) {
      failed('the audit itself', cause);
    }
  }

  async #bringTo(sink: CheckpointSink, heads: readonly AuditHead[]): Promise<void> {
    const { sign, node, world, failed } = this.#parts;
    for (const head of heads) {
      const place = JSON.stringify([sink.name, head.tenant]);
      if (this.#kept.get(place) === head.seq) continue;
      const checkpoint: Checkpoint = { ...head, atMs: Math.floor(world.clock.wallMs()), node };
      try {
        await sink.put(sign(JSON.stringify(checkpoint)));
        this.#kept.set(place, head.seq);
      } catch (cause) {
        failed(sink.name, cause);
      }
    }
  }
}
