/** What a plan is once it has been read: steps, whom they call, and what speaks against them. */
import type { PlanSpec, StepSpec } from '../contract/index.ts';
import type { Callee } from './callee.ts';
import type { Expression, Template } from './expression/index.ts';

export interface Sending {
  /** As written; empty for a question to people, which is a call to the plan itself. */
  readonly call: string;
  readonly callee: Callee;
  readonly input: Template;
  readonly attempts: number;
  readonly backoffMs: number;
  readonly deadlineMs: number | undefined;
}

export interface Step {
  readonly id: string;
  readonly spec: StepSpec;
  /** Steps that come first: those that it names in `needs`, and those that its expressions look at. */
  readonly needs: readonly string[];
  readonly when: Expression | undefined;
  readonly forEach: Expression | undefined;
  readonly until: Expression | undefined;
  /** Of `approve`, too: people are asked by a call. Null for `wait`. */
  readonly sending: Sending | null;
  readonly compensate: Sending | null;
}

export interface Definition {
  readonly name: string;
  readonly spec: PlanSpec;
  /** Each after those that it needs. Empty before a planner has proposed any. */
  readonly steps: ReadonlyMap<string, Step>;
  /** Steps that need it, directly or not. */
  readonly behind: ReadonlyMap<string, ReadonlySet<string>>;
  /** Nobody needs them. */
  readonly last: readonly string[];
  readonly output: Template | null;
  /** The call to whoever proposes the steps. */
  readonly planner: Sending | null;
  /** The question to people whether a proposal may run. */
  readonly confirm: Sending | null;
}

export interface PlanProblem {
  /** `steps[2].when`, or empty for the plan as a whole. */
  readonly path: string;
  readonly message: string;
}

/** A place within a plan: `steps[2]` and `[0]`, or `input` and `id`. */
export const inside = (path: string, inner: string): string =>
  inner === '' ? path : inner.startsWith('[') ? `${path}${inner}` : `${path}.${inner}`;
