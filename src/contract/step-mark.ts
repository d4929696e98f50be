/** Steps of a run by their names, and what says that a call is one. */

/**
 * `find`; `book[3]` for the fourth of a fan-out; `~book[3]` for what takes it back; `@plan` for the call to the planner and
 * `@confirm` for what people say to its proposal.
 */
export type StepKey = string;

/** Where a call belongs that is a step of a run. It is known on the node that runs the plan and never leaves it. */
export interface StepMark {
  readonly run: string;
  readonly step: StepKey;
}
