/** One form of payloads, read and written. Pure: whoever sends and receives is elsewhere. */
import { Fault, type Form, type TargetKind } from '../contract/index.ts';
import type { Answer, Ask, Delta, Failure } from './ask.ts';

/** What a payload does not say itself. */
export interface About {
  readonly kind: TargetKind;
  readonly operation: string;
  /** Name of the model at its provider. Empty: what the caller wrote. */
  readonly model: string;
  /** For ids that a dialect needs and nobody gave: hex, the same for the whole call. */
  readonly callId: string;
  /** Unix seconds. */
  readonly atS: number;
  /** The form that is translated from, for whoever has to say what is lost. Default: the target's own words. */
  readonly from?: Form;
}

export interface Dialect {
  readonly form: Form;
  /** Throws Fault `bad_request` for what is not of this form; the door has checked that it is JSON without double keys. */
  readAsk(payload: unknown, about: About): Ask;
  /** The JSON value of a request. Throws through `lost` what it has no words for. */
  writeAsk(ask: Ask, about: About): unknown;
  /** Throws Fault `upstream_invalid` for what is not of this form. */
  readAnswer(payload: unknown, about: About): Answer;
  writeAnswer(answer: Answer, about: About): unknown;
  /** Text of a stream of server-sent events. */
  readEvents(chunks: AsyncIterable<Uint8Array>, about: About): AsyncIterable<Delta>;
  writeEvents(deltas: AsyncIterable<Delta>, about: About): AsyncIterable<Uint8Array>;
  readFailure(payload: unknown, status: number): Failure;
  writeFailure(failure: Failure): unknown;
}

/** What is said to models, and means nothing to anybody else. */
const OF_MODELS = [
  'texts',
  'tools',
  'choice',
  'maxTokens',
  'temperature',
  'topP',
  'stop',
  'answerSchema',
] as const satisfies readonly (keyof Ask)[];

/** What of this an agent or a tool cannot be told. A client of Anthropic's API has to name a cap, so it wants nothing by that. */
export const saidToModels = (ask: Ask, { from }: About): readonly string[] =>
  OF_MODELS.filter((name) => ask[name] !== undefined && !(name === 'maxTokens' && from === 'anthropic-messages'));

/** What one dialect says and another has no words for. Nothing is left out silently. */
export const lost = (from: Form, to: Form, what: readonly string[]): Fault =>
  new Fault(
    'bad_request',
    `what \`${from}\` says here cannot be said in \`${to}\`: ${what.map((one) => `\`${one}\``).join(', ')}; leave it out, or call a target that speaks \`${from}\``,
    { facts: { from, to, lost: what } },
  );
