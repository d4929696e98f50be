/**
 * Finds every account that a call draws on and sets aside the most that it can come to; the record layer writes both in one
 * transaction, before anything is sent and after everything is over.
 *
 * INVARIANT: of every account, spent + reserved <= limit whenever something is set aside.
 */
import type { Amounts, Call, Reservation, RoutePlan, Scope } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { Admission, type Layer, Permit, remainingMs, type Short } from '../kernel/index.ts';
import { type Budgets, type Share, userOf } from './accounts.ts';
import type { Need } from './cost.ts';
import { countsTokens, DEFAULT_OUTPUT_TOKENS, type Estimate, estimateOf } from './estimate.ts';
import { isUnpriced } from './foresee.ts';
import { attributesOf, CallMeter, type Came, CHUNK_TOKENS } from './meter.ts';
import { cutBy, type Treasury } from './treasury.ts';

export interface PriceParts {
  readonly planOf: (call: Call) => RoutePlan;
  readonly treasury: Treasury;
  /** Of the snapshot that the pipeline was composed from. */
  readonly budgets: Budgets;
  /** This node, for the ledger: who set something aside. */
  readonly node: string;
}

/** Throws `denied` where money would be spent and nobody knows how much, `approval_required` beyond a soft limit that asks. */
export const price =
  ({ planOf, treasury, budgets, node }: PriceParts): Layer =>
  (next) =>
  async (call, scope) => {
    // The first node that governs a call charges it, and a node that passes it on has proven that it is one.
    if (call.via.length > 0) return next(call, scope);
    const plan = planOf(call);
    const classes = Permit.check(call).constraints.budgetClass;
    const shares = budgets.sharesOf(call, classes, scope.clock.wallMs());
    if (shares.length === 0 && plan.operation.price === undefined) return next(call, scope);
    throwIfUnpriced(plan, shares);
    // What runs on by itself comes by again when it is sent.
    if (call.detach === true) return next(call, scope);
    if (shares.length > 0 && treasury.ledger === null) throw noLease(shares[0]!, node);
    await throwIfAsking(treasury, shares, call);
    prepare({ call, plan, scope, shares, treasury, node, classes });
    try {
      return await next(call, scope);
    } catch (thrown) {
      const fault = Fault.from(thrown);
      const refusing = shares.find(({ budget }) => budget.name === fault.facts['budget']);
      if (fault.code === 'budget_exhausted' && !fault.remote && refusing !== undefined)
        treasury.note('refused', refusing.account, fault.message);
      throw fault;
    }
  };

/** INVARIANT: an unknown price is never nothing. */
const throwIfUnpriced = ({ target, operation }: RoutePlan, shares: readonly Share[]): void => {
  if (!isUnpriced({ target, operation })) return;
  const money = shares.find(({ budget }) => budget.unit === 'micros');
  if (money === undefined) return;
  throw new Fault(
    'denied',
    `${target.kind} \`${target.name}\` has no price for \`${operation.name}\`, and budget \`${money.budget.name}\` counts money; ` +
      'declare `price` on it: {catalogue: provider/model}, {inputPerMTok, outputPerMTok}, {perCall}, or {worstCase: "0.10 USD"}',
    { facts: { code: 'PRICE_UNKNOWN', budget: money.budget.name } },
  );
};

const noLease = ({ budget }: Share, node: string): Fault =>
  new Fault(
    'budget_exhausted',
    `this call falls under budget \`${budget.name}\`, and node \`${node}\` holds no part of it; call through the hub`,
    { facts: { code: 'NO_LEASE', budget: budget.name } },
  );

/** An approval of exactly these bytes is what it asks for. */
const throwIfAsking = async (treasury: Treasury, shares: readonly Share[], call: Call): Promise<void> => {
  const asking = shares.filter(({ budget }) => budget.soft?.do === 'ask');
  if (asking.length === 0 || Admission.find(call)?.grant != null) return;
  const [reached] = await treasury.beyondSoft(asking);
  if (reached === undefined) return;
  const { name, soft } = reached.budget;
  throw new Fault(
    'approval_required',
    `budget \`${name}\` has reached ${soft?.percent} % and asks a person from then on`,
    {
      facts: { code: 'BUDGET_SOFT_LIMIT', budget: name, policyVersion: Permit.check(call).policyVersion },
    },
  );
};

interface Charging {
  readonly call: Call;
  readonly plan: RoutePlan;
  readonly scope: Scope;
  readonly shares: readonly Share[];
  readonly treasury: Treasury;
  readonly node: string;
  readonly classes: string | undefined;
}

