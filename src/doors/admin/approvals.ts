/** Calls that wait for people: looked at, voted on, changed. Every vote says what it is about, so that nobody approves what they did not see. */
import { z } from 'zod';
import { Fault } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import type { AdminRequest } from './request.ts';

export const Filter = z.strictObject({
  state: z.enum(['pending', 'approved', 'denied', 'expired', 'consumed', 'cancelled']).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
});

const digest = z.string().regex(/^[0-9a-f]{64}$/, 'must be the digest of the approval that you looked at');
const comment = z.string().trim().max(1_000).default('');
/** `check`: `answer` of the plan's check that the voter looked at, where the call starts a run. Absent: as when people were asked. */
const check = z
  .string()
  .regex(/^[0-9a-f]{64}$/, 'must be the `plan.answer` of the approval that you looked at')
  .optional();
export const Vote = z.strictObject({ digest, comment, check });
export const Edit = z.strictObject({ digest, comment, body: z.string() });

const ID = /^[0-9a-f]{32}$/;

const idOf = ({ param }: AdminRequest): string => {
  if (!ID.test(param)) throw new Fault('not_found', `there is no approval \`${param}\`; its id has 32 hex digits`);
  return param;
};

/** Without the bytes: whoever wants to judge looks at one. */
export const listApprovals = async ({ ports, principal, query }: AdminRequest): Promise<Answer> => {
  const { state, limit } = query(Filter);
  return json({ items: await ports.approvals.list(principal, state, limit) });
};

export const getApproval = async (asked: AdminRequest): Promise<Answer> =>
  json(await asked.ports.approvals.get(asked.principal, idOf(asked)));

const vote =
  (verdict: 'approve' | 'deny') =>
  async (asked: AdminRequest): Promise<Answer> => {
    const id = idOf(asked);
    return json(await asked.ports.approvals.vote(asked.principal, id, { verdict, ...(await asked.body(Vote)) }));
  };

export const approve = vote('approve');
export const deny = vote('deny');

export const edit = async (asked: AdminRequest): Promise<Answer> => {
  const id = idOf(asked);
  return json(await asked.ports.approvals.edit(asked.principal, id, await asked.body(Edit)));
};
