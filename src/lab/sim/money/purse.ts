/** Money, as plainly as it can be: the most that a call can cost is set aside, what it did cost is booked, and a sweep ends the rest. */
import type { AccountTerms, Amounts, Call, Fault, Reply, Reservation, Unit } from '../../../contract/index.ts';
import { accountId } from '../../../contract/index.ts';
import { Admission, type Layer, type Meter } from '../../../kernel/index.ts';
import { OFFERS } from './operations.ts';
import type { Room, RoomParts } from './rooms.ts';

/** Few units, so that calls compete for the last one. */
export interface Limits {
  readonly tenant: number;
  readonly agent: number;
  readonly calls: number;
}

/** A call may take 3 s; what is not settled so long after it counts as spent. */
const HELD_MS = 8_000;
const SWEEP_MS = 4_000;
const SWEPT = 100;

export const accountsOf = (tenant: string, principal: string, limits: Limits): readonly AccountTerms[] => [
  terms(tenant, 'tenant', '', 'micros', limits.tenant),
  terms(tenant, 'agent', `agent/${principal}`, 'micros', limits.agent),
  terms(tenant, 'calls', '', 'calls', limits.calls),
];

const terms = (tenant: string, budget: string, holder: string, unit: Unit, limit: number): AccountTerms => {
  const fixed = { tenant, budget, holder, windowStartMs: 0 };
  return { ...fixed, id: accountId(fixed), unit, limit, windowEndMs: null };
};

export const purse =
  (limits: Limits) =>
  ({ store, life }: RoomParts): Room => {
    const { clock } = life.world;
    const sweep = (): void => {
      clock.after(SWEEP_MS, () => {
        store.ledger.expire(clock.wallMs(), SWEPT).catch(() => {});
        sweep();
      });
    };
    return { layer: layer(limits), attempts: 1, start: sweep };
  };

const layer =
  (limits: Limits): Layer =>
  (next) =>
  (call, scope) => {
    const { worst } = OFFERS[call.target.operation]!;
    // A call that is only accepted comes by again when it is sent.
    if (worst === 0 || call.detach === true) return next(call, scope);
    const admission = Admission.of(call);
    admission.reservation = reservationOf(call, worst, limits, scope.clock.wallMs() + HELD_MS);
    admission.meter = new Cost();
    return next(call, scope);
  };

const reservationOf = (call: Call, worst: number, limits: Limits, expiresAtMs: number): Reservation => {
  const { tenant, id } = call.principal!;
  const charges = accountsOf(tenant, id, limits).map((account) => ({
    account,
    amount: account.unit === 'calls' ? 1 : worst,
  }));
  return { id: call.id, tenant, labels: {}, charges, expiresAtMs };
};

class Cost implements Meter {
  #text = '';

  chunk(bytes: Uint8Array): void {
    this.#text += Buffer.from(bytes).toString();
  }

  amounts(fault: Fault | undefined, reply: Reply | undefined): Amounts {
    if (fault?.executed === 'no') return { micros: 0, calls: 0 };
    const told = reply?.costMicros ?? /"output_tokens":(\d+)/.exec(this.#text)?.[1];
    return told === undefined ? {} : { micros: Number(told), calls: 1 };
  }
}
