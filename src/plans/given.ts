/** What a decision may look at besides the history: the time, the configuration in force, and what is under way on this node. */
import type { CelInput } from '@bufbuild/cel';
import type { RunHead, StepResult, Target } from '../contract/index.ts';
import type { Lookup } from './callee.ts';

/** A result as expressions see it. A problem says why they cannot; undefined: it has to be fetched first. */
export type Reading = { readonly json: unknown; readonly cel: CelInput } | { readonly problem: string } | undefined;

export interface Given {
  readonly head: Pick<RunHead, 'id' | 'startedAtMs' | 'deadlineAtMs' | 'taint'>;
  readonly input: CelInput;
  readonly nowMs: number;
  /** This node has it in its hands. */
  readonly isLive: (call: string) => boolean;
  /** So many calls may begin now. */
  readonly room: number;
  readonly lookup: Lookup;
  readonly read: (result: StepResult) => Reading;
  /** What a planner answered, held against what it may propose. */
  readonly propose: (json: unknown) => { readonly definition: string } | { readonly problem: string };
}

/** A call that is to be intended, and then sent. */
export interface Send {
  readonly key: string;
  readonly attempt: number;
  readonly target: Target;
  readonly payload:
    | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
    /** The bytes of another step's answer, whatever they are. */
    | { readonly kind: 'result'; readonly result: StepResult };
  readonly digest: string;
  readonly taint: readonly string[];
  /** Of what went into it only: what policy is told. */
  readonly given: readonly string[];
  readonly idempotent: boolean;
  readonly estimateMicros: number;
  readonly timeoutMs: number;
  readonly isPlan: boolean;
}
