/** The incidents of this hub that are not finished. One writer, so that what is told and what ends never overwrite each other. */
import { Fault, type Incident, type IncidentStore, isFinished } from '../contract/index.ts';

export class Book {
  readonly #store: Pick<IncidentStore, 'put' | 'unfinished'>;
  readonly #node: string;
  readonly #kept = new Map<string, Incident>();
  #tail: Promise<unknown> = Promise.resolve();

  constructor(store: Pick<IncidentStore, 'put' | 'unfinished'>, node: string) {
    this.#store = store;
    this.#node = node;
  }

  /** What the last run left. Await it before anything else. */
  async load(): Promise<void> {
    for (const incident of await this.#store.unfinished(this.#node)) this.#kept.set(incident.id, incident);
  }

  /** In the order in which they opened. */
  unfinished(): readonly Incident[] {
    return [...this.#kept.values()];
  }

  /** Resolves when it is durable. */
  put(incident: Incident): Promise<void> {
    return this.#inTurn(() => this.#keep(incident));
  }

  /** The same of one that is here; nothing happens to one that is finished. Resolves with what it is then. */
  change(id: string, change: (incident: Incident) => Incident): Promise<Incident | undefined> {
    return this.#inTurn(async () => {
      const before = this.#kept.get(id);
      if (before === undefined) return undefined;
      const after = change(before);
      await this.#keep(after);
      return after;
    });
  }

  /** What a person does about one that is open. Throws `conflict` where that cannot be done here, and what `act` throws. */
  act(wanted: Incident, act: (incident: Incident) => Incident): Promise<Incident> {
    return this.#inTurn(async () => {
      const before = this.#kept.get(wanted.id);
      if (before === undefined && wanted.endedAtMs === null && wanted.node !== this.#node)
        throw new Fault(
          'conflict',
          `incident \`${wanted.id}\` was opened by hub \`${wanted.node}\`, which alone can change it; ask there`,
        );
      if (before === undefined || before.endedAtMs !== null)
        throw new Fault('conflict', `incident \`${wanted.id}\` is over; there is nothing left to do about it`);
      const after = act(before);
      await this.#keep(after);
      return after;
    });
  }

  async #keep(incident: Incident): Promise<void> {
    await this.#store.put(incident);
    if (isFinished(incident)) this.#kept.delete(incident.id);
    else this.#kept.set(incident.id, incident);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(work);
    this.#tail = done.catch(() => {});
    return done;
  }
}
