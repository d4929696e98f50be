/** What the one who decides needs of the one who asks people: a call that wants an approval waits there, and one that has it goes on. */
import type { GrantUse } from './approval.ts';
import type { Call } from './call.ts';
import type { Decision } from './decision.ts';
import type { Reply } from './reply.ts';
import type { RoutePlan } from './route-plan.ts';
import type { Scope } from './scope.ts';

export interface HoldQuestion {
  /** Exactly what would be sent: after every limit has had its way with it. */
  readonly call: Call;
  readonly decision: Decision;
  readonly plan: RoutePlan;
  readonly scope: Scope;
}

export type HoldAnswer =
  /** It waits, or has been answered before: this is what its caller gets. */
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** People have approved it. `use` is burned with the intent; null where another node has done so. */
  | { readonly kind: 'granted'; readonly use: GrantUse | null };

/**
 * Asked about each call that wants an approval, and about each that shows one, even when policy would let it go without: what was
 * approved once runs once. Throws `denied` for a grant that does not hold, and `approval_required` where no call can wait.
 */
export type Hold = (asking: HoldQuestion) => Promise<HoldAnswer>;
