/**
 * Prices as a resource says them to prices as calls are charged: whole micro-USD, the dearest tier of the catalogue, rounded up.
 * The catalogue is large and rarely asked, so it is loaded when a resource names it.
 */
import type { ModelInfo, ModelPrice, TieredPrices } from '@pydantic/genai-prices';
import { moneyOf, type PriceEntry, type PriceSpec } from '../contract/index.ts';
import { didYouMean } from './problems.ts';

/** Prices that the catalogue knows about a model; a text completes a sentence about why there are none. */
export type Catalogue = (name: string, wallMs: number) => Partial<PriceEntry> | string;

export const openCatalogue = async (): Promise<Catalogue> => {
  const { calcPrice, findProvider } = await import('@pydantic/genai-prices');
  return (name, wallMs) => {
    const slash = name.indexOf('/');
    const [providerId, model] = [name.slice(0, slash), name.slice(slash + 1)];
    const provider = findProvider({ providerId });
    if (provider === undefined) return `names the provider \`${providerId}\`, which the price catalogue does not have`;
    const found = calcPrice({ input_tokens: 0 }, model, { provider, timestamp: new Date(wallMs) });
    if (found !== null) return dearest(found.model, wallMs);
    const hint = didYouMean(
      model,
      provider.models.map(({ id }) => id),
    );
    return `names the model \`${model}\`, which the price catalogue does not have for \`${providerId}\`${hint}`;
  };
};

/** `found`: what the catalogue says, when the spec names it. What the spec says itself wins. */
export const priceEntry = (spec: PriceSpec, found: Partial<PriceEntry>): PriceEntry => {
  const input = said(spec.inputPerMTok) ?? found.inputPerMTok ?? 0;
  return {
    inputPerMTok: input,
    outputPerMTok: said(spec.outputPerMTok) ?? found.outputPerMTok ?? 0,
    cacheReadPerMTok: said(spec.cacheReadPerMTok) ?? found.cacheReadPerMTok ?? input,
    cacheWritePerMTok: said(spec.cacheWritePerMTok) ?? found.cacheWritePerMTok ?? input,
    ...audioOf(found),
    perCall: said(spec.perCall) ?? said(spec.worstCase) ?? 0,
    bytesPerToken: spec.bytesPerToken,
  };
};

const audioOf = ({
  inputAudioPerMTok: input,
  outputAudioPerMTok: output,
}: Partial<PriceEntry>): Partial<PriceEntry> => ({
  ...(input === undefined ? {} : { inputAudioPerMTok: input }),
  ...(output === undefined ? {} : { outputAudioPerMTok: output }),
});

const said = (price: PriceSpec['perCall']): number | undefined => (price === undefined ? undefined : moneyOf(price));

/** Over everything that may apply from now on: times of the day, and prices that begin later. */
const dearest = ({ prices }: ModelInfo, wallMs: number): Partial<PriceEntry> => {
  const applicable = Array.isArray(prices) ? fromNowOn(prices, wallMs) : [prices];
  const most = (key: string): number | undefined => {
    const all = applicable.map((one) => one[key]).filter((price) => price !== undefined);
    return all.length === 0 ? undefined : Math.max(...all.map(microsOf));
  };
  const known = {
    inputPerMTok: most('input_mtok'),
    outputPerMTok: most('output_mtok'),
    cacheReadPerMTok: most('cache_read_mtok'),
    cacheWritePerMTok: most('cache_write_1h_mtok') ?? most('cache_write_mtok'),
    inputAudioPerMTok: most('input_audio_mtok'),
    outputAudioPerMTok: most('output_audio_mtok'),
  };
  return Object.fromEntries(Object.entries(known).filter(([, price]) => price !== undefined));
};

type Conditional = Exclude<ModelInfo['prices'], ModelPrice>;

/** The catalogue lists the earliest first, and the last one that has begun replaces those before it. */
const fromNowOn = (prices: Conditional, wallMs: number): readonly ModelPrice[] => {
  const begun = prices.findLastIndex(
    ({ constraint }) => constraint?.type === 'start_date' && Date.parse(constraint.start_date) <= wallMs,
  );
  return prices.slice(Math.max(0, begun)).map((one) => one.prices);
};

const microsOf = (price: number | TieredPrices): number =>
  typeof price === 'number'
    ? microsUp(price)
    : Math.max(microsUp(price.base), ...price.tiers.map((tier) => microsUp(tier.price)));

/** Exact from the shortest decimal that means this number, and up: 0.0000001 USD is a micro and not nothing. */
export const microsUp = (usd: number): number => {
  const [, whole = '0', fraction = '', exponent = '0'] = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/.exec(String(usd)) ?? [];
  const shift = 6 + Number(exponent) - fraction.length;
  const digits = BigInt(whole + fraction);
  if (shift >= 0) return Number(digits * 10n ** BigInt(shift));
  const unit = 10n ** BigInt(-shift);
  return Number((digits + unit - 1n) / unit);
};
