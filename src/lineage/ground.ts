/** What trees stand on and other rooms know: limits, nodes, and who can prove what. Made anew with each snapshot and roster. */
import type { Principal } from '../contract/index.ts';
import type { Recent } from '../kernel/index.ts';
import type { TreeRules } from './limits.ts';
import type { OpenRun, Returned } from './token.ts';

export interface Ground {
  readonly rules: TreeRules;
  readonly openRun: OpenRun;
  /** Tokens that were opened and found good: an agent sends one with each call that it makes. */
  readonly opened: Recent<Returned>;
  /** Seals what is handed to an agent; `others`: so that other nodes can open it too. */
  readonly seal: (text: string, others: boolean) => string;
  /** Can this agent show a token to another node? */
  readonly speaksElsewhere: (tenant: string, agent: string) => boolean;
  readonly prove: (origin: Principal) => string;
  readonly provenOrigin: (proof: string, wallMs: number) => Principal | undefined;
}
