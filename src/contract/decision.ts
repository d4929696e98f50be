/** What policy said about a call, in a form that explains itself. */

/** A policy that decided: the level it belongs to (`org` or a domain), its `@id`, and its `@reason`. */
export interface Determining {
  readonly level: string;
  readonly id: string;
  readonly reason: string;
}

/** Merged limits: every satisfied limit rule tightens, none loosens. Absent means that nothing limits it. */
export interface Constraints {
  readonly timeoutMs?: number;
  readonly maxTokens?: number;
  readonly models?: readonly string[];
  readonly priority?: number;
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
  /** Policies that failed to evaluate; a forbid among them has already denied. */
  readonly errors: readonly { readonly level: string; readonly id: string; readonly message: string }[];
}
