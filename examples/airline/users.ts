/** What the desk does with people: show a profile, and send a certificate. */
import { own, type Session, type User } from './database.ts';
import { withMethod } from './payments.ts';
import { pythonNumber } from './python-text.ts';
import { refuse } from './refusal.ts';
import type { ToolArgs } from './tools.ts';

/** The recorded desk knew three ids for new certificates, tried in this order. */
const certificateIds = ['certificate_3221322', 'certificate_3221323', 'certificate_3221324'];

export const findUser = (session: Session, id: string): User => session.users.get(id) ?? refuse('user not found');

/** Adds a certificate of `amount` dollars to the profile. Who deserves one is the written policy's business. */
export const sendCertificate = (
  session: Session,
  { user_id: userId, amount }: ToolArgs<'send_certificate'>,
): string => {
  const user = findUser(session, userId);
  const id =
    certificateIds.find((candidate) => own(user.payment_methods, candidate) === undefined) ??
    refuse(`no certificate id left for user ${userId}`);
  session.users.set(userId, withMethod(user, id, { source: 'certificate', amount, id }));
  return `Certificate ${id} added to user ${userId} with amount ${pythonNumber(amount)}.`;
};
