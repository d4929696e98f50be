/** Steps in their order: which begins, which is skipped, which wakes, and what the run answers when all are over. */
import type { RunBlob, RunFact, StepResult } from '../contract/index.ts';
import { jsonResult, textResult, unionOf } from './result.ts';
import type { Round } from './round.ts';
import type { Step } from './shape.ts';
import { refused } from './starting.ts';
import { type Instance, isEnd, keyOf, PENDING, type State, statusOf } from './state.ts';
import { NotHere, taintOf, valuesFor } from './values.ts';

/** All fan-outs of a run together. */
export const MOST_INSTANCES = 10_000;
/** Of the list that a fan-out goes through, as text. */
const MOST_ITEMS_TEXT = 1_048_576;

export const stepFacts = (round: Round): void => {
  const { state } = round;
  let isOver = true;
  for (const step of state.definition.steps.values()) {
    const status = statusOf(state, step.id);
    if (isEnd(status)) continue;
    isOver = false;
    if (state.fanOf(step.id) !== undefined) fanned(round, step);
    else if (status === 'pending') ready(round, step);
    else under(round, step, state.of(step.id));
  }
  if (isOver) round.loading(() => finish(round));
};

/** It waits for nothing but its turn, or for steps that are not over. */
const ready = (round: Round, step: Step): void => {
  const { state } = round;
  const before = step.needs.map((need) => ({ need, status: statusOf(state, need) }));
  if (before.some(({ status }) => !isEnd(status))) return;
  const bad = before.filter(({ status }) => status !== 'ok');
  const isMet = step.spec.join === 'any' ? bad.length < before.length : bad.length === 0;
  if (!isMet) {
    const { need, status } = bad[0]!;
    round.facts.push({ kind: 'skipped', step: step.id, why: `\`${need}\` is \`${status}\`` });
    return;
  }
  const fact = round.loading(() => firstFact(round, step));
  if (fact === undefined || fact === null) return;
  round.facts.push(fact);
};

/** Null: it is a call, and is to begin. */
const firstFact = (round: Round, step: Step): RunFact | null => {
  const { state, given } = round;
  const instance = state.of(step.id);
  try {
    const { when, forEach, until } = step;
    if (when !== undefined) {
      const answer = when.evaluate(valuesFor([when], state, given, undefined));
      if (typeof answer !== 'boolean') throw new RangeError('`when` comes to no bool');
      if (!answer) return { kind: 'skipped', step: step.id, why: `\`${when.text}\` is false` };
    }
    if (forEach !== undefined)
      return expanded(step, forEach.evaluate(valuesFor([forEach], state, given, undefined)), state);
    if (until !== undefined) {
      const untilMs = until.evaluateInstant(valuesFor([until], state, given, undefined));
      return { kind: 'sleeping', step: step.id, untilMs };
    }
  } catch (thrown) {
    if (thrown instanceof RangeError) return refused(instance, 'bad_request', thrown.message);
    throw thrown;
  }
  const { wait } = step.spec;
  if (wait !== undefined && 'ms' in wait) return { kind: 'sleeping', step: step.id, untilMs: given.nowMs + wait.ms };
  if (wait !== undefined && 'signal' in wait) return wokenBy(wait.signal, step, round);
  if (step.sending !== null) round.start(instance, step.sending);
  return null;
};

/** Each signal wakes one, and two that wait for the same one take turns. */
const wokenBy = (name: string, { id }: Step, { state, signals }: Round): RunFact | null => {
  const signal = state.whole.signals.find((one) => one.name === name && !signals.has(one.seq));
  if (signal === undefined) return null;
  signals.add(signal.seq);
  return { kind: 'woken', step: id, result: textResult(signal.body, [`signal/${name}`]) };
};

const expanded = (step: Step, list: unknown, state: State): RunFact => {
  if (!Array.isArray(list)) throw new RangeError('`forEach` comes to no list');
  let many = list.length;
  for (const id of state.definition.steps.keys()) many += state.fanOf(id)?.items.length ?? 0;
  if (many > MOST_INSTANCES)
    throw new RangeError(
      `\`forEach\` comes to ${list.length} items, and the run to ${many}; ${MOST_INSTANCES} are the most`,
    );
  const items = JSON.stringify(list);
  if (items.length > MOST_ITEMS_TEXT)
    throw new RangeError(`\`forEach\` comes to ${items.length} characters; ${MOST_ITEMS_TEXT} are the most`);
  return { kind: 'expanded', step: step.id, items };
};

