/** The audit of calls: what is refused is written in passing, what is sent before it is sent, and how it ended with its outcome. */
import type { Call, FaultCode, RoutePlan } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { Admission, type Layer, Permit } from '../kernel/index.ts';
import type { AuditTrail } from './trail.ts';
import { ended, refused, sending } from './words.ts';

/** Refusals that somebody decided. A node that is busy, or a target that is away, has refused nobody. */
const DECIDED: ReadonlySet<FaultCode> = new Set<FaultCode>([
  'denied',
  'approval_required',
  'budget_exhausted',
  'loop_detected',
  'idempotency_mismatch',
  'stale',
]);

/** Right below `identify`: whoever is refused anywhere below is known by name. */
export const auditRefusals =
  (trail: AuditTrail, node: string): Layer =>
  (next) =>
  async (call, scope) => {
    try {
      return await next(call, scope);
    } catch (thrown) {
      const fault = Fault.from(thrown);
      // What is refused because there is too much to keep is not kept as well.
      const isFull = fault.facts['code'] === 'AUDIT_FULL';
      if (DECIDED.has(fault.code) && fault.executed === 'no' && !fault.remote && !isFull)
        await trail.inPassing(refused(call, node, fault));
      throw thrown;
    }
  };

export interface AuditSendingParts {
  readonly trail: AuditTrail;
  readonly node: string;
  readonly planOf: (call: Call) => RoutePlan;
  /** Reads too are written before they are sent. Default false: they are written in passing and wait for no disk. */
  readonly strict?: boolean;
}

/**
 * Right above `record`, which writes what stands here in the transaction of the intent, and the end with the outcome.
 * INVARIANT: nothing that changes the world is sent before its line is durable.
 */
export const auditSending =
  ({ trail, node, planOf, strict = false }: AuditSendingParts): Layer =>
  (next) =>
  async (call, scope) => {
    // A call that is only accepted is sent later, by a pass of its own.
    if (call.detach === true) return next(call, scope);
    const { effect } = planOf(call).operation;
    const noted = sending(call, { node, effect, decision: Permit.check(call) });
    if (effect === 'read' && !strict) {
      await trail.inPassing(noted);
      return next(call, scope);
    }
    trail.flush();
    const admission = Admission.of(call);
    admission.before.push(trail.at(noted));
    admission.after = (fault, reply) => [trail.at(ended(call, node, fault, reply))];
    return next(call, scope);
  };
