/**
 * What a call may come to, before anybody has counted: input from its bytes, output from the cap that it carries.
 *
 * Bytes divided by three is more tokens than the tokenizers of today make of English (about four bytes a token), code or CJK text
 * (three bytes a character and about a token each); what was set aside too much comes back when the call is over.
 */
import { type Call, formOf, type PriceEntry, type RoutePlan } from '../contract/index.ts';
import { payloadOf } from '../kernel/index.ts';

/** Given to calls for models that name no cap themselves: without one nothing could be promised about what they cost. */
export const DEFAULT_OUTPUT_TOKENS = 4_096;
const BYTES_PER_TOKEN = 3;

export interface Estimate {
  readonly inputTokens: number;
  /** Output tokens that the call is capped at, all answers together; null when it names no cap. */
  readonly outputCap: number | null;
  /** Asks for its answer as a stream of events, in the words of model APIs: what is sent there, not what our caller says. */
  readonly streams: boolean;
  /** Answers that it asks for at once. */
  readonly answers: number;
  /** Sound comes with it, or is asked for. */
  readonly sounds: boolean;
}

/** What providers of models do without a model: it reads and writes no tokens, although its answer may name some. */
const WITHOUT_MODEL: ReadonlySet<string> = new Set(['count', 'response.get', 'response.delete', 'response.cancel']);

/** Do tokens matter here? For anything else nobody opens a payload. */
export const countsTokens = ({ target, operation }: Pick<RoutePlan, 'target' | 'operation'>): boolean => {
  if (target.speech !== undefined && WITHOUT_MODEL.has(operation.name)) return false;
  return target.kind === 'model' || (operation.price !== undefined && hasTokenPrice(operation.price));
};

const hasTokenPrice = ({ inputPerMTok, outputPerMTok }: PriceEntry): boolean => inputPerMTok > 0 || outputPerMTok > 0;

/** What of a call says how large it is. */
export type Sized = Pick<Call, 'body' | 'contentType'>;

export const estimateOf = (call: Sized, price: PriceEntry | undefined): Estimate => {
  const { body } = call;
  const bytes = body.kind === 'bytes' ? body.bytes.byteLength : 0;
  const payload = payloadOf(call);
  const fields = 'data' in payload && isRecord(payload.data) ? payload.data : {};
  const answers = Math.max(1, count(fields['n']) ?? 1, count(fields['best_of']) ?? 1);
  // Vectors are no tokens.
  const isVector = formOf(call.contentType) === 'openai-embeddings';
  const caps = CAPS.map((name) => count(fields[name])).filter((cap) => cap !== undefined);
  return {
    inputTokens: tokensIn(bytes, price),
    outputCap: isVector ? 0 : caps.length === 0 ? null : Math.min(...caps) * answers,
    streams: fields['stream'] === true,
    answers,
    sounds: isSound(call, fields['modalities']),
  };
};

const isSound = ({ body }: Sized, modalities: unknown): boolean =>
  (Array.isArray(modalities) && modalities.includes('audio')) ||
  (body.kind === 'bytes' &&
    Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength).includes('"input_audio"'));

const CAPS = ['max_tokens', 'max_completion_tokens', 'max_output_tokens'] as const;

export const tokensIn = (bytes: number, price: PriceEntry | undefined): number =>
  Math.ceil(bytes / (price?.bytesPerToken ?? BYTES_PER_TOKEN));

const count = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? Math.ceil(value) : undefined;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
