/** The promises about models: what an answer reads and writes is paid for by what the model says, and a broken one by what came. */
import assert from 'node:assert/strict';
import { type Bench, type Case, definite, isNoWord, until } from './bench.ts';
import type { CallerName } from './deployment.ts';
import { DIALECTS, documentsIn, type Heard } from './dialects.ts';
import { entryOf } from './records.ts';
import { BREAK_OFF, USED, WORDS } from './script.ts';

const OPENAI = DIALECTS.find(({ name }) => name === 'OpenAI chat')!;

const CAP = USED.written;

const chat = async (
  bench: Bench,
  name: string,
  more: { stream?: boolean; caller?: CallerName } = {},
): Promise<Heard> => {
  const { caller = 'alice', stream = false } = more;
  const asked = { kind: 'model', name, operation: 'chat', args: '"how is it?"', maxTokens: CAP, stream } as const;
  const heard = await definite(
    async () => (await OPENAI.ask(bench.deployment.entrance(caller), asked))!,
    async ({ raw }) => isNoWord(raw),
  );
  bench.heard(`${caller} model/${name}/chat${stream ? ' as a stream' : ''}`, heard);
  return heard;
};

/** What the record of the call says it came to; waits for it. */
const came = async (bench: Bench, callId: string): Promise<Readonly<Record<string, unknown>>> => {
  let attributes: Readonly<Record<string, unknown>> = {};
  await until(async () => {
    attributes = entryOf(await bench.deployment.events(callId, 1), callId)?.attributes ?? {};
    return attributes['cost.micros'] !== undefined;
  });
  return attributes;
};

const believed = (attributes: Readonly<Record<string, unknown>>): void => {
  const { 'cost.micros': micros, 'usage.input_tokens': read, 'usage.output_tokens': written } = attributes;
  assert.deepEqual({ micros, read, written }, { ...USED });
  assert.equal(attributes['usage.flags'], undefined);
};

const said = (raw: string): string =>
  documentsIn(raw)
    .flatMap((one) => (one as { choices?: readonly { delta?: { content?: string } }[] }).choices ?? [])
    .map(({ delta }) => delta?.content ?? '')
    .join('');

export const MODEL_PROMISES: readonly Case[] = [
  {
    promise:
      'an answer of a model costs what the model says it used, whole or as a stream, and the record has the tokens',
    check: async (bench) => {
      for (const stream of [false, true]) {
        const heard = await chat(bench, 'oracle', { stream });
        assert.equal(heard.code, 'ok', heard.raw);
        if (stream) assert.equal(said(heard.raw), WORDS.join(''));
        believed(await came(bench, heard.callId));
      }
      assert.equal(bench.ran().length, 2);
    },
  },
  {
    promise: 'a stream of a model that breaks costs what came of it, and says that nobody counted',
    check: async (bench) => {
      const { url, key } = bench.deployment.entrance('alice');
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: JSON.stringify({ model: 'oracle', stream: true, messages: [{ role: 'user', content: BREAK_OFF }] }),
      });
      const callId = response.headers.get('airspace-call-id') ?? '';
      assert.equal(response.status, 200);
      let raw = '';
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        raw += chunk;
        if (said(raw) === WORDS.join('')) bench.ran()[0]!.release();
      }
      assert.match(raw, /"error"/, 'a stream that breaks does not look like one that ended');
      bench.heard('alice model/oracle/chat that breaks', { status: response.status, code: 'ok', callId });
      const attributes = await came(bench, callId);
      assert.deepEqual(attributes['usage.flags'], ['cut', 'missing']);
      // Three bytes are a token, where nobody says how many there were.
      assert.equal(attributes['usage.output_tokens'], Math.ceil(WORDS.join('').length / 3));
      assert.equal(bench.ran().length, 1, 'nobody begins it again');
    },
  },
  {
    promise: 'a budget in tokens lets so many through and no more, wherever the next call comes in',
    check: async (bench) => {
      for (let n = 0; n < 2; n++) {
        const heard = await chat(bench, 'ration');
        assert.equal(heard.code, 'ok', heard.raw);
        believed(await came(bench, heard.callId));
      }
      for (const caller of ['alice', 'bob', 'mallory'] as const) {
        const { status, code, raw } = await chat(bench, 'ration', { caller });
        assert.deepEqual([status, code], [402, 'budget_exhausted'], raw);
      }
      assert.equal(bench.ran().length, 2);
    },
  },
];
