/** Counts of tokens: a question as for messages, and one number. */
import { Fault } from '../../contract/index.ts';
import type { Dialect } from '../dialect.ts';
import { readFailure } from '../models.ts';
import { answered, known } from '../reading.ts';
import { readMessages, writeMessages } from './ask.ts';
import { writeFailure } from './messages.ts';

const never = (): never => {
  throw new Fault('bad_request', 'a count comes at once, not as a stream');
};

export const count: Dialect = {
  form: 'anthropic-count',
  readAsk: readMessages,
  writeAsk: (ask, about) => {
    const {
      max_tokens: _,
      stream: __,
      temperature: ___,
      top_p: ____,
      stop_sequences: _____,
      ...rest
    } = writeMessages(ask, about);
    return rest;
  },
  readAnswer: (payload) => {
    const input = answered.maybeNumber(answered.fields(payload, 'the answer')['input_tokens'], 'input_tokens');
    return { parts: [], stop: 'end', rest: [], use: known({ input }) };
  },
  writeAnswer: ({ use }) => ({ input_tokens: use?.input ?? 0 }),
  readEvents: never,
  writeEvents: never,
  readFailure,
  writeFailure,
};
