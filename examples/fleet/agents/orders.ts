/** `orders`: where a parcel is and what a customer ordered. Runs as two instances; `--flaps` makes one of them unreliable, in the ways that it names. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { OperationError } from '../../../src/client/serve.ts';
import { BAD_MOODS, type BadMood, flapping } from './flapping.ts';
import { ORDERS } from './order-book.ts';
import { FLAGS, operation, runAgent } from './process.ts';

const { values: flags } = parseArgs({
  options: {
    ...FLAGS,
    flaps: { type: 'string' },
    'good-ms': { type: 'string', default: '6000' },
    'bad-ms': { type: 'string', default: '6000' },
    'lookup-ms': { type: 'string', default: '250' },
  },
});
const { name = 'orders', port } = flags;

/** The book is far away: calls overlap, as they do where work takes time. */
const lookUp = (): Promise<void> => sleep(Number(flags['lookup-ms']));

const where = operation(z.strictObject({ id: z.int().min(1) }), async ({ id }) => {
  await lookUp();
  const order = ORDERS.find((each) => each.id === id);
  if (order === undefined) throw new OperationError(404, `there is no order ${id}; there are 1 to ${ORDERS.length}`);
  return { order, servedBy: name };
});

const list = operation(z.strictObject({ customer: z.string().min(1).max(100) }), async ({ customer }) => {
  await lookUp();
  return { orders: ORDERS.filter((order) => order.customer === customer.toLowerCase()), servedBy: name };
});

/** `deaf,ill` */
const moodsIn = (text: string): readonly BadMood[] =>
  text.split(',').map((word) => {
    const mood = BAD_MOODS.find((one) => one === word);
    if (mood === undefined) throw new Error(`--flaps names ${BAD_MOODS.join(' and ')}, not \`${word}\``);
    return mood;
  });

const habitOf = (bad: string) => ({
  ...{ goodMs: Number(flags['good-ms']), badMs: Number(flags['bad-ms']), bad: moodsIn(bad) },
});
const operations = { where, list };
await runAgent(
  { name, port: Number(port) },
  flags.flaps === undefined ? operations : flapping(operations, habitOf(flags.flaps)),
);
