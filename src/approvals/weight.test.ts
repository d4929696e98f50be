/** Held calls may be large and many: whoever looks at all of them reads the bytes of none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SignedMessage } from '../kernel/index.ts';
import { memoryStores } from '../stores/index.ts';
import { Notifier } from './index.ts';
import { ANN, type Bench, BOB, bench, PAYMENT, viewer } from './testing.ts';

/** A bench that counts which whole records are read from its store. */
const counting = async () => {
  const stores = memoryStores();
  const read: string[] = [];
  for (const store of [stores.approvals, stores.calls]) {
    const get = store.get.bind(store) as (tenant: string, id: string) => Promise<never>;
    store.get = (tenant, id) => {
      read.push(id);
      return get(tenant, id);
    };
  }
  return { b: await bench({ stores }), read };
};

const notifierOf = ({ stores, world }: Bench, post: (message: SignedMessage) => Promise<void>): Notifier =>
  new Notifier({
    ...{ store: stores.approvals, clock: world.clock, random: () => 1, sign: (text) => Buffer.from(text) },
    ...{ post, failed: () => {} },
  });

test('people, the clock and the webhook look at many large held calls and read none of them', async () => {
  const { b, read } = await counting();
  for (let cents = 0; cents < 20; cents++) await b.held(JSON.stringify({ cents, to: 'x'.repeat(100_000) }));
  read.length = 0;
  let told = 0;
  await notifierOf(b, async () => void told++).look();
  assert.equal(told, 20);
  await b.desk.look();
  assert.equal((await b.desk.list(viewer(ANN), 'pending', 500)).length, 20);
  assert.deepEqual(read, []);
});

test('an approved call that is on its way is not read again each second', async () => {
  const { b, read } = await counting();
  b.stores.calls.begin = () => new Promise(() => {});
  const record = await b.held();
  for (const who of [ANN, BOB]) await b.vote(who, record);
  const stop = b.desk.start();
  await b.pass(1_500);
  read.length = 0;
  await b.pass(60_000);
  assert.deepEqual(read, []);
  stop();
});

test('what a webhook that is away has not heard of is not read before it is tried again', async () => {
  const { b, read } = await counting();
  const record = await b.held(PAYMENT);
  const notifier = notifierOf(b, async () => {
    throw new Error('away');
  });
  await notifier.look();
  await b.vote(ANN, record, 'deny');
  read.length = 0;
  await notifier.look();
  assert.deepEqual(read, []);
  await b.pass(10_000);
  await notifier.look();
  assert.deepEqual(read, [record.id]);
});
