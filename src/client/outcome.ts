/** How a piece of work ended, as its agent says it. */
import { HEADERS, type TaskResult } from '../contract/index.ts';
import type { CallerContext } from './context.ts';

/** Of a `trace`, a `call` or a `session`, one of them. None: of the trace of the call that is being answered. */
export interface Outcome {
  readonly trace?: string;
  /** One that this agent made or answered. */
  readonly call?: string;
  readonly session?: string;
  /** `refund`: what was to be done, in words of one's own. An outcome is kept once for each task in a trace. */
  readonly task: string;
  /** `escalated`: a person took over. `abandoned`: whoever wanted it did not want it any more. */
  readonly result: TaskResult;
  /** How well, from 0 to 1. */
  readonly score?: number;
  /** For people. */
  readonly note?: string;
}

export const OUTCOMES_PATH = '/v1/outcomes';

/** Said inside of a call it hangs below that call. */
export const outcomeRequest = (outcome: Outcome, { traceparent, signal }: CallerContext) => {
  const { trace, call, session } = outcome;
  const inside = trace === undefined && call === undefined && session === undefined;
  const own = inside ? traceparent?.split('-')[1] : undefined;
  return {
    headers: {
      'content-type': 'application/json',
      ...(traceparent === undefined ? {} : { [HEADERS.traceparent]: traceparent }),
    },
    signal,
    body: JSON.stringify({ ...(own === undefined ? {} : { trace: own }), ...outcome }),
  };
};
