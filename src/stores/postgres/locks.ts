/** Which commands of several hubs may run beside each other, and which wait for their turn. */
import type { ArgsOf, Writers } from '../sql/index.ts';

/** Second number of our advisory locks; the first is made from the name of the schema. */
export const LOCKS = { migrate: 1, write: 2 } as const;

type Subjects = { readonly [K in keyof Writers]?: (args: ArgsOf<Writers[K]>) => readonly string[] };

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
};

/** Null: it wants to be alone. */
export const subjectsOf = (name: string, args: unknown): readonly string[] | null => {
  const about = BESIDE[name as keyof Writers] as ((args: unknown) => readonly string[]) | undefined;
  return about === undefined ? null : about(args);
};
