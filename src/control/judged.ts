/** What this hub made of what the hubs of domains told it last: exports taken or refused, sums refused. In memory, because they say it again. */
import { Fault, type NodeView } from '../contract/index.ts';

export type Judged = Pick<NodeView, 'exports' | 'sumsRefused'>;

const NOTHING: Judged = { exports: null, sumsRefused: null };

export class Judgements {
  readonly #last = new Map<string, Judged>();

  of(node: string): Judged {
    return this.#last.get(node) ?? NOTHING;
  }

  /** Notes how it ends, and ends the same way. */
  async exports<T extends { readonly taken: readonly string[] }>(node: string, work: Promise<T>): Promise<T> {
    try {
      const done = await work;
      this.#note(node, { exports: { taken: done.taken.length, refused: null } });
      return done;
    } catch (thrown) {
      this.#note(node, { exports: { taken: 0, refused: reasonOf(thrown) } });
      throw thrown;
    }
  }

  /** Notes how it ends, and ends the same way. */
  async sums<T>(node: string, work: Promise<T>): Promise<T> {
    try {
      const done = await work;
      this.#note(node, { sumsRefused: null });
      return done;
    } catch (thrown) {
      this.#note(node, { sumsRefused: reasonOf(thrown) });
      throw thrown;
    }
  }

  forget(node: string): void {
    this.#last.delete(node);
  }

  #note(node: string, judged: Partial<Judged>): void {
    this.#last.set(node, { ...this.of(node), ...judged });
  }
}

/** Names in it are the other hub's own. */
const reasonOf = (thrown: unknown): string => Fault.from(thrown).message.slice(0, 2_000);
