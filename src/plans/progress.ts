/** How far a run is, in words of ours only: nothing that an agent wrote is part of it. */
import type { RunProgress, StepKey } from '../contract/index.ts';
import { isEnd, isOver, type State, stateOf, statusOf } from './state.ts';

/** Of steps that are under way, so many are named. */
const MOST_NAMED = 3;

/** Counts each of a fan-out once that is known, and what takes back; neither count ever falls while the run goes on. */
export const progressIn = (state: State): RunProgress => {
  let [done, total] = [0, 0];
  for (const id of state.definition.steps.keys()) {
    const fan = state.fanOf(id);
    done += fan === undefined || isEnd(state.of(id).status) ? Number(isEnd(statusOf(state, id))) : fan.ok + fan.bad;
    total += fan?.items.length ?? 1;
  }
  for (const instance of state.instances.values()) {
    if (!instance.key.startsWith('~') || instance.status === 'pending') continue;
    done += Number(isOver(state, instance));
    total += 1;
  }
  return { done, total, message: `${WORDS[stateOf(state)] ?? ''}${done} of ${total} steps are over${doing(state)}` };
};

const WORDS: Partial<Record<ReturnType<typeof stateOf>, string>> = {
  paused: 'paused: ',
  held: 'held, because nobody knows whether a step ran: ',
  compensating: 'taking back what ran: ',
  cancelling: 'cancelled, and taking back what ran: ',
};

const doing = (state: State): string => {
  const words = [...state.open].map((key) => wordFor(state, key)).filter((word) => word !== undefined);
  if (words.length === 0) return '';
  const more = words.length > MOST_NAMED ? ` and ${words.length - MOST_NAMED} more` : '';
  return `; ${words.slice(0, MOST_NAMED).join(', ')}${more}`;
};

const wordFor = (state: State, key: StepKey): string | undefined => {
  const { status } = state.of(key);
  if (status === 'asked') return `\`${key}\` waits for people`;
  if (status === 'dispatched' || status === 'intent') return `\`${key}\` is under way`;
  return status === 'sleeping' ? `\`${key}\` waits` : undefined;
};
