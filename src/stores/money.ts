/** What every ledger refuses about amounts, in the same words, before anything reaches a store. */
import type { AccountState, AccountTerms, Amounts, Reservation } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';

/** An account that nothing was charged to yet. */
export const ofTerms = (terms: AccountTerms): AccountState => ({ ...terms, spent: 0, reserved: 0, extra: 0 });

/** Throws `bad_request`: a fraction or a negative amount would be booked for ever. */
export const refuseReservation = ({ id, charges }: Reservation): void => {
  for (const { account, amount } of charges) refuse(amount, `reservation \`${id}\` of \`${account.budget}\``);
  if (new Set(charges.map(({ account }) => account.id)).size !== charges.length)
    throw new Fault('bad_request', `reservation \`${id}\` names an account twice; add the amounts up`);
};

export const refuseAmounts = (amounts: Amounts): void => {
  for (const [unit, amount] of Object.entries(amounts)) if (amount !== undefined) refuse(amount, unit);
};

/** What is granted on top may be taken back again. */
export const refuseCredit = (amount: number): void => {
  if (!Number.isSafeInteger(amount)) throw new Fault('bad_request', `${amount} is no whole number`);
};

const refuse = (amount: number, of: string): void => {
  if (!Number.isSafeInteger(amount) || amount < 0)
    throw new Fault('bad_request', `${of}: ${amount} is no amount; it must be a whole number from 0 to 2^53 - 1`);
};

/** What a call that never ran came to. */
export const NOTHING_SPENT: Amounts = { micros: 0, tokens: 0, calls: 0 };
