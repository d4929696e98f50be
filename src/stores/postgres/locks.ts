/** Which commands of several hubs may run beside each other, and which wait for their turn. */
import type { ArgsOf, Writers } from '../sql/index.ts';

/** Second number of our advisory locks; the first is made from the name of the schema. */
export const LOCKS = { migrate: 1, write: 2 } as const;

type Subjects = { readonly [K in keyof Writers]?: (args: ArgsOf<Writers[K]>) => readonly string[] | null };

/**
 * Commands that one statement decides: PostgreSQL lets rows and unique keys pass one transaction at a time, and looks again
 * after it has waited, so no lock of ours is needed, and neither `serializable` nor its retries. They answer what they are
 * about: within a group those about the same thing keep their order, and the others are sent without waiting for answers.
 *
 * INVARIANT: what is missing here looks before it writes, and trusts that nobody comes in between. Its whole group runs alone
 * among all hubs. So a new command is safe before anybody has thought about it, and joins this list when that was shown.
 */
const BESIDE: Subjects = {
  acceptCall: ({ id, unique_key }) => (unique_key === null ? [id] : [id, unique_key]),
  concludeCall: ({ id }) => [id],
  nextOf: ({ name }) => [`sequence ${name}`],
  putToken: ({ hash }) => [`token ${hash}`],
  takeToken: ({ hash }) => [`token ${hash}`],
  appendEvents: () => [],
  // Two hubs that remove the same old rows may deadlock; one of them is told to try again, and finds them gone.
  pruneCalls: () => ['prune'],
  pruneEvents: () => ['prune'],
  pruneUsage: () => ['prune'],
  removeOldest: () => ['prune'],
  // A trace of which something comes in meanwhile is judged again when that is.
  dropTraces: () => ['prune'],
  putJudged: () => ['judged'],
  beginCall: ({ row, dispatch, grant, reservation, step, audit }) =>
    row !== null && dispatch === null && grant === null && reservation === null && audit.length === 0
      ? [row.id, ...(row.unique_key === null ? [] : [row.unique_key]), ...(step === null ? [] : [stepOf(step)])]
      : null,
  endCall: ({ id, settle, step, audit }) =>
    settle === null && audit.length === 0 ? [id, ...(step === null ? [] : [stepOf(step)])] : null,
  // The first statement that changes anything about a run locks its row, and says no when somebody was faster.
  startRun: ({ row, audit }) => unlessChained(audit, row),
  appendRun: ({ tenant, id, audit }) => unlessChained(audit, { tenant, id }),
  wishRun: ({ tenant, id, audit }) => unlessChained(audit, { tenant, id }),
  releaseRun: (run) => [runOf(run)],
  renewRuns: ({ runs }) => runs.map(runOf),
  claimRuns: () => ['claim'],
  pruneRuns: () => ['prune'],
};

const stepOf = ({ tenant, run }: { readonly tenant: string; readonly run: string }): string =>
  runOf({ tenant, id: run });

const runOf = ({ tenant, id }: { readonly tenant: string; readonly id: string }): string => `run ${tenant}/${id}`;

/** Chains of audit records are written one after the other. */
const unlessChained = (
  audit: readonly unknown[],
  run: { readonly tenant: string; readonly id: string },
): readonly string[] | null => (audit.length > 0 ? null : [runOf(run)]);

/** Null: it wants to be alone. */
export const subjectsOf = (name: string, args: unknown): readonly string[] | null => {
  const about = BESIDE[name as keyof Writers] as ((args: unknown) => readonly string[] | null) | undefined;
  return about === undefined ? null : about(args);
};
