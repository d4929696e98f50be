/** The promises about limits: what policy takes away is gone and what it counts is counted, whatever way a call takes. */
import assert from 'node:assert/strict';
import type { Case } from './bench.ts';
import type { CallRequest } from './deployment.ts';

const LETTER: CallRequest = {
  caller: 'alice',
  operation: 'letter',
  body: '{"secret":"s3cret","number":12345678901234567890,"text":"dear echo"}',
  headers: { 'content-type': 'application/json' },
};

export const LIMIT_PROMISES: readonly Case[] = [
  {
    promise: 'redacted fields reach neither target nor caller, and a call beyond the rate reaches nobody',
    check: async (bench) => {
      const first = await bench.call(LETTER);
      assert.equal(first.status, 200);
      assert.equal(bench.ran()[0]?.body, '{"secret":"[redacted]","number":12345678901234567890,"text":"dear echo"}');
      assert.deepEqual(await first.json(), { secret: '[redacted]', number: '[redacted]', text: 'dear echo' });
      const plain = await bench.call({ ...LETTER, headers: { 'content-type': 'text/plain' } });
      assert.equal(plain.status, 403);
      assert.equal(((await plain.json())['facts'] as Record<string, unknown>)['code'], 'CANNOT_REDACT');
      assert.equal((await bench.call(LETTER)).status, 200, 'the second of two: a refused call is not counted');
      const third = await bench.call(LETTER);
      const problem = await third.json();
      assert.equal(third.status, 429);
      assert.equal(problem['code'], 'rate_limited');
      assert.deepEqual((problem['facts'] as Record<string, unknown>)['rules'], ['org/letters-are-private']);
      assert.equal(bench.ran().length, 2);
    },
  },
];
