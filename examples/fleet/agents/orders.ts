/** `orders`: where a parcel is and what a customer ordered. Runs as two instances; `--flaps` makes one of them unreliable. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { OperationError } from '../../../src/client/serve.ts';
import { flapping } from './flapping.ts';
import { ORDERS } from './order-book.ts';
import { FLAGS, operation, runAgent } from './process.ts';

const { values: flags } = parseArgs({
  options: {
    ...FLAGS,
    flaps: { type: 'boolean', default: false },
    'good-ms': { type: 'string', default: '5000' },
    'bad-ms': { type: 'string', default: '5000' },
  },
});
const { name = 'orders', port } = flags;

const where = operation(z.strictObject({ id: z.int().min(1) }), ({ id }) => {
  const order = ORDERS.find((each) => each.id === id);
  if (order === undefined) throw new OperationError(404, `there is no order ${id}; there are 1 to ${ORDERS.length}`);
  return { order, servedBy: name };
});

const list = operation(z.strictObject({ customer: z.string().min(1).max(100) }), ({ customer }) => ({
  orders: ORDERS.filter((order) => order.customer === customer.toLowerCase()),
  servedBy: name,
}));

const habit = { goodMs: Number(flags['good-ms']), badMs: Number(flags['bad-ms']) };
const operations = { where, list };
await runAgent({ name, port: Number(port) }, flags.flaps ? flapping(operations, habit) : operations);
