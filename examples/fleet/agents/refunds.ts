/** `refunds`: what a customer would get back, and giving it back. It asks `orders` through Airspace, inside its own domain. */
import { z } from 'zod';
import { NotAnswered } from './airspace.ts';
import { type Context, operation, Problem, readFlags, runAgent } from './serve.ts';

const Found = z.object({ order: z.object({ id: z.int(), totalCents: z.int(), status: z.string(), item: z.string() }) });

/** Once a parcel has arrived, its way back costs this much. */
const RETURN_FEE_CENTS = 495;

interface Quote {
  readonly order: number;
  readonly item: string;
  readonly amountCents: number;
  readonly note: string;
}

const quote = async (id: number, { airspace }: Context): Promise<Quote> => {
  const reply = await airspace.call('agents/orders/where', { id }).catch((thrown: unknown) => {
    throw thrown instanceof NotAnswered && thrown.status === 404 ? new Problem(404, thrown.message) : thrown;
  });
  const { order } = Found.parse(reply);
  if (order.status === 'returned') throw new Problem(409, `order ${id} is already returned and refunded`);
  const delivered = order.status === 'delivered';
  return {
    order: id,
    item: order.item,
    amountCents: order.totalCents - (delivered ? RETURN_FEE_CENTS : 0),
    note: delivered ? 'less the cost of sending it back' : 'in full, it has not arrived yet',
  };
};

/** By order: an order is refunded once, however often that is asked for. */
const issued = new Map<number, { readonly refund: string; readonly quote: Quote }>();

const issue = async (order: number, context: Context) => {
  const before = issued.get(order);
  if (before !== undefined) return { ...before, repeated: true };
  const made = { refund: `rf-${String(order).padStart(4, '0')}`, quote: await quote(order, context) };
  issued.set(order, made);
  return { ...made, repeated: false };
};

const OrderInput = z.strictObject({ order: z.int().min(1) });
const IssueInput = z.strictObject({ order: z.int().min(1), reason: z.string().min(1).max(500) });

await runAgent({
  ...readFlags('refunds'),
  operations: {
    quote: operation(OrderInput, ({ order }, context) => quote(order, context)),
    issue: operation(IssueInput, ({ order }, context) => issue(order, context)),
  },
});
