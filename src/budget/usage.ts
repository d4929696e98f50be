/**
 * Tokens as a target reports them, in the words of the model APIs that there are. What it says is a claim: it counts inside what
 * can be true, and everything else is clamped or replaced by what we counted, and flagged (T23).
 */
import type { Tokens } from './cost.ts';

/** One report; fields that are absent were not said. */
export interface Report {
  readonly input?: unknown;
  readonly output?: unknown;
  readonly cacheRead?: unknown;
  readonly cacheWrite?: unknown;
  /** Sound, which is in neither `input` nor `output`. */
  readonly audioInput?: unknown;
  readonly audioOutput?: unknown;
}

/** The report in a reply or in one event of a stream; undefined when there is none. */
export const reportIn = (json: unknown): Report | undefined => {
  const usage =
    field(json, 'usage') ?? field(field(json, 'message'), 'usage') ?? field(field(json, 'response'), 'usage');
  if (typeof usage !== 'object' || usage === null) return translatedIn(json);
  // OpenAI counts what came from the cache, or went into it, as a part of the input, Anthropic beside it.
  const details = field(usage, 'prompt_tokens_details') ?? field(usage, 'input_tokens_details');
  const cached = field(details, 'cached_tokens');
  const written = field(details, 'cache_write_tokens');
  const input = first(field(usage, 'prompt_tokens'), field(usage, 'input_tokens'), field(usage, 'inputTokens'));
  const heard = field(details, 'audio_tokens');
  const inside = [cached, written, heard].filter(isCount).reduce((sum, each) => sum + each, 0);
  const spoken = field(
    field(usage, 'completion_tokens_details') ?? field(usage, 'output_tokens_details'),
    'audio_tokens',
  );
  const output = first(field(usage, 'completion_tokens'), field(usage, 'output_tokens'), field(usage, 'outputTokens'));
  return defined({
    input: isCount(input) && inside <= input ? input - inside : input,
    // What a stream says at its beginning is what it has written by then.
    output:
      field(json, 'type') === 'message_start'
        ? undefined
        : isCount(output) && isCount(spoken) && spoken <= output
          ? output - spoken
          : output,
    cacheRead: first(field(usage, 'cache_read_input_tokens'), cached),
    cacheWrite: first(field(usage, 'cache_creation_input_tokens'), written),
    ...(isCount(heard) && heard > 0 ? { audioInput: heard } : {}),
    ...(isCount(spoken) && spoken > 0 ? { audioOutput: spoken } : {}),
  });
};

/** What a model said of an answer that was translated since: in metadata, because other protocols have no place for tokens. */
const translatedIn = (json: unknown): Report | undefined => {
  const holders = [
    ...['message', 'task', 'statusUpdate'].map((name) => field(field(field(json, name), 'metadata'), 'usage')),
    ...[json, field(json, 'result')].map((result) => field(field(result, '_meta'), 'dev.airspace/usage')),
  ];
  const use = holders.find((one) => typeof one === 'object' && one !== null);
  if (use === undefined) return undefined;
  const [input, cacheRead, cacheWrite] = ['input', 'cacheRead', 'cacheWrite'].map((name) => field(use, name));
  const inside = [cacheRead, cacheWrite].filter(isCount).reduce((sum, each) => sum + each, 0);
  return defined({
    input: isCount(input) && inside <= input ? input - inside : input,
    output: field(use, 'output'),
    cacheRead,
    cacheWrite,
  });
};

/** Later reports of a stream complete or replace earlier ones. */
export const merged = (before: Report | undefined, after: Report): Report => ({ ...before, ...after });

/** What a call was expected to use, and what was counted of its reply. */
export interface Counted {
  readonly input: number;
  readonly output: number;
  /** Output that was set aside. */
  readonly cap: number;
}

export interface Weighed {
  readonly tokens: Tokens;
  /** Empty when the report was believed: `missing`, `invalid`, `clamped`. */
  readonly flags: readonly string[];
}

/** How much more than expected can still be true: another tokenizer, hidden reasoning. Beyond it, it is a defect or a lie. */
const MOST_TIMES = 4;
/** Input that a short payload can stand for: a picture or a document behind a URL. */
const HIDDEN_INPUT = 4_096;

export const weigh = (report: Report | undefined, counted: Counted): Weighed => {
  if (report === undefined)
    return {
      tokens: { input: counted.input, output: counted.output, cacheRead: 0, cacheWrite: 0 },
      flags: ['missing'],
    };
  const flags = new Set<string>();
  const read = (value: unknown, otherwise: number, most: number): number => {
    if (value === undefined || value === null) return otherwise;
    if (!isCount(value)) {
      flags.add('invalid');
      return otherwise;
    }
    if (value > most) flags.add('clamped');
    return Math.min(value, most);
  };
  const mostInput = MOST_TIMES * Math.max(counted.input, HIDDEN_INPUT);
  const mostOutput = MOST_TIMES * Math.max(counted.cap, counted.output, 64);
  const tokens = {
    input: read(report.input, counted.input, mostInput),
    output: read(report.output, counted.output, mostOutput),
    cacheRead: read(report.cacheRead, 0, mostInput),
    cacheWrite: read(report.cacheWrite, 0, mostInput),
    ...(report.audioInput === undefined ? {} : { audioInput: read(report.audioInput, 0, mostInput) }),
    ...(report.audioOutput === undefined ? {} : { audioOutput: read(report.audioOutput, 0, mostOutput) }),
  };
  if (report.input === undefined || (report.output === undefined && counted.cap > 0)) flags.add('missing');
  return { tokens, flags: [...flags].sort() };
};

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

const field = (holder: unknown, name: string): unknown =>
  typeof holder === 'object' && holder !== null && Object.hasOwn(holder, name)
    ? (holder as Record<string, unknown>)[name]
    : undefined;

const first = (...values: readonly unknown[]): unknown => values.find((value) => value !== undefined && value !== null);

const defined = (report: Report): Report =>
  Object.fromEntries(Object.entries(report).filter(([, value]) => value !== undefined && value !== null));
