/** What the first transaction may refuse: money that is not there, which a call may wait for, and an approval that is void. */
import type { AccountState, Begun, Call, CancelSignal } from '../contract/index.ts';
import { amountText, Fault } from '../contract/index.ts';
import { Admission, notSent, Permit, type Short } from '../kernel/index.ts';
import type { Room } from './runs.ts';
import { superseded } from './step.ts';

/** What the first transaction refused: nothing was written, and nothing is sent. */
export const throwIfRefused = (begun: Begun, call: Call): void => {
  if (begun.kind === 'overdrawn') throw exhausted(begun.account, begun.asked);
  if (begun.kind === 'superseded') throw superseded(call);
  if (begun.kind === 'no_grant')
    throw new Fault('denied', `${begun.why}; ask again for an approval of this call`, {
      facts: { code: 'APPROVAL_VOID', policyVersion: Permit.check(call).policyVersion },
    });
};

const exhausted = (account: AccountState, asked: number): Fault => {
  const left = Math.max(0, account.limit + account.extra - account.spent - account.reserved);
  const holder = account.holder === '' ? '' : ` of \`${account.holder}\``;
  const until = account.windowEndMs === null ? '' : ` or wait until ${new Date(account.windowEndMs).toISOString()}`;
  return new Fault(
    'budget_exhausted',
    `budget \`${account.budget}\`${holder} has ${amountText(left, account.unit)} left and this call asks for ` +
      `${amountText(asked, account.unit)}; raise it${until}`,
    { facts: { code: 'BUDGET_EXHAUSTED', budget: account.budget, unit: account.unit, left, asked } },
  );
};

/** Throws, with nothing sent, when the call ends before there is room. */
export const hasRoomNow = async (call: Call, short: Short, signal: CancelSignal): Promise<boolean> => {
  try {
    return (await Admission.find(call)?.whenShort?.(short, signal)) ?? false;
  } catch (thrown) {
    throw notSent(Fault.from(thrown));
  }
};

/** Null when there may be room now; otherwise why the call is over. */
export const roomOrFault = (short: Room, signal: CancelSignal, refused: unknown): Promise<Fault | null> =>
  short(signal).then(
    (isWorthIt) => (isWorthIt ? null : Fault.from(refused)),
    (thrown) => Fault.from(thrown),
  );
