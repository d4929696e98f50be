/** The variables of an expression: only what it names is made, and what it names is fetched before. */
import type { CelInput } from '@bufbuild/cel';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { StepResult } from '../contract/index.ts';
import { celOf, type Expression } from './expression/index.ts';
import type { Given } from './given.ts';
import { unionOf } from './result.ts';
import { keyOf, type State, statusOf } from './state.ts';

/** Where an expression stands. */
export interface Place {
  readonly step: string;
  readonly index: number | null;
  /** It takes the step back, and sees what the step answered. */
  readonly isBack: boolean;
}

/** A result is not here yet: the decision is made once more when it is. */
export class NotHere {
  readonly result: StepResult;

  constructor(result: StepResult) {
    this.result = result;
  }
}

/** Throws NotHere, and RangeError for a result that is no JSON. */
export const valuesFor = (
  expressions: readonly Expression[],
  state: State,
  given: Given,
  place: Place | undefined,
): Readonly<Record<string, CelInput>> => {
  const steps = new Map<string, CelInput>();
  for (const { mentions } of expressions)
    for (const { step, field } of mentions) {
      const known = (steps.get(step) as Map<string, CelInput> | undefined) ?? new Map<string, CelInput>();
      for (const one of field === undefined ? FIELDS : [field]) put(known, one, step, { state, given, place });
      steps.set(step, known);
    }
  const run = new Map<string, CelInput>([
    ['id', given.head.id],
    ['startedAt', timestampFromMs(given.head.startedAtMs)],
  ]);
  return { input: given.input, steps, run, ...itemOf(state, place) };
};

const FIELDS = ['result', 'results', 'state', 'error'] as const;

interface Around {
  readonly state: State;
  readonly given: Given;
  readonly place: Place | undefined;
}

const put = (into: Map<string, CelInput>, field: string, step: string, { state, given, place }: Around): void => {
  const isFan = state.definition.steps.get(step)?.forEach !== undefined;
  if (field === 'state') into.set(field, statusOf(state, step));
  else if (field === 'error') into.set(field, errorOf(state, step));
  else if (field === 'results' && isFan)
    into.set(
      field,
      (state.fanOf(step)?.items ?? []).map((_, at) => celIn(state.of(keyOf(step, at)).result, given)),
    );
  else if (field === 'result' && (!isFan || place?.step === step))
    into.set(field, celIn(state.of(keyOf(step, isFan ? place!.index : null)).result, given));
};

const celIn = (result: StepResult | null, given: Given): CelInput => {
  if (result === null) return null;
  const reading = given.read(result);
  if (reading === undefined) throw new NotHere(result);
  if ('problem' in reading) throw new RangeError(reading.problem);
  return reading.cel;
};

const errorOf = (state: State, step: string): CelInput => {
  const { status, message } = state.of(step);
  if (status === 'failed' || status === 'denied' || status === 'cancelled') return message;
  return statusOf(state, step) === 'failed' ? (firstBad(state, step)?.message ?? null) : null;
};

/** Of a fan-out, by index. */
export const firstBad = (
  state: State,
  step: string,
): { readonly key: string; readonly message: string } | undefined => {
  const items = state.fanOf(step)?.items ?? [];
  for (let at = 0; at < items.length; at += 1) {
    const { key, status, message } = state.of(keyOf(step, at));
    if (status !== 'ok' && status !== 'pending' && status !== 'dispatched') return { key, message };
  }
  return undefined;
};

const itemOf = (state: State, place: Place | undefined): Readonly<Record<string, CelInput>> => {
  if (place === undefined || place.index === null) return {};
  return { item: celOf(state.fanOf(place.step)?.items[place.index]), index: BigInt(place.index) };
};

/** Everything that goes into what these come to. */
export const taintOf = (
  expressions: readonly Expression[],
  state: State,
  given: Given,
  place: Place | undefined,
): readonly string[] => {
  const marks: (readonly string[])[] = [];
  for (const { names, mentions } of expressions) {
    if (names.has('input')) marks.push(given.head.taint);
    for (const { step } of mentions) marks.push(...taintsOf(state, step, place));
    const forEach = place === undefined ? undefined : state.definition.steps.get(place.step)?.forEach;
    if ((names.has('item') || names.has('index')) && forEach !== undefined)
      marks.push(taintOf([forEach], state, given, undefined));
  }
  return unionOf(...marks);
};

const taintsOf = (state: State, step: string, place: Place | undefined): readonly (readonly string[])[] => {
  const fan = state.fanOf(step);
  if (fan === undefined) return [state.of(step).result?.taint ?? []];
  if (place?.step === step) return [state.of(keyOf(step, place.index)).result?.taint ?? []];
  return fan.items.map((_, at) => state.of(keyOf(step, at)).result?.taint ?? []);
};
