/** What policy said about a call, in a form that explains itself. */
import type { ApprovalSpec } from './approval.ts';

/** A policy that decided: the level it belongs to (`org` or a domain), its `@id`, and its `@reason`. */
export interface Determining {
  readonly level: string;
  readonly id: string;
  readonly reason: string;
}

/** `count` calls at once, and as many per `windowMs` on average, of one principal to one operation. */
export interface RateLimit {
  readonly count: number;
  readonly windowMs: number;
  /** Who asks for it: `level/id` of the limit rule, the first by name where several do. */
  readonly rule: string;
}

/** So many calls in the works at once, of one principal to one operation. */
export interface ConcurrencyLimit {
  readonly count: number;
  /** Who asks for it: `level/id` of the limit rule. */
  readonly rule: string;
}

/** What is remembered of a payload, from the least strict to the strictest. */
export type LogPayload = 'full' | 'hash-only' | 'none';

/** Merged limits: every satisfied limit rule tightens, none loosens. Absent means that nothing limits it. */
export interface Constraints {
  readonly timeoutMs?: number;
  readonly maxTokens?: number;
  readonly models?: readonly string[];
  readonly priority?: number;
  /** All of them hold. Sorted by window and count, each once. */
  readonly rates?: readonly RateLimit[];
  readonly concurrency?: ConcurrencyLimit;
  /** JSON pointers to fields of the payload that the target does not get. Sorted, each once. */
  readonly redactIn?: readonly string[];
  /** JSON pointers to fields of the reply that the caller does not get. Sorted, each once. */
  readonly redactOut?: readonly string[];
  /** Classes of budgets that the call is charged to: names in order, joined by `+`. */
  readonly budgetClass?: string;
  readonly logPayload?: LogPayload;
}

export interface Decision {
  readonly effect: 'allow' | 'deny' | 'require_approval';
  /** UPPER_SNAKE: `OK`, `NO_PERMIT`, `POLICY_ERROR`, `NO_POLICY`, or the `@code` of the rule that forbade. */
  readonly code: string;
  /** One sentence for people, without clauses of the policy. */
  readonly reason: string;
  readonly determining: readonly Determining[];
  /** Levels at which no permit matched. */
  readonly missing: readonly string[];
  /** Content address of the policy bundle, `sha256:` and 16 hex digits. */
  readonly policyVersion: string;
  readonly constraints: Constraints;
  /** With `require_approval`: whose word is asked for, by all rules together. */
  readonly approval?: ApprovalSpec;
  /** Policies that failed to evaluate; a forbid among them has already denied. */
  readonly errors: readonly { readonly level: string; readonly id: string; readonly message: string }[];
}
