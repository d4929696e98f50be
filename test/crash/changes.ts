/** An operator who never stops: one configuration after another, and what each was answered. */
import { API_VERSION } from '../../src/contract/index.ts';
import type { Finding } from './finding.ts';
import { askJson, pause } from './wire.ts';

interface Applied {
  readonly number: number;
  readonly revision: number;
  readonly snapshotSeq: number;
}

interface Listed {
  readonly items: readonly { readonly resource: { metadata: { name: string }; spec: { displayName?: string } } }[];
}

export interface ChangesOptions {
  readonly url: string;
  readonly key: string;
  /** Between two changes. */
  readonly everyMs: number;
}

/** The one resource that every change puts again, beside one of its own: the two together show half a commit. */
const COUNTER = 'counter';

/** Lives as long as its topology: numbers go on over rounds, and what was acknowledged in one is looked for after all others. */
export class Changes {
  readonly #options: ChangesOptions;
  readonly #applied: Applied[] = [];
  #number = 0;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  get acknowledged(): number {
    return this.#applied.length;
  }

  start(): void {
    this.#stopped = false;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#apply(++this.#number);
      await pause(this.#options.everyMs);
    }
  }

  async #apply(number: number): Promise<void> {
    const { url, key } = this.#options;
    const resources = [user(`change-${number}`, number), user(COUNTER, number)];
    const answer = await askJson<{ revision: number; snapshotSeq: number }>(`${url}/v1/resources:apply`, {
      method: 'POST',
      key,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ resources, reason: `change ${number}` }),
    });
    if (answer !== undefined) this.#applied.push({ number, ...answer });
  }

  /** What was acknowledged is there, whole, and numbers only rose. */
  async findings(): Promise<readonly Finding[]> {
    const { url, key } = this.#options;
    const listed = await askJson<Listed>(`${url}/v1/resources?kind=User`, { key });
    if (listed === undefined) return [{ what: 'wrong', text: 'the configuration cannot be read' }];
    const texts = new Map(listed.items.map(({ resource: { metadata, spec } }) => [metadata.name, spec.displayName]));
    return [...this.#lost(texts), ...torn(texts), ...this.#backwards()];
  }

  #lost(texts: ReadonlyMap<string, string | undefined>): readonly Finding[] {
    return this.#applied
      .filter(({ number }) => !texts.has(`change-${number}`))
      .map(({ number }) => ({
        what: 'lost',
        text: `change ${number} was acknowledged and is not in the configuration`,
      }));
  }

  #backwards(): readonly Finding[] {
    return this.#applied.slice(1).flatMap((later, at) => {
      const earlier = this.#applied[at]!;
      return later.revision > earlier.revision && later.snapshotSeq > earlier.snapshotSeq
        ? []
        : [
            {
              what: 'wrong' as const,
              text: `change ${later.number} did not raise revision and sequence: ${say(earlier)} to ${say(later)}`,
            },
          ];
    });
  }
}

const say = ({ revision, snapshotSeq }: Applied): string => `${revision}/${snapshotSeq}`;

const user = (name: string, number: number): unknown => ({
  apiVersion: API_VERSION,
  kind: 'User',
  metadata: { name },
  spec: { displayName: `change ${number}` },
});

const torn = (texts: ReadonlyMap<string, string | undefined>): readonly Finding[] => {
  const newest = [...texts.keys()]
    .filter((name) => name.startsWith('change-'))
    .reduce((most, name) => Math.max(most, Number(name.slice('change-'.length))), 0);
  const counter = texts.get(COUNTER);
  return newest === 0 || counter === `change ${newest}`
    ? []
    : [{ what: 'wrong', text: `half a change: the newest is ${newest} and the counter says \`${counter}\`` }];
};
