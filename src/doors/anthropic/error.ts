/** Faults as the Anthropic API writes errors. */
import type { Fault } from '../../contract/index.ts';
import type { Occurrence } from '../models/index.ts';
import { KINDS, type Kind, REFUSED } from './status.ts';

/** INVARIANT: causes and stacks never get in here. */
export const errorOf = (fault: Fault, { callId }: Occurrence): { readonly kind: Kind; readonly document: object } => {
  const kind = kindOf(fault);
  const { code, executed, message, facts } = fault;
  const document = { type: 'error', error: { type: kind.type, message, code, executed, facts }, request_id: callId };
  return { kind, document };
};

const kindOf = ({ code, facts }: Fault): Kind => {
  const { status, allow } = facts;
  if (code === 'refused' && typeof status === 'number') return REFUSED[status] ?? KINDS.refused;
  if (code === 'bad_request' && typeof allow === 'string') return { ...KINDS.bad_request, status: 405 };
  return KINDS[code];
};
