/** What a finished call counts as, for sums and for alerts alike. */
import type { CallEvent } from './event.ts';
import type { FaultCode } from './fault.ts';

/** Another node sent it here, and that one counts it. */
export const isCountedElsewhere = ({ attributes }: CallEvent): boolean => attributes['tree.found'] === 'told';

/** It waits for people, and its caller has a handle. It ends, if it does, as a call of its own. */
export const isHeld = ({ attributes: { notes } }: CallEvent): boolean => Array.isArray(notes) && notes.includes('held');

const LIMITS: ReadonlySet<string> = new Set<FaultCode>(['budget_exhausted', 'rate_limited']);

/** By policy, identity, budgets or limits. */
export const isDenied = ({ status, code }: Pick<CallEvent, 'status' | 'code'>): boolean =>
  status === 'denied' || LIMITS.has(code);

/** What is wrong with the call itself, whoever answers it. */
const CALLERS_OWN: ReadonlySet<string> = new Set<FaultCode>([
  ...(['bad_request', 'too_large', 'not_found', 'conflict', 'loop_detected'] as const),
  ...(['idempotency_mismatch', 'idempotency_in_flight'] as const),
]);

/** Something between the caller and the end of the reply did not work, and it was not the caller. */
export const isError = (event: Pick<CallEvent, 'status' | 'code' | 'httpStatus'>): boolean => {
  if (event.code === '') return event.status === 'failed' && event.httpStatus >= 500;
  return event.status !== 'cancelled' && !isDenied(event) && !CALLERS_OWN.has(event.code);
};