/** Sleeping, or intended by somebody who is gone. */
const under = (round: Round, { spec, sending }: Step, instance: Instance): void => {
  if (spec.wait !== undefined) {
    if (instance.status === 'sleeping' && instance.untilMs <= round.given.nowMs)
      round.facts.push({ kind: 'woken', step: instance.key, result: null });
    return;
  }
  const isWaiting = instance.status === 'sleeping' || instance.status === 'intent';
  if (isWaiting && sending !== null) round.start(instance, sending);
};

const fanned = (round: Round, step: Step): void => {
  const { state } = round;
  const { sending } = step;
  const fan = state.fanOf(step.id);
  if (fan === undefined || sending === null) return;
  let isFull = false;
  let open = 0;
  for (const key of state.open) {
    if (!key.startsWith(`${step.id}[`)) continue;
    open += 1;
    under(round, step, state.of(key));
  }
  let left = fan.items.length - fan.begun;
  // Without a gap, the next one is the first that has not begun.
  for (
    let at = isPendingAt(state, step.id, fan.begun) && !hasGap(state, step.id, fan.begun) ? fan.begun : 0;
    left > 0 && !isFull;
    at += 1
  ) {
    if (!isPendingAt(state, step.id, at)) continue;
    if (open >= step.spec.parallel) return;
    left -= 1;
    const key = keyOf(step.id, at);
    if (round.start({ ...PENDING, ...state.of(key) }, sending)) open += 1;
    else isFull = true;
  }
};

const isPendingAt = (state: State, id: string, at: number): boolean => state.of(keyOf(id, at)).status === 'pending';

/** Only a run that is tried again has one. */
const hasGap = (state: State, id: string, begun: number): boolean => begun > 0 && isPendingAt(state, id, begun - 1);

const finish = (round: Round): void => {
  try {
    const { result, blob } = outputOf(round);
    if (blob !== undefined) round.blobs.push(blob);
    round.facts.push({ kind: 'finished', state: 'done', output: result, message: '' });
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    round.facts.push({ kind: 'failing', step: null, because: `its output: ${thrown.message}` });
  }
};

const outputOf = ({ state, given }: Round): { readonly result: StepResult; readonly blob: RunBlob | undefined } => {
  const { output, last } = state.definition;
  if (output === null)
    return jsonResult(lastResults(state, last, given), unionOf(...last.flatMap((id) => taints(state, id))));
  const passed = output.whole === undefined ? null : state.of(output.whole).result;
  if (passed !== null) return { result: passed, blob: undefined };
  const expressions = output.expressions.map(({ expression }) => expression);
  const json = output.fill(valuesFor(expressions, state, given, undefined));
  return jsonResult(json, taintOf(expressions, state, given, undefined));
};

/** What is no JSON, or too much of it, is named and not repeated. */
const lastResults = (state: State, last: readonly string[], { read }: Round['given']): unknown => {
  const plain = (result: StepResult | null): unknown => {
    if (result === null) return null;
    const reading = read(result);
    if (reading === undefined) throw new NotHere(result);
    const { contentType, bytes, digest } = result;
    return 'problem' in reading ? { contentType, bytes, digest } : reading.json;
  };
  const of = (id: string): unknown => {
    const fan = state.fanOf(id);
    return fan === undefined
      ? plain(state.of(id).result)
      : fan.items.map((_, at) => plain(state.of(keyOf(id, at)).result));
  };
  return Object.fromEntries(last.map((id) => [id, of(id)]));
};

const taints = (state: State, id: string): readonly (readonly string[])[] => {
  const fan = state.fanOf(id);
  const keys = fan === undefined ? [id] : fan.items.map((_, at) => keyOf(id, at));
  return keys.map((key) => state.of(key).result?.taint ?? []);
};
