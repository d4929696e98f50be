/**
 * Tells runs at once of what became of their calls where no caller brings it back: people have answered, or somebody found out what
 * became of an unknown one. Without it a run would hear of that when it looks at the store the next time.
 */
import type { CallJournal } from '../../contract/index.ts';
import { journalWith } from '../../kernel/index.ts';

/** The same journal; `wake` gets tenant, run and call after each transaction that has written the end of a step. It must not throw. */
export const waking = (calls: CallJournal, wake: (tenant: string, run: string, call: string) => void): CallJournal =>
  journalWith(calls, {
    end: async (end) => {
      const ended = await calls.end(end);
      if (end.step !== undefined) wake(end.tenant, end.step.run, end.id);
      return ended;
    },
    resolve: async (resolution) => {
      const isResolved = await calls.resolve(resolution);
      const { tenant, id, step } = resolution;
      if (isResolved && step !== undefined) wake(tenant, step.run, id);
      return isResolved;
    },
  });
