/** What tokens cost, in whole micro-USD and rounded up: a budget may be charged a millionth too much, never too little. */
import type { Amounts, PriceEntry, Unit } from '../contract/index.ts';

/** Tokens of one call. `cacheRead` and `cacheWrite` come on top of `input`. */
export interface Tokens {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  /** Sound, on top of `input` and `output`. Absent: none. */
  readonly audioInput?: number;
  readonly audioOutput?: number;
}

export const NO_TOKENS: Tokens = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 };

/** An amount in every unit that a budget may have. */
export type Need = Readonly<Record<Unit, number>>;

export const NOTHING: Need = { micros: 0, tokens: 0, calls: 0 };

const MTOK = 1_000_000;
const MOST = Number.MAX_SAFE_INTEGER;

/** One call that used these tokens. */
export const needOf = (price: PriceEntry | undefined, tokens: Tokens): Need => ({
  micros: price === undefined ? 0 : price.perCall + tokenMicros(price, tokens),
  tokens: Math.min(MOST, sumOf(tokens)),
  calls: 1,
});

const sumOf = ({ input, output, cacheRead, cacheWrite, audioInput = 0, audioOutput = 0 }: Tokens): number =>
  input + output + cacheRead + cacheWrite + audioInput + audioOutput;

const soundOf = (
  { audioInput = 0, audioOutput = 0 }: Tokens,
  price: PriceEntry,
): readonly (readonly [number, number])[] => [
  [audioInput, price.inputAudioPerMTok ?? price.inputPerMTok],
  [audioOutput, price.outputAudioPerMTok ?? price.outputPerMTok],
];

const tokenMicros = (price: PriceEntry, tokens: Tokens): number => {
  const sum =
    tokens.input * price.inputPerMTok +
    tokens.output * price.outputPerMTok +
    tokens.cacheRead * price.cacheReadPerMTok +
    tokens.cacheWrite * price.cacheWritePerMTok +
    soundOf(tokens, price).reduce((all, [count, each]) => all + count * each, 0);
  return Number.isSafeInteger(sum) ? Math.ceil(sum / MTOK) : exactly(price, tokens);
};

/** The same where a double would round. */
const exactly = (price: PriceEntry, tokens: Tokens): number => {
  const sum =
    BigInt(tokens.input) * BigInt(price.inputPerMTok) +
    BigInt(tokens.output) * BigInt(price.outputPerMTok) +
    BigInt(tokens.cacheRead) * BigInt(price.cacheReadPerMTok) +
    BigInt(tokens.cacheWrite) * BigInt(price.cacheWritePerMTok) +
    soundOf(tokens, price).reduce((all, [count, each]) => all + BigInt(count) * BigInt(each), 0n);
  const micros = (sum + BigInt(MTOK - 1)) / BigInt(MTOK);
  return micros > BigInt(MOST) ? MOST : Number(micros);
};

export const plus = (a: Need, b: Need): Need => ({
  micros: a.micros + b.micros,
  tokens: a.tokens + b.tokens,
  calls: a.calls + b.calls,
});

/** What is missing from `held` to `wanted`; never negative. */
export const beyond = (wanted: Need, held: Need): Amounts => ({
  micros: Math.max(0, wanted.micros - held.micros),
  tokens: Math.max(0, wanted.tokens - held.tokens),
  calls: Math.max(0, wanted.calls - held.calls),
});

/** Output tokens that `micros` buy. Infinity where output costs nothing. */
export const affordable = (price: PriceEntry, micros: number): number =>
  price.outputPerMTok === 0 ? Number.POSITIVE_INFINITY : Math.floor((Math.max(0, micros) * MTOK) / price.outputPerMTok);
