/** How the desk takes money: which payment methods it accepts for what, and what they look like afterwards. */
import { own, type Payment, type PaymentMethod, type User } from './database.ts';
import { pythonNumber } from './python-text.ts';
import { refuse } from './refusal.ts';

/** Pays `price` for a new booking and gives back the user with gift cards debited and certificates used up. Dollars. */
export const payBooking = (user: User, payments: readonly Payment[], price: number): User => {
  for (const payment of payments) checkBalance(user, payment);
  const paid = payments.reduce((sum, payment) => sum + payment.amount, 0);
  if (paid !== price) {
    refuse(`payment amount does not add up, total price is ${pythonNumber(price)}, but paid ${pythonNumber(paid)}`);
  }
  return payments.reduce(debit, user);
};

const checkBalance = (user: User, { payment_id: id, amount }: Payment): void => {
  const method = own(user.payment_methods, id) ?? refuse(`payment method ${id} not found`);
  if (method.source !== 'credit_card' && method.amount < amount) refuse(`not enough balance in payment method ${id}`);
};

/** Pays the price of a change, which may be negative, and gives back the user with the gift card debited or credited. */
export const payChange = (user: User, paymentId: string, price: number): User => {
  const method = own(user.payment_methods, paymentId) ?? refuse('payment method not found');
  if (method.source === 'certificate') return refuse('certificate cannot be used to update reservation');
  if (method.source === 'gift_card' && method.amount < price) refuse('gift card balance is not enough');
  return debit(user, { payment_id: paymentId, amount: price });
};

const debit = (user: User, { payment_id: id, amount }: Payment): User => {
  const method = own(user.payment_methods, id);
  if (method?.source === 'gift_card') return withMethod(user, id, { ...method, amount: method.amount - amount });
  return method?.source === 'certificate' ? withoutMethod(user, id) : user;
};

/** The user with one more, or one changed, payment method. */
export const withMethod = (user: User, id: string, method: PaymentMethod): User => ({
  ...user,
  payment_methods: { ...user.payment_methods, [id]: method },
});

const withoutMethod = (user: User, id: string): User => ({
  ...user,
  payment_methods: Object.fromEntries(Object.entries(user.payment_methods).filter(([other]) => other !== id)),
});
