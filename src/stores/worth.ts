/** Why an event keeps its trace, as it is written beside it. Without imports at run time, because a writer thread loads it too. */
import type { CallEvent, Counting, EventWorth } from '../contract/index.ts';

/** Empty: its trace is one of many. Where nobody judges it is kept. */
export const worthOf = (event: CallEvent, counting: Counting | undefined): EventWorth | '' =>
  counting?.worthOf === undefined ? 'unjudged' : (counting.worthOf(event) ?? '');
