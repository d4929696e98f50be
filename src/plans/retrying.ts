/** When a step is tried again, and when a run is given up. */
import { hash } from 'node:crypto';
import type { StepKey } from '../contract/index.ts';
import type { Sending } from './shape.ts';
import { CONFIRM_KEY, type Instance, isEnd, PLANNER_KEY, partsOf, type State, statusOf } from './state.ts';
import { firstBad } from './values.ts';

const LONGEST_MS = 3_600_000;
/** Of taking back: a step that should not have been is there until it succeeds. */
const LONGEST_BACK_MS = 300_000;

export const sendingOfKey = ({ definition }: State, key: StepKey): Sending | null => {
  const parts = partsOf(key);
  if (parts?.step === PLANNER_KEY) return definition.planner;
  if (parts?.step === CONFIRM_KEY) return definition.confirm;
  const step = definition.steps.get(parts?.step ?? '');
  return (parts?.isBack === true ? step?.compensate : step?.sending) ?? null;
};

/** Doubled with each attempt, and spread over its second half; the same run comes to the same. */
export const retriedAt = (state: State, { key, attempt, atMs }: Instance, run: string): number => {
  const backoffMs = sendingOfKey(state, key)?.backoffMs ?? 1_000;
  const longestMs = key.startsWith('~') ? Math.max(LONGEST_BACK_MS, backoffMs) : LONGEST_MS;
  const fullMs = Math.min(longestMs, backoffMs * 2 ** (attempt - 1));
  return Math.round(atMs + fullMs * (0.5 + 0.5 * chanceOf(`${run}/${key}/${attempt}`)));
};

const chanceOf = (seed: string): number => Number.parseInt(hash('sha256', seed, 'hex').slice(0, 8), 16) / 0x1_0000_0000;

/** Why the run cannot come to its end any more. */
export const afterFailure = (
  state: State,
  nowMs: number,
  deadlineAtMs: number,
): { readonly because: string; readonly step: StepKey | null } | undefined => {
  const { cancelled, cancelledBy } = state.whole;
  if (cancelled) return { because: `\`${cancelledBy}\` cancelled it`, step: null };
  for (const key of [PLANNER_KEY, CONFIRM_KEY]) {
    const { message } = state.of(key);
    if (isBad(statusOf(state, key))) return { because: `${NAMES[key]}: ${message}`, step: key };
  }
  for (const [id, { spec }] of state.definition.steps) {
    if (spec.optional) continue;
    const bad = (state.fanOf(id)?.bad ?? 0) > 0 ? firstBad(state, id) : undefined;
    if (bad !== undefined) return { because: `step \`${bad.key}\` failed: ${bad.message}`, step: bad.key };
    if (isBad(statusOf(state, id))) return { because: `step \`${id}\` failed: ${state.of(id).message}`, step: id };
  }
  if (nowMs >= deadlineAtMs && !isDone(state)) return { because: 'its time is over', step: null };
  return undefined;
};

/** What ran to its end while nobody was there to say so is not taken back for that. */
const isDone = (state: State): boolean => {
  const { definition, whole } = state;
  if (definition.planner !== null && !whole.planned) return false;
  return [...definition.steps.keys()].every((id) => isEnd(statusOf(state, id)));
};

const NAMES: Readonly<Record<string, string>> = {
  [PLANNER_KEY]: 'nobody could plan it',
  [CONFIRM_KEY]: 'people did not agree to it',
};

const isBad = (status: string): boolean => status === 'failed' || status === 'denied' || status === 'cancelled';
