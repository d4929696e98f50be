/** How long the answers of a model to one caller tend to be: what a stream sets aside first, so that most never ask for more. */

/** Answers remembered of each; enough for a 95th percentile, few enough to follow a change. */
const WINDOW = 64;
/** Fewer say nothing. */
const LEAST = 8;
const MOST_KEYS = 10_000;

export class Learned {
  /** In the order of their last use. */
  readonly #outputs = new Map<string, number[]>();

  saw(principal: string, model: string, outputTokens: number): void {
    const key = keyOf(principal, model);
    const outputs = this.#outputs.get(key) ?? [];
    this.#outputs.delete(key);
    this.#outputs.set(key, outputs);
    outputs.push(outputTokens);
    if (outputs.length > WINDOW) outputs.shift();
    if (this.#outputs.size > MOST_KEYS) this.#outputs.delete(this.#outputs.keys().next().value!);
  }

  /** 95th percentile of output tokens; undefined until enough answers were seen. */
  p95(principal: string, model: string): number | undefined {
    const outputs = this.#outputs.get(keyOf(principal, model));
    if (outputs === undefined || outputs.length < LEAST) return undefined;
    const sorted = outputs.toSorted((a, b) => a - b);
    return sorted[Math.ceil(0.95 * sorted.length) - 1];
  }
}

const keyOf = (principal: string, model: string): string => `${principal} ${model}`;
