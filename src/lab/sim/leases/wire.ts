/** The wire between a node and its hub: slow, lossy, doubling, and now and then cut. */
import type { Clock, LeaseReply, LeaseRequest, NodeEntry } from '../../../contract/index.ts';
import { Fault } from '../../../contract/index.ts';
import type { Hub } from './hub.ts';

export interface Weather {
  isCut: boolean;
  /** Shares of messages, each way. */
  lost: number;
  doubled: number;
  /** Of all delays, most are a few milliseconds and some are up to this. */
  slowestMs: number;
}

export const fairWeather = (): Weather => ({ isCut: false, lost: 0, doubled: 0, slowestMs: 20 });

export class Wire {
  readonly weather = fairWeather();
  readonly #parts: { readonly clock: Clock; readonly random: () => number; readonly hub: Hub };

  constructor(parts: { readonly clock: Clock; readonly random: () => number; readonly hub: Hub }) {
    this.#parts = parts;
  }

  /** The first answer counts, whichever copy it answers. What is lost is never heard of, as behind a dead connection. */
  send(node: NodeEntry, request: LeaseRequest): Promise<LeaseReply> {
    const { random } = this.#parts;
    return new Promise((resolve, reject) => {
      const copies = random() < this.weather.doubled ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1) void this.#deliver(node, structuredClone(request), resolve, reject);
    });
  }

  async #deliver(
    node: NodeEntry,
    request: LeaseRequest,
    resolve: (reply: LeaseReply) => void,
    reject: (fault: Fault) => void,
  ): Promise<void> {
    await this.#travel();
    if (this.#isLost()) return;
    if (!this.#parts.hub.isUp) return reject(new Fault('unreachable', 'the hub cannot be reached'));
    const reply = await this.#parts.hub.take(node, request).catch((thrown) => Fault.from(thrown));
    await this.#travel();
    if (this.#isLost()) return;
    if (reply instanceof Fault) reject(reply);
    else resolve(structuredClone(reply));
  }

  #isLost(): boolean {
    return this.weather.isCut || this.#parts.random() < this.weather.lost;
  }

  #travel(): Promise<void> {
    const { clock, random } = this.#parts;
    const delayMs = random() < 0.8 ? 1 + 5 * random() : this.weather.slowestMs * random();
    return new Promise((later) => void clock.after(delayMs, later));
  }
}
