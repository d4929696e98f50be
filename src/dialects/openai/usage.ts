/** Tokens as OpenAI counts them: what came from a cache is a part of the input. */
import type { TokenUse } from '../ask.ts';
import { count, type Fields, known } from '../reading.ts';

const inner = (fields: Fields, name: string): Fields => {
  const value = fields[name];
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
};

/** `prefixes`: chat completions say `prompt` and `completion`, responses `input` and `output`. */
export const readUsage = (usage: unknown): TokenUse | undefined => {
  if (typeof usage !== 'object' || usage === null) return undefined;
  const fields = usage as Fields;
  const [input, output] = 'prompt_tokens' in fields ? ['prompt', 'completion'] : ['input', 'output'];
  const read = inner(fields, `${input}_tokens_details`);
  const written = inner(fields, `${output}_tokens_details`);
  return known({
    input: count(fields[`${input}_tokens`]),
    output: count(fields[`${output}_tokens`]),
    cacheRead: count(read['cached_tokens']),
    cacheWrite: count(read['cache_write_tokens']),
    reasoning: count(written['reasoning_tokens']),
  });
};

export const writeUsage = (
  use: TokenUse | undefined,
  names: readonly [input: string, output: string],
): object | null => {
  if (use?.input === undefined && use?.output === undefined) return null;
  const { input = 0, output = 0, cacheRead = 0, cacheWrite = 0, reasoning = 0 } = use;
  return {
    [`${names[0]}_tokens`]: input,
    [`${names[0]}_tokens_details`]: { cached_tokens: cacheRead, cache_write_tokens: cacheWrite },
    [`${names[1]}_tokens`]: output,
    [`${names[1]}_tokens_details`]: { reasoning_tokens: reasoning },
    total_tokens: input + output,
  };
};
