/** Why an event keeps its trace, as it is written beside it. Without imports at run time, because a writer thread loads it too. */
import type { CallEvent, Counting, EventWorth, TaskOutcome } from '../contract/index.ts';

/** Empty: its trace is one of many. Where nobody judges it is kept. */
export const worthOf = (event: CallEvent, counting: Counting | undefined): EventWorth | '' =>
  counting?.worthOf === undefined ? 'unjudged' : (counting.worthOf(event) ?? '');

/** Below it work went badly, whatever its result says. */
const LOW_SCORE = 0.5;

/** What somebody said of how the work ended keeps its trace as well, when it did not end well. */
export const isBadOutcome = ({ result, score = 1 }: TaskOutcome): boolean =>
  result !== 'completed' || score < LOW_SCORE;
