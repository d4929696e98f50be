/** Watches the sequence that every node says it runs, all the time: none may ever go back (I14). */
import type { Finding } from './finding.ts';
import { askJson, pause } from './wire.ts';

interface Node {
  readonly node: { readonly id: string };
  readonly state: string;
  readonly snapshotSeq: number;
}

export interface SequencesOptions {
  /** Nodes that answer for themselves; the first one is the hub, and answers for the others too. */
  readonly urls: readonly string[];
  readonly key: string;
}

const EVERY_MS = 100;

export class Sequences {
  readonly #options: SequencesOptions;
  readonly #highest = new Map<string, number>();
  readonly #findings: Finding[] = [];
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: SequencesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** Those since it was last asked. */
  findings(): readonly Finding[] {
    return this.#findings.splice(0);
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await Promise.all([...this.#options.urls.map((url) => this.#own(url)), this.#reported()]);
      await pause(EVERY_MS);
    }
  }

  async #own(url: string): Promise<void> {
    const status = await askJson<{ snapshotSeq: number }>(`${url}/v1/status`, { key: this.#options.key });
    if (status !== undefined) this.#see(`${url} itself`, status.snapshotSeq);
  }

  async #reported(): Promise<void> {
    const { urls, key } = this.#options;
    const listed = await askJson<{ items: readonly Node[] }>(`${urls[0]}/v1/nodes`, { key });
    // Until a node was heard of, a restarted hub knows nothing of it, and says so.
    for (const { node, state, snapshotSeq } of listed?.items ?? [])
      if (state === 'alive') this.#see(node.id, snapshotSeq);
  }

  #see(node: string, seq: number): void {
    const before = this.#highest.get(node) ?? 0;
    if (seq < before)
      this.#findings.push({ what: 'wrong', text: `${node} went back from snapshot ${before} to ${seq}` });
    this.#highest.set(node, Math.max(before, seq));
  }
}
