import assert from 'node:assert/strict';
import { test } from 'node:test';
import { needOf } from './cost.ts';
import { merged, reportIn, weigh } from './usage.ts';

const PRICE = {
  inputPerMTok: 2_000_000,
  outputPerMTok: 8_000_000,
  cacheReadPerMTok: 500_000,
  cacheWritePerMTok: 3_000_000,
  inputAudioPerMTok: 40_000_000,
  outputAudioPerMTok: 80_000_000,
  perCall: 0,
  bytesPerToken: 3,
};

test('each API says what is inside of what, and every token is counted once', () => {
  for (const [json, expected] of [
    [
      {
        usage: {
          prompt_tokens: 100,
          completion_tokens: 50,
          prompt_tokens_details: { cached_tokens: 30, cache_write_tokens: 20, audio_tokens: 10 },
          completion_tokens_details: { reasoning_tokens: 9, audio_tokens: 5 },
        },
      },
      { input: 40, output: 45, cacheRead: 30, cacheWrite: 20, audioInput: 10, audioOutput: 5 },
    ],
    [
      {
        type: 'response.completed',
        response: {
          usage: {
            input_tokens: 100,
            output_tokens: 50,
            input_tokens_details: { cached_tokens: 30, cache_write_tokens: 20 },
            output_tokens_details: { reasoning_tokens: 9 },
          },
        },
      },
      { input: 50, output: 50, cacheRead: 30, cacheWrite: 20 },
    ],
    [
      { usage: { input_tokens: 100, output_tokens: 50, cache_read_input_tokens: 30, cache_creation_input_tokens: 20 } },
      { input: 100, output: 50, cacheRead: 30, cacheWrite: 20 },
    ],
    // More inside than there is: what is said of the whole counts, and the parts on top of it.
    [
      { usage: { prompt_tokens: 10, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 11 } } },
      { input: 10, output: 1, cacheRead: 11 },
    ],
  ] as const)
    assert.deepEqual(reportIn(json), expected);
});

test('what a stream says at its beginning is not what it wrote', () => {
  const begun = reportIn({
    type: 'message_start',
    message: { usage: { input_tokens: 9, cache_read_input_tokens: 4, output_tokens: 1 } },
  })!;
  assert.deepEqual(begun, { input: 9, cacheRead: 4 });
  const ended = reportIn({ type: 'message_delta', usage: { input_tokens: null, output_tokens: 70 } })!;
  assert.deepEqual(merged(begun, ended), { input: 9, cacheRead: 4, output: 70 });
});

test('sound has its own price, and is as dear as text where it has none', () => {
  const { tokens, flags } = weigh(
    { input: 40, output: 45, audioInput: 10, audioOutput: 5 },
    { input: 60, output: 50, cap: 100 },
  );
  assert.deepEqual(flags, []);
  assert.deepEqual(needOf(PRICE, tokens), { micros: 80 + 360 + 400 + 400, tokens: 100, calls: 1 });
  const { inputAudioPerMTok: _, outputAudioPerMTok: __, ...plain } = PRICE;
  assert.equal(needOf(plain, tokens).micros, 2 * 50 + 8 * 50);
});
