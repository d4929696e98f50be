/** What the records of calls say, read once and in one place: attribute names of the hub are known here only. */
import type { CallEvent, StepEvent } from '../../../src/contract/index.ts';

export type Attributes = CallEvent['attributes'];

export const textOf = (value: Attributes[string] | undefined): string =>
  value === undefined || value === null ? '' : Array.isArray(value) ? value.join(', ') : String(value);

export const listOf = (value: Attributes[string] | undefined): readonly string[] =>
  Array.isArray(value) ? value.map(String) : value === undefined || value === '' ? [] : [String(value)];

const numberOf = (value: Attributes[string] | undefined): number => (typeof value === 'number' ? value : 0);

/** Micro-USD. Only the node that charged a call has its cost, so nothing is counted twice. */
export const costOf = ({ attributes }: Pick<CallEvent, 'attributes'>): number => numberOf(attributes['cost.micros']);

export const isPriced = ({ attributes }: Pick<CallEvent, 'attributes'>): boolean =>
  typeof attributes['cost.micros'] === 'number';

export const tokensOf = ({ attributes }: Pick<CallEvent, 'attributes'>): number =>
  numberOf(attributes['usage.input_tokens']) + numberOf(attributes['usage.output_tokens']);

export const targetText = ({ target }: Pick<CallEvent, 'target'>): string =>
  `${target.kind}/${target.name}/${target.operation}`;

export const callerText = ({ principal }: Pick<CallEvent, 'principal'>): string =>
  principal === null ? 'nobody' : `${principal.kind}/${principal.id}`;

const stepsNamed = ({ steps }: Pick<CallEvent, 'steps'>, name: string): readonly StepEvent[] =>
  steps.filter((step) => step.name === name);

/** People are asked about it: its caller got a handle, and the call itself is yet to come. */
export const isHeld = (event: Pick<CallEvent, 'steps' | 'httpStatus'>): boolean =>
  event.httpStatus === 202 && stepsNamed(event, 'hold').some(({ attributes }) => attributes['outcome'] !== 'granted');

export const attemptsOf = (event: Pick<CallEvent, 'steps'>): number => stepsNamed(event, 'attempt').length;

export const rulesOf = (event: CallEvent): readonly string[] => listOf(event.attributes['policy.rule']);

/** Why it did not go well, in the words of the node; empty when it did. */
export const messageOf = ({ status, code, attributes }: CallEvent): string =>
  status === 'ok' ? '' : textOf(attributes['message']) || code;

/** More than one node may tell of the same span; the last word counts. */
export const keyOf = ({ node, span }: Pick<CallEvent, 'node' | 'span'>): string => `${node}/${span}`;
