/** How the work of a trace ended, in the words of the business: what somebody says about it with their own key, and nobody can see. */

/** `escalated`: a person took over. `abandoned`: whoever wanted it did not want it any more. */
export const TASK_RESULTS = ['completed', 'escalated', 'abandoned', 'failed'] as const;
export type TaskResult = (typeof TASK_RESULTS)[number];

export interface TaskOutcome {
  /** `refund`: what was to be done, in the words of whoever says it. */
  readonly task: string;
  readonly result: TaskResult;
  /** How well, from 0 to 1. */
  readonly score?: number;
  /** It is about all traces of this session. Absent: about one trace. */
  readonly session?: string;
}

/** What it is about: one of the three. */
export type OutcomeSubject =
  | { readonly trace: string; readonly parentSpan?: string }
  /** A call that the sayer made, or answered. */
  | { readonly call: string }
  | { readonly session: string };

/** As it is asked to be kept. */
export interface SaidOutcome {
  readonly subject: OutcomeSubject;
  readonly outcome: Omit<TaskOutcome, 'session'>;
  /** For people; empty: none. */
  readonly note: string;
}

/** What was kept. */
export interface KeptOutcome {
  /** Absent for a session. */
  readonly trace?: string;
  readonly session?: string;
  readonly task: string;
  readonly result: TaskResult;
  readonly score?: number;
  /** The same was said before by the same sayer, and is kept once. */
  readonly isRepeated: boolean;
}

/** Where outcomes of a session are kept among what agents say: no trace has such an id. */
export const sessionTrace = (session: string): string => `session/${session}`;
