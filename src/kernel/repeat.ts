/** Work that comes back at a pace, one time after the other. */
import type { Clock } from '../contract/index.ts';

/** Works after `firstMs`, and again `everyMs` after it was done. `work` must not reject. What it answers ends it: what runs then is finished, and is the last. */
export const repeat = (clock: Clock, everyMs: number, work: () => Promise<void>, firstMs = everyMs): (() => void) => {
  let over = false;
  const again = (): void => {
    void work().finally(() => {
      if (!over) timer = clock.after(everyMs, again);
    });
  };
  let timer = clock.after(firstMs, again);
  return () => {
    over = true;
    timer.cancel();
  };
};
