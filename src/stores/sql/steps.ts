/** A big clean-up must not hold up the calls behind it: it is many small transactions. */

/** Rows removed by one of them. */
const PRUNE_STEP = 2_000;

/** Answers how many were removed in all. */
export const inSteps = async (remove: (limit: number) => Promise<number>, step = PRUNE_STEP): Promise<number> => {
  let total = 0;
  for (;;) {
    const removed = await remove(step);
    total += removed;
    if (removed < step) return total;
  }
};
