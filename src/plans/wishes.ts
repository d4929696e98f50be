/** What people ask of a run, as its history has it. What makes no sense any more when it comes is noted, and changes nothing. */
import { Fault, type RunFact, type RunWish, type StepKey } from '../contract/index.ts';
import { type Instance, isOver, partsOf, type State } from './state.ts';

/** Signals that nobody has waited for. More are no signals but a queue. */
const MOST_SIGNALS = 1_000;

type Wished = Extract<RunFact, { kind: 'wished' }> & { readonly seq: number; readonly atMs: number };

export const wished = (state: State, { wish, by, seq, atMs }: Wished, fresh: Omit<Instance, 'key'>): void => {
  const { whole } = state;
  if (wish.wish === 'retry') {
    if (whyNoRetry(state, wish.from) === undefined) again(state, wish.from, fresh, atMs);
    return;
  }
  if (whole.finished !== null) return;
  if (wish.wish === 'pause' || wish.wish === 'resume') state.set({ paused: wish.wish === 'pause' });
  else if (wish.wish === 'cancel' && whole.failing === null)
    state.set({ cancelled: true, cancelledBy: by, paused: false });
  else if (wish.wish === 'signal' && whole.signals.length < MOST_SIGNALS)
    state.set({ signals: [...whole.signals, { name: wish.name, body: wish.body, seq }] });
};

/** Throws `conflict` or `bad_request` for a wish that could only be noted. */
export const throwIfIdle = (state: State, run: string, wish: RunWish): void => {
  const { finished, failing } = state.whole;
  if (wish.wish === 'retry') {
    const why = whyNoRetry(state, wish.from);
    if (why !== undefined)
      throw new Fault('conflict', `step \`${wish.from}\` of run \`${run}\` cannot be tried again: ${why}`);
    return;
  }
  if (finished !== null) throw new Fault('conflict', `run \`${run}\` is over: \`${finished.state}\``);
  if (wish.wish === 'cancel' && failing !== null)
    throw new Fault('conflict', `run \`${run}\` is being given up already: ${failing.because}`);
  if (wish.wish === 'signal' && !waitsFor(state, wish.name))
    throw new Fault('bad_request', `no step of run \`${run}\` waits for signal \`${wish.name}\``);
};

const waitsFor = ({ definition, whole }: State, name: string): boolean => {
  if (definition.planner !== null && !whole.planned) return true;
  for (const { spec } of definition.steps.values())
    if (spec.wait !== undefined && 'signal' in spec.wait && spec.wait.signal === name) return true;
  return false;
};

/** Undefined: it can be. */
const whyNoRetry = (state: State, from: StepKey): string | undefined => {
  const { finished } = state.whole;
  const parts = partsOf(from);
  if (finished === null) return 'the run is not over';
  if (parts === undefined || !(state.instances.has(from) || state.fanOf(from) !== undefined))
    return 'there is no such step';
  if (finished.state !== 'failed' && finished.state !== 'stuck') return `the run is \`${finished.state}\``;
  if (parts.isBack !== (finished.state === 'stuck'))
    return parts.isBack ? 'it did not fail' : 'the run has begun to take things back; try what is stuck again';
  if (state.fanOf(from) === undefined && !isBad(state, state.of(from))) return 'it did not fail';
  return undefined;
};

const isBad = (state: State, instance: Instance): boolean =>
  instance.status !== 'ok' && instance.status !== 'skipped' && instance.status !== 'pending' && isOver(state, instance);

/** What ran well stays; what failed, and what was skipped because of it, begins anew. */
const again = (state: State, from: StepKey, fresh: Omit<Instance, 'key'>, atMs: number): void => {
  const { step, isBack } = partsOf(from)!;
  const behind = state.definition.behind.get(step) ?? new Set<string>();
  const anew = [...state.instances.values()].filter((instance) => {
    const parts = partsOf(instance.key)!;
    const isSkipped = instance.status === 'skipped' && behind.has(parts.step);
    if (parts.isBack !== isBack) return false;
    // What slept when the run was given up was not over.
    if (instance.status === 'sleeping') return true;
    return (isSkipped || isBad(state, instance)) && !isKeptBad(state, parts.step, step, behind);
  });
  state.set({ finished: null, paused: false, retriedAtMs: atMs });
  if (!isBack) state.set({ failing: null, cancelled: false });
  const begin = (instance: Instance): void => {
    const { key, ranSeq } = instance;
    state.put({ ...fresh, key, ranSeq, lost: lostBy(instance) }, false);
  };
  anew.forEach(begin);
  // What was over only because the run was given up is not over any more.
  [...state.instances.values()].filter((instance) => isCutShort(state, instance)).forEach(begin);
  for (const id of state.definition.steps.keys()) recount(state, id);
};

const isCutShort = (state: State, instance: Instance): boolean =>
  instance.status !== 'pending' && !state.open.has(instance.key) && !isOver(state, instance);

/** An optional step that failed is over, unless it is what is tried again, or behind it. */
const isKeptBad = ({ definition }: State, of: string, from: string, behind: ReadonlySet<string>): boolean =>
  of !== from && !behind.has(of) && definition.steps.get(of)?.spec.optional === true;

const lostBy = ({ lost, status, call, inDoubt }: Instance): readonly string[] =>
  status === 'unknown' && !inDoubt ? [...lost, call] : lost;

const recount = (state: State, id: string): void => {
  const fan = state.fanOf(id);
  if (fan === undefined) return;
  let [begun, ok, bad] = [0, 0, 0];
  for (let at = 0; at < fan.items.length; at += 1) {
    const instance = state.of(`${id}[${at}]`);
    if (instance.status === 'pending') continue;
    begun += 1;
    if (instance.status === 'ok') ok += 1;
    else bad += 1;
  }
  state.fan(id, { ...fan, begun, ok, bad, open: begun - ok - bad });
};
