/** Embeddings: texts in, vectors out, as numbers or as the bytes of 32-bit floats in base64. */
import { Buffer } from 'node:buffer';
import { Fault } from '../../contract/index.ts';
import type { Answer, Ask } from '../ask.ts';
import { type About, type Dialect, lost } from '../dialect.ts';
import { readFailure } from '../models.ts';
import { answered, asked, known, others } from '../reading.ts';
import { writeFailure } from './common.ts';
import { readUsage } from './usage.ts';

const KNOWN = new Set(['model', 'input', 'encoding_format', 'user']);

const readAsk = (payload: unknown): Ask => {
  const fields = asked.fields(payload, 'the payload');
  const { input } = fields;
  const texts = typeof input === 'string' ? [input] : asked.list(input, 'input').map((one) => asked.text(one, 'input'));
  return { turns: [], texts, stream: false, rest: others(fields, KNOWN) };
};

const writeAsk = ({ texts, input }: Ask, about: About): unknown => {
  const said = texts ?? (typeof input === 'string' ? [input] : undefined);
  if (said === undefined) throw lost(about.from ?? 'plain', 'openai-embeddings', ['what is not text']);
  return { model: about.model, input: said, encoding_format: 'float' };
};

const readAnswer = (payload: unknown): Answer => {
  const fields = answered.fields(payload, 'the answer');
  const vectors = answered
    .list(fields['data'], 'data')
    .map((one) => vectorIn(answered.fields(one, 'data')['embedding']));
  return { parts: [], stop: 'end', vectors, rest: [], ...known({ use: readUsage(fields['usage']) }) };
};

export const vectorIn = (value: unknown): readonly number[] => {
  if (typeof value !== 'string')
    return answered.list(value, 'embedding').map((one) => answered.maybeNumber(one, 'embedding') ?? 0);
  const bytes = Buffer.from(value, 'base64');
  return Array.from({ length: Math.floor(bytes.byteLength / 4) }, (_, at) => bytes.readFloatLE(4 * at));
};

const writeAnswer = ({ vectors = [], use, model }: Answer, about: About): unknown => ({
  object: 'list',
  model: model ?? about.model,
  data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
  usage: { prompt_tokens: use?.input ?? 0, total_tokens: use?.input ?? 0 },
});

const never = (): never => {
  throw new Fault('bad_request', 'embeddings come at once, not as a stream');
};

export const embeddings: Dialect = {
  form: 'openai-embeddings',
  readAsk,
  writeAsk,
  readAnswer,
  writeAnswer,
  readEvents: never,
  writeEvents: never,
  readFailure,
  writeFailure,
};
