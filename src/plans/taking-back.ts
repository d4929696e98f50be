/**
 * A run that was given up: what has not begun never does, what runs is waited for, and what ran is taken back, latest first.
 * Nothing is taken back before it is known of everything whether it ran.
 */
import type { RunState, StepKey } from '../contract/index.ts';
import type { Round } from './round.ts';
import { refused } from './starting.ts';
import { type Instance, isOver, partsOf, type State } from './state.ts';

export const takeBack = (round: Round, shown: RunState): void => {
  const { state } = round;
  const open = [...state.open].map((key) => state.of(key));
  const ahead = open.filter(({ key }) => !key.startsWith('~'));
  for (const instance of ahead)
    if (instance.status === 'intent' || instance.status === 'asked')
      round.facts.push(refused(instance, 'cancelled', 'the run was given up before it began', 'cancelled'));
  if (round.facts.length > 0 || ahead.some(({ status }) => status !== 'sleeping') || shown === 'paused') return;
  const newest = state.definition.spec.onFailure === 'stop' ? undefined : newestToTakeBack(state);
  if (newest === undefined) finish(round, endOf(state), because(state));
  else back(round, newest);
};

const newestToTakeBack = (state: State): Instance | undefined => {
  let newest: Instance | undefined;
  for (const instance of state.instances.values()) {
    const parts = partsOf(instance.key);
    if (instance.ranSeq === 0 || parts === undefined || parts.isBack) continue;
    if (state.definition.steps.get(parts.step)?.compensate == null) continue;
    if (state.of(backOf(instance.key)).ranSeq > 0) continue;
    if (newest === undefined || instance.ranSeq > newest.ranSeq) newest = instance;
  }
  return newest;
};

const backOf = (key: StepKey): StepKey => `~${key}`;

const back = (round: Round, { key }: Instance): void => {
  const { state } = round;
  const instance = state.of(backOf(key));
  const sending = state.definition.steps.get(partsOf(key)!.step)!.compensate!;
  if (instance.status === 'pending' || instance.status === 'sleeping' || instance.status === 'intent')
    round.start(instance, sending);
  else if (isOver(state, instance))
    finish(round, 'stuck', `step \`${key}\` could not be taken back: ${instance.message}; ${because(state)}`);
};

const finish = (round: Round, end: RunState, message: string): void =>
  void round.facts.push({ kind: 'finished', state: end, output: null, message });

const because = ({ whole }: State): string => whole.failing?.because ?? '';

const endOf = (state: State): RunState => {
  if (state.whole.cancelled) return 'cancelled';
  for (const { key, ranSeq } of state.instances.values()) if (ranSeq > 0 && key.startsWith('~')) return 'compensated';
  return 'failed';
};
