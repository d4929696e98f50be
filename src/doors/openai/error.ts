/** Faults as the OpenAI API writes errors. */
import type { Fault } from '../../contract/index.ts';
import type { Occurrence } from '../models/index.ts';
import { KINDS, type Kind, RATE_LIMITED } from './status.ts';

/** INVARIANT: causes and stacks never get in here. */
export const errorOf = (fault: Fault, { callId }: Occurrence): { readonly kind: Kind; readonly error: object } => {
  const kind = kindOf(fault);
  const { param } = fault.facts;
  const error = {
    message: fault.message,
    type: kind.type,
    param: typeof param === 'string' ? param : null,
    code: kind.code,
    executed: fault.executed,
    call_id: callId,
    facts: fault.facts,
  };
  return { kind, error };
};

const kindOf = (fault: Fault): Kind => {
  const { status, model, reason, code, allow } = fault.facts;
  if (fault.code === 'refused' && status === 429)
    return reason === 'insufficient_quota'
      ? { status: 429, type: 'insufficient_quota', code: 'insufficient_quota' }
      : RATE_LIMITED;
  if (fault.code === 'not_found' && typeof model === 'string') return { ...KINDS.not_found, code: 'model_not_found' };
  if (fault.code === 'bad_request' && typeof allow === 'string') return { ...KINDS.bad_request, status: 405 };
  if (fault.code === 'denied' && typeof code === 'string') return { ...KINDS.denied, code: code.toLowerCase() };
  return KINDS[fault.code];
};
