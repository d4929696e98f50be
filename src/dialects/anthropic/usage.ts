/** Tokens as Anthropic counts them: what came from a cache, or went into one, stands beside the input. */
import type { TokenUse } from '../ask.ts';
import { count, type Fields, known } from '../reading.ts';

/** `before`: an earlier report of the same answer; a later one may leave out what has not changed. */
export const readUsage = (usage: unknown, before?: TokenUse): TokenUse | undefined => {
  if (typeof usage !== 'object' || usage === null) return undefined;
  const fields = usage as Fields;
  const { cacheRead: readBefore = 0, cacheWrite: writtenBefore = 0 } = before ?? {};
  const read = count(fields['cache_read_input_tokens']) ?? readBefore;
  const written = count(fields['cache_creation_input_tokens']) ?? writtenBefore;
  const fresh =
    count(fields['input_tokens']) ??
    (before?.input === undefined ? undefined : before.input - readBefore - writtenBefore);
  const details = fields['output_tokens_details'];
  return known({
    input: fresh === undefined ? undefined : fresh + read + written,
    output: count(fields['output_tokens']),
    cacheRead: read,
    cacheWrite: written,
    reasoning:
      typeof details === 'object' && details !== null ? count((details as Fields)['thinking_tokens']) : undefined,
  });
};

export const writeUsage = (use: TokenUse | undefined): object => {
  const { input = 0, output = 0, cacheRead = 0, cacheWrite = 0 } = use ?? {};
  return {
    input_tokens: Math.max(0, input - cacheRead - cacheWrite),
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cacheRead,
    output_tokens: output,
  };
};
