/** `refunds`: what a customer would get back, and giving it back. It asks `orders` through Airspace, inside its own domain. */
import { z } from 'zod';
import { TargetError } from '../../../src/client/index.ts';
import { type AgentContext, OperationError } from '../../../src/client/serve.ts';
import { airspaceFor, operation, readFlags, runAgent } from './process.ts';

const OrderReply = z.object({ order: z.object({ totalCents: z.int(), status: z.string(), item: z.string() }) });

/** Once a parcel has arrived, its way back costs this much. */
const RETURN_FEE_CENTS = 495;

interface Quote {
  readonly order: number;
  readonly item: string;
  readonly amountCents: number;
  readonly note: string;
}

const quote = async (id: number, context: AgentContext): Promise<Quote> => {
  const { item, status, totalCents } = await orderOf(id, context);
  if (status === 'returned') throw new OperationError(409, `order ${id} is already returned and refunded`);
  const delivered = status === 'delivered';
  return {
    order: id,
    item,
    amountCents: totalCents - (delivered ? RETURN_FEE_CENTS : 0),
    note: delivered ? 'less the cost of sending it back' : 'in full, it has not arrived yet',
  };
};

const orderOf = async (id: number, context: AgentContext): Promise<z.output<typeof OrderReply>['order']> => {
  try {
    return OrderReply.parse((await airspaceFor(context).call('orders', 'where', { id })).data).order;
  } catch (thrown) {
    if (thrown instanceof TargetError && thrown.status === 404)
      throw new OperationError(404, `there is no order ${id}`);
    throw new OperationError(502, `order ${id} cannot be looked up at the moment`);
  }
};

interface Refund {
  readonly refund: string;
  readonly quote: Quote;
}

/** By order: an order is refunded once, however often and by how many that is asked for. */
const issued = new Map<number, Promise<Refund>>();

const issue = async (order: number, amountCents: number, context: AgentContext) => {
  const before = issued.get(order);
  if (before !== undefined) return { ...(await before), repeated: true };
  const refund = quote(order, context).then((quoted) => pay(quoted, amountCents));
  issued.set(order, refund);
  refund.catch(() => issued.delete(order));
  return { ...(await refund), repeated: false };
};

/** Policy has seen the amount and not the order, so another amount than the quoted one is not paid. */
const pay = (quoted: Quote, amountCents: number): Refund => {
  if (quoted.amountCents !== amountCents)
    throw new OperationError(
      409,
      `the refund of order ${quoted.order} is ${quoted.amountCents} cents, not ${amountCents}`,
    );
  return { refund: `rf-${String(quoted.order).padStart(4, '0')}`, quote: quoted };
};

const OrderInput = z.strictObject({ order: z.int().min(1) });
const IssueInput = z.strictObject({
  order: z.int().min(1),
  amountCents: z.int().min(0),
  reason: z.string().min(1).max(500),
});

await runAgent(readFlags('refunds'), {
  quote: operation(OrderInput, ({ order }, context) => quote(order, context)),
  issue: operation(IssueInput, ({ order, amountCents }, context) => issue(order, amountCents, context)),
});
