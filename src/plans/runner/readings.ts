/** Results as expressions read them: parsed once, fetched when they are large, and never more of them than a node can bear. */
import type { PlanStore, StepResult } from '../../contract/index.ts';
import { celOf } from '../expression/index.ts';
import type { Reading } from '../given.ts';
import { MOST_READ } from '../result.ts';

/** Of one run, fetched or parsed, at a time. */
const MOST_KEPT = 16 * 1024 * 1024;

export class Readings {
  readonly #known = new Map<string, Reading>();
  readonly #store: Pick<PlanStore, 'blob'>;
  #bytes = 0;

  constructor(store: Pick<PlanStore, 'blob'>) {
    this.#store = store;
  }

  /** Between two turns: what was read is read again if need be. */
  trim(): void {
    if (this.#bytes <= MOST_KEPT) return;
    this.#known.clear();
    this.#bytes = 0;
  }

  read(result: StepResult): Reading {
    const known = this.#known.get(result.digest);
    if (known !== undefined) return known;
    if (!/^application\/([a-z0-9.+-]+\+)?json\b/i.test(result.contentType))
      return { problem: `it is \`${result.contentType}\` and no JSON; it can only be passed on as a whole` };
    if (result.bytes > MOST_READ)
      return {
        problem: `it has ${result.bytes} bytes; up to ${MOST_READ} can be looked into, more only passed on as a whole`,
      };
    if (this.#bytes > 2 * MOST_KEPT) return { problem: 'the run looks into too many large results at once' };
    return result.json === undefined ? undefined : this.#keep(result, result.json);
  }

  async load(tenant: string, run: string, results: readonly StepResult[]): Promise<void> {
    for (const result of results) {
      const blob = this.#known.has(result.digest) ? undefined : await this.#store.blob(tenant, run, result.digest);
      if (blob !== undefined) this.#keep(result, new TextDecoder().decode(blob.body));
      else if (!this.#known.has(result.digest)) this.#known.set(result.digest, { problem: 'its bytes are lost' });
    }
  }

  #keep({ digest, bytes }: StepResult, text: string): Reading {
    const reading = parsed(text);
    this.#known.set(digest, reading);
    this.#bytes += bytes;
    return reading;
  }
}

const parsed = (text: string): Reading => {
  try {
    const json: unknown = JSON.parse(text);
    return { json, cel: celOf(json) };
  } catch {
    return { problem: 'it is not valid JSON' };
  }
};
