/** A call as its record, and a record as a call again: what is kept of it, and with what it comes back into the pipeline. */
import type { Call, CallRecord, RoutePlan } from '../contract/index.ts';
import { DEFAULT_TIMEOUT_MS, documentIn, Fault, formOf } from '../contract/index.ts';
import { Permit } from '../kernel/index.ts';
import { digestOf } from './digest.ts';

/** Throws `unauthenticated` without a principal, and `bad_request` for a stream with an idempotency key. */
export const recordOf = (
  call: Call,
  plan: RoutePlan,
  acceptedAtMs: number,
  {
    state = 'dispatched',
    detached = false,
    policyVersion = Permit.check(call).policyVersion,
  }: Partial<Pick<CallRecord, 'state' | 'detached' | 'policyVersion'>> = {},
): CallRecord => {
  const principal = call.principal;
  if (principal === null) throw new Fault('unauthenticated', 'a recorded call needs a principal');
  if (call.idempotencyKey !== undefined && call.body.kind !== 'bytes') {
    throw new Fault('bad_request', 'an idempotency key needs a body of known length; this one is streamed');
  }
  const bytes = call.body.kind === 'bytes' ? call.body.bytes : new Uint8Array(0);
  return {
    id: call.id,
    tenant: principal.tenant,
    principal,
    target: call.target,
    trace: call.trace.trace,
    session: call.session ?? '',
    idempotencyKey: call.idempotencyKey ?? '',
    digest: call.body.kind === 'bytes' ? digestOf({ ...call, body: call.body }) : '',
    state,
    idempotent: plan.operation.idempotent,
    detached,
    ...(call.step === undefined ? {} : { step: call.step }),
    // A call that may be sent again after an unknown outcome is kept as it was.
    request:
      detached || (plan.operation.reconcile !== undefined && 'replay' in plan.operation.reconcile)
        ? {
            contentType: call.contentType,
            body: bytes,
            timeoutMs: call.timeoutMs ?? plan.timeoutMs ?? DEFAULT_TIMEOUT_MS,
            priority: call.priority,
            ...wantedBy(call),
          }
        : null,
    policyVersion,
    acceptedAtMs,
    concludedAtMs: null,
    reply: null,
  };
};

export const callOf = (record: CallRecord): Call => ({
  id: record.id,
  credential: { kind: 'known', principal: record.principal },
  principal: null,
  target: record.target,
  contentType: record.request?.contentType ?? 'application/octet-stream',
  accept: record.request?.accept ?? '*/*',
  body: { kind: 'bytes', bytes: record.request?.body ?? new Uint8Array(0) },
  headers: [],
  timeoutMs: record.request?.timeoutMs ?? DEFAULT_TIMEOUT_MS,
  trace: { trace: record.trace, sampled: true },
  lineage: { root: record.id, depth: 0 },
  ...(record.session === '' ? {} : { session: record.session }),
  ...(record.step === undefined ? {} : { step: record.step }),
  // The key that the target may have seen: sending another would be another request to it.
  ...(record.idempotencyKey === '' ? {} : { idempotencyKey: record.idempotencyKey }),
  priority: 2,
  stream: false,
  via: [],
  retriedElsewhere: false,
  // What it is about is where it was.
  ...(record.request?.pin === undefined ? {} : { pin: record.request.pin }),
});

/** Whoever collects the answer later wants it in the same words, from who has what it is about. */
const wantedBy = ({ accept, pin }: Call): { readonly accept?: string; readonly pin?: string } => {
  const form = formOf(accept);
  return { ...(form === 'plain' ? {} : { accept: documentIn(form) }), ...(pin === undefined ? {} : { pin }) };
};
