/** What the admin door answers, as far as the screens read it. */
import type { AgentSpan, ApprovalCard, BudgetEntry, CallEvent } from '../../../src/contract/index.ts';

export interface TraceRead {
  readonly events: readonly CallEvent[];
  /** What agents said of themselves in it. */
  readonly agentSpans: readonly AgentSpan[];
}

export interface Session {
  readonly tenant: string;
  readonly id: string;
  readonly roles: readonly string[];
  /** Goes with everything that changes something. */
  readonly csrf: string;
}

export interface WhoAmI {
  /** Roles of the admin interface. */
  readonly holds: readonly string[];
  /** Domains that somebody looks after without any role. */
  readonly administers: readonly string[];
}

export interface NodeStatus {
  readonly node: string;
  readonly role: string;
  readonly version: string;
  readonly ready: boolean;
  readonly snapshotSeq: number;
  readonly store: string;
  readonly weakened: readonly string[];
}

export interface DescribedTarget {
  readonly kind: 'agent' | 'tool' | 'model';
  readonly name: string;
  readonly domain: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly operations: readonly { readonly name: string; readonly effect?: string; readonly description?: string }[];
}

export interface Account {
  readonly holder: string;
  readonly limit: number;
  readonly extra: number;
  readonly spent: number;
  readonly reserved: number;
  readonly left: number;
  readonly perHour: number;
  readonly runsOutAtMs: number | null;
}

export interface BudgetView extends Pick<BudgetEntry, 'name' | 'per' | 'unit' | 'limit' | 'soft' | 'hard'> {
  readonly scope: string;
  readonly path: readonly string[];
  readonly window: { readonly every: string; readonly startMs: number; readonly endMs: number | null };
  readonly accountCount: number;
  readonly accounts: readonly Account[];
}

export interface Payer {
  readonly who: string;
  readonly spent: number;
  readonly reserved: number;
  readonly calls: number;
}

export interface ClauseSeen {
  readonly text: string;
  readonly value: string;
  readonly facts: readonly string[];
}

interface RuleSeen {
  readonly level: string;
  readonly id: string;
  readonly reason: string;
}

export interface Explanation {
  readonly span: string;
  readonly sentence: string;
  readonly policyVersion: string;
  readonly decidedBy: string;
  readonly caveats: readonly string[];
  readonly blocking: readonly (RuleSeen & { readonly clauses: readonly ClauseSeen[] })[];
  readonly nearMisses: readonly (RuleSeen & { readonly failed: readonly ClauseSeen[] })[];
}

export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface Listed<T> {
  readonly items: readonly T[];
}

export type Approvals = Listed<ApprovalCard>;
