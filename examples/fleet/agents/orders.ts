/** `orders`: where a parcel is and what a customer ordered. Runs as two instances; `--flaps` makes one of them unreliable. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { flapping } from './flapping.ts';
import { ORDERS } from './order-book.ts';
import { FLAGS, operation, Problem, runAgent } from './serve.ts';

const where = operation(z.strictObject({ id: z.int().min(1) }), ({ id }, { instance }) => {
  const order = ORDERS.find((each) => each.id === id);
  if (order === undefined) throw new Problem(404, `there is no order ${id}; there are 1 to ${ORDERS.length}`);
  return { order, servedBy: instance };
});

const list = operation(z.strictObject({ customer: z.string().min(1).max(100) }), ({ customer }, { instance }) => ({
  orders: ORDERS.filter((order) => order.customer === customer.toLowerCase()),
  servedBy: instance,
}));

const { values: flags } = parseArgs({
  options: {
    ...FLAGS,
    flaps: { type: 'boolean', default: false },
    'good-ms': { type: 'string', default: '5000' },
    'bad-ms': { type: 'string', default: '5000' },
  },
});
const habit = { goodMs: Number(flags['good-ms']), badMs: Number(flags['bad-ms']) };

await runAgent({
  name: flags.name ?? 'orders',
  port: Number(flags.port),
  operations: { where, list },
  ...(flags.flaps ? { around: flapping(habit, () => performance.now()) } : {}),
});
