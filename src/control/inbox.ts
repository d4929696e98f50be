/** Takes batches of finished calls from nodes and stores each once, however often it comes. */
import type { CallEvent, EventBatch, NodeEntry, TraceStore } from '../contract/index.ts';

/** The last batch that a node's run had stored, and what is being stored now. */
interface Upload {
  epoch: string;
  seq: number;
  tail: Promise<unknown>;
}

export class Inbox {
  readonly #traces: TraceStore;
  readonly #heard: (events: readonly CallEvent[]) => void;
  readonly #uploads = new Map<string, Upload>();

  constructor(traces: TraceStore, heard: (events: readonly CallEvent[]) => void = () => {}) {
    this.#traces = traces;
    this.#heard = heard;
  }

  /**
   * One batch of a node after the other, so that a repeated one finds the first stored or failed. Rejects with what the store
   * throws; the batch may come again then. Over a restart of the hub the store's own uniqueness of spans takes over.
   */
  take(node: NodeEntry, batch: EventBatch): Promise<{ readonly stored: boolean }> {
    const upload = this.#uploads.get(node.id) ?? { epoch: '', seq: 0, tail: Promise.resolve() };
    this.#uploads.set(node.id, upload);
    const result = upload.tail.then(() => this.#store(node, batch, upload));
    upload.tail = result.catch(() => {});
    return result;
  }

  forget(node: string): void {
    this.#uploads.delete(node);
  }

  async #store(node: NodeEntry, batch: EventBatch, upload: Upload): Promise<{ readonly stored: boolean }> {
    if (upload.epoch === batch.epoch && batch.seq <= upload.seq) return { stored: false };
    // A node speaks about calls of its own tenant, under its own name; calls of nobody belong to it too.
    const events = batch.events
      .filter(({ tenant }) => tenant === node.tenant || tenant === '')
      .map((event) => ({ ...event, tenant: node.tenant, node: node.id }));
    await this.#traces.append(events);
    upload.epoch = batch.epoch;
    upload.seq = batch.seq;
    this.#heard(events);
    return { stored: true };
  }
}
