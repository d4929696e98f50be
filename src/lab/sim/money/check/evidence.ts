/** What a history left behind, in the form in which it is held against the promises. */
import type { Checkpoint } from '../../../../audit/index.ts';
import type { Limits } from '../purse.ts';
import type { Happening, Story } from '../story.ts';
import type { Kept } from '../vault.ts';

export interface Evidence {
  readonly story: Story;
  /** As the hubs have it, read over no wire. */
  readonly store: Kept;
  readonly checkpoints: readonly Checkpoint[];
  readonly limits: Limits;
  readonly quorum: number;
}

/** Says what is wrong: the promise, a colon, and what broke it. */
export type Fail = (promise: string, what: string) => void;

export const ofKind = <K extends Happening['kind']>(
  { happenings }: Story,
  kind: K,
): readonly Extract<Happening, { readonly kind: K }>[] =>
  happenings.filter((one): one is Extract<Happening, { readonly kind: K }> => one.kind === kind);

/** How often each call ran, by the ledger of the agent. */
export const executionsOf = (story: Story): ReadonlyMap<string, number> => {
  const executions = new Map<string, number>();
  for (const { request } of ofKind(story, 'executed'))
    executions.set(request.callId, (executions.get(request.callId) ?? 0) + 1);
  return executions;
};
