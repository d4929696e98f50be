/** Watches one call and says what it came to; what a stream writes beyond what was set aside is set aside before it goes on. */
import { Buffer } from 'node:buffer';
import type { Amounts, Attributes, Fault, PriceEntry, Reply } from '../contract/index.ts';
import { type Meter, payloadOf } from '../kernel/index.ts';
import { beyond, type Need, NO_TOKENS, NOTHING, needOf, plus, type Tokens } from './cost.ts';
import { type Estimate, tokensIn } from './estimate.ts';
import { ModelEvents } from './events.ts';
import { type Report, reportIn, weigh } from './usage.ts';

/** What a stream asks for at once. Small: it bounds what may be written before somebody is asked. */
export const CHUNK_TOKENS = 512;
/** Of a reply that comes in chunks although it is one document. */
const MOST_KEPT = 1024 * 1024;

export interface MeterParts {
  readonly price: PriceEntry | undefined;
  /** Null where tokens do not matter: nobody parses a reply then. */
  readonly estimate: Estimate | null;
  /** Output tokens that the call is capped at, and how many of them are set aside. */
  readonly cap: number;
  readonly output: number;
  /** Sets more aside. Throws `budget_exhausted`, which cuts the stream. */
  readonly extend: (more: Amounts) => Promise<void>;
  /** Once, at the end. */
  readonly done: (came: Came) => void;
}

export interface Came {
  readonly need: Need;
  /** Null when none were counted. */
  readonly tokens: Tokens | null;
  readonly flags: readonly string[];
  /** Tries that may have run besides the last one. */
  readonly lost: number;
}

export class CallMeter implements Meter {
  readonly #parts: MeterParts;
  readonly #events = new ModelEvents();
  #output: number;
  #kept: Uint8Array[] = [];
  #bytes = 0;
  #lost = 0;

  constructor(parts: MeterParts) {
    this.#parts = parts;
    this.#output = parts.output;
  }

  /** One try as it was set aside, extensions included. */
  get held(): Need {
    return this.#needFor(this.#output);
  }

  /** A try that may have run is about to be repeated: both cost. */
  async again(): Promise<void> {
    await this.#parts.extend(this.held);
    this.#lost += 1;
  }

  async chunk(bytes: Uint8Array): Promise<void> {
    const { estimate, cap } = this.#parts;
    this.#bytes += bytes.byteLength;
    if (estimate === null) return;
    if (!estimate.streams) {
      if (this.#bytes <= MOST_KEPT) this.#kept.push(bytes);
      else this.#kept = [];
      return;
    }
    this.#events.saw(bytes);
    const written = this.#written();
    if (written <= this.#output || this.#output >= cap) return;
    const output = Math.min(cap, written + CHUNK_TOKENS);
    await this.#parts.extend(beyond(this.#needFor(output), this.held));
    this.#output = output;
  }

  amounts(fault: Fault | undefined, reply: Reply | undefined): Amounts {
    const { tokens, need, flags } = this.#last(fault, reply);
    let total = need;
    for (let n = 0; n < this.#lost; n++) total = plus(total, this.held);
    this.#parts.done({ need: total, tokens, flags, lost: this.#lost });
    return total;
  }

  #last(fault: Fault | undefined, reply: Reply | undefined): Omit<Came, 'lost'> {
    const { price, estimate } = this.#parts;
    const none = { tokens: null, flags: [] };
    if (fault?.executed === 'no') return { ...none, need: NOTHING };
    if (estimate === null) return { ...none, need: needOf(price, NO_TOKENS) };
    // It may have run to its end, and nobody heard of it: all that was set aside is gone.
    if (reply === undefined) return { ...none, need: this.held, flags: ['unknown'] };
    const { report, output } = this.#seen(estimate, reply);
    const { tokens, flags } = weigh(report, { input: estimate.inputTokens, output, cap: this.#output });
    const need = needOf(price, tokens);
    const { held } = this;
    const isMore = need.micros > held.micros || need.tokens > held.tokens;
    return {
      need,
      tokens,
      flags: [...(fault === undefined ? [] : ['cut']), ...flags, ...(isMore ? ['overrun'] : [])],
    };
  }

  /** Parsed once, and by nobody else. */
  #seen(estimate: Estimate, reply: Reply): { readonly report: Report | undefined; readonly output: number } {
    if (reply.body.kind === 'stream' && estimate.streams)
      return { report: this.#events.report, output: this.#written() };
    const body =
      reply.body.kind === 'bytes' ? reply.body : { kind: 'bytes' as const, bytes: Buffer.concat(this.#kept) };
    const size = reply.body.kind === 'bytes' ? reply.body.bytes.byteLength : this.#bytes;
    return {
      report: reportOf(body, reply.contentType),
      output: estimate.outputCap === 0 ? 0 : tokensIn(size, this.#parts.price),
    };
  }

  #written(): number {
    const { textBytes, pieces } = this.#events;
    return Math.max(pieces, tokensIn(textBytes, this.#parts.price));
  }

  #needFor(output: number): Need {
    const { price, estimate } = this.#parts;
    return estimate === null ? needOf(price, NO_TOKENS) : worst(price, estimate, output);
  }
}

/** Of one document, or of events in the words of another protocol than those of models. */
const reportOf = (body: Extract<Reply['body'], { kind: 'bytes' }>, contentType: string): Report | undefined => {
  if (contentType.startsWith('text/event-stream')) {
    const events = new ModelEvents();
    events.saw(body.bytes);
    return events.report;
  }
  const payload = payloadOf({ body, contentType });
  return 'data' in payload ? reportIn(payload.data) : undefined;
};

/** Input at the dearest of what input may cost: nobody knows yet whether it will be written to a cache. */
export const worst = (
  price: PriceEntry | undefined,
  { inputTokens: input, sounds }: Estimate,
  output: number,
): Need => {
  const toCache = price !== undefined && price.cacheWritePerMTok > price.inputPerMTok;
  if (sounds && price?.inputAudioPerMTok !== undefined)
    return needOf(price, { input: 0, cacheWrite: 0, cacheRead: 0, output: 0, audioInput: input, audioOutput: output });
  return needOf(price, { input: toCache ? 0 : input, cacheWrite: toCache ? input : 0, cacheRead: 0, output });
};

/** On the trace of the call. */
export const attributesOf = ({ need, tokens, flags, lost }: Came, priced: boolean): Attributes => ({
  ...(priced ? { 'cost.micros': need.micros } : {}),
  ...(tokens === null
    ? {}
    : {
        'usage.input_tokens': tokens.input + tokens.cacheRead + tokens.cacheWrite + (tokens.audioInput ?? 0),
        'usage.output_tokens': tokens.output + (tokens.audioOutput ?? 0),
      }),
  ...(flags.length === 0 ? {} : { 'usage.flags': flags }),
  ...(lost === 0 ? {} : { 'cost.lost_tries': lost }),
});