const prepare = (charging: Charging): void => {
  const { call, plan, scope, treasury } = charging;
  const startMs = scope.clock.nowMs();
  const admission = Admission.of(call);
  const { price } = plan.operation;
  const estimate = countsTokens(plan) ? estimateOf(call, price) : null;
  const cap = estimate?.outputCap ?? DEFAULT_OUTPUT_TOKENS;
  const meter = new CallMeter({
    price,
    estimate,
    cap,
    output: estimate?.streams === true ? firstOf(charging, cap) : cap,
    extend: (more) => extend(charging, admission, more),
    done: (came) => finish(charging, estimate, came),
  });
  admission.meter = meter;
  admission.reservation = null;
  if (charging.shares.length === 0) return;
  const held = meter.held;
  admission.beforeAgain = () => meter.again();
  scope.span.step('price', startMs, { budgets: charging.shares.map(({ budget }) => budget.name), ...held });
  admission.reservation = reservationOf(charging, charging.shares, held);
  admission.whenShort = (short, signal) => whenShort(charging, admission, held, short, signal);
  admission.settled = () => {
    for (const { account } of admission.reservation?.charges ?? []) treasury.waiting.wake(account.id, WOKEN);
  };
};

/** One that ended may have left room for more than one; each of them wakes others when it ends. */
const WOKEN = 2;

/** What a stream sets aside before its first byte: as much as such answers mostly take, so that few ask for more. */
const firstOf = ({ call, treasury }: Charging, cap: number): number =>
  Math.min(cap, Math.max(CHUNK_TOKENS, treasury.learned.p95(callerOf(call), call.target.name) ?? 0));

const reservationOf = (charging: Charging, shares: readonly Share[], held: Need): Reservation => {
  const { call, scope, treasury } = charging;
  return {
    id: reservationId(call),
    tenant: call.principal!.tenant,
    labels: labelsOf(charging),
    charges: shares.map(({ account, budget }) => ({ account, amount: held[budget.unit] })),
    expiresAtMs: scope.clock.wallMs() + Math.min(MOST_MS, Math.max(0, remainingMs(scope))) + treasury.graceMs,
  };
};

/** A call that was moved to another provider or model is paid for anew: a reservation of its own id is there already. */
const reservationId = ({ id, detour: { asked } = { asked: 0, more: false }, move }: Call): string =>
  `${id}${asked === 0 ? '' : `.p${asked}`}${move === undefined ? '' : `.m${move}`}`;

/** For calls without a deadline, which a topology does not have. */
const MOST_MS = 3_600_000;

const callerOf = ({ principal }: Call): string => `${principal?.kind}/${principal?.id}`;

const labelsOf = ({ call, node }: Charging): Reservation['labels'] => {
  const { target, lineage, session } = call;
  const user = userOf(call);
  return {
    principal: callerOf(call),
    target: `${target.kind}/${target.name}`,
    operation: target.operation,
    tree: lineage.root,
    node,
    ...(user === undefined ? {} : { user }),
    ...(session === undefined ? {} : { session }),
  };
};

const extend = async ({ scope, treasury }: Charging, { reservation }: Admission, more: Amounts): Promise<void> => {
  if (reservation === null || treasury.ledger === null) return;
  const answer = await treasury.ledger.extend(reservation.tenant, reservation.id, more, scope.clock.wallMs());
  if (answer.kind === 'reserved') return;
  treasury.note('cut', answer.account, 'had too little left for the rest of a reply');
  throw cutBy(answer);
};

/** `pause` of the budget as it is now: whoever lets it refuse from now on lets those go who wait. */
const whenShort = async (
  charging: Charging,
  admission: Admission,
  held: Need,
  { account }: Short,
  signal: Scope['signal'],
): Promise<boolean> => {
  const { call, scope, treasury, classes } = charging;
  const tenant = call.principal?.tenant ?? '';
  if (treasury.budgets.find(tenant, account.budget)?.hard !== 'pause') return false;
  const startMs = scope.clock.nowMs();
  const windowMs = (account.windowEndMs ?? Number.POSITIVE_INFINITY) - scope.clock.wallMs();
  await treasury.waiting.until(account.id, windowMs, signal);
  scope.span.step('pause', startMs, { budget: account.budget });
  const shares = treasury.budgets.sharesOf(call, classes, scope.clock.wallMs());
  admission.reservation = shares.length === 0 ? null : reservationOf(charging, shares, held);
  return true;
};

const finish = ({ call, plan, scope, shares, treasury }: Charging, estimate: Estimate | null, came: Came): void => {
  const { price } = plan.operation;
  scope.span.set(attributesOf(came, price !== undefined));
  if (came.tokens !== null && estimate !== null)
    treasury.learned.saw(callerOf(call), call.target.name, came.tokens.output + (came.tokens.audioOutput ?? 0));
  const odd = came.flags.filter((flag) => ODD.has(flag));
  if (odd.length > 0 && shares.length > 0)
    treasury.note(
      'flagged',
      shares[0]!.account,
      `usage of ${call.target.kind}/${call.target.name} is ${odd.join(', ')}`,
    );
};

const ODD: ReadonlySet<string> = new Set(['clamped', 'invalid', 'overrun']);
