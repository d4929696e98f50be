import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type SignedMessage, WEBHOOK_HEADERS } from '../kernel/index.ts';
import { Notifier } from './index.ts';
import { ANN, bench, CAT } from './testing.ts';

const listening = async () => {
  const b = await bench();
  const sent: SignedMessage[] = [];
  const refusals: number[] = [];
  const other = { away: false };
  const notifier = (): Notifier =>
    new Notifier({
      store: b.stores.approvals,
      clock: b.world.clock,
      random: () => 1,
      sign: (text) => Buffer.from(text),
      post: async (message) => {
        if (other.away) throw new Error('away');
        sent.push(message);
      },
      failed: (_, tries) => refusals.push(tries),
    });
  const types = (): string[] => sent.map(({ body }) => JSON.parse(body).type);
  return { b, sent, other, refusals, notifier, types };
};

test('what waits is told of once, each vote again, and its end last', async () => {
  const { b, sent, notifier, types } = await listening();
  const stop = notifier().start();
  const record = await b.held('{"cents":1,"to":"s3cret"}');
  await b.pass(10_000);
  assert.deepEqual(types(), ['approval.pending']);
  await b.vote(ANN, record);
  await b.pass(10_000);
  await b.vote({ ...CAT, id: 'bob', roles: ['finance'] }, record, 'deny');
  await b.pass(10_000);
  assert.deepEqual(types(), ['approval.pending', 'approval.pending', 'approval.denied']);
  assert.equal(new Set(sent.map(({ headers }) => headers[WEBHOOK_HEADERS.id])).size, 3);
  assert.ok(sent.every(({ body }) => !body.includes('s3cret')));
  const [first] = sent;
  const [time, id] = [WEBHOOK_HEADERS.timestamp, WEBHOOK_HEADERS.id].map((name) => first!.headers[name]);
  const signed = Buffer.from(first!.headers[WEBHOOK_HEADERS.signature]!.slice('ed25519='.length), 'base64').toString();
  assert.equal(signed, `${time}.${id}.${first!.body}`);
  stop();
  assert.equal(b.world.pending, 0, 'nothing is left behind');
});

test('who is away is asked later and later, with the time of the try, and hears of what still waits', async () => {
  const { b, sent, other, refusals, notifier, types } = await listening();
  other.away = true;
  const stop = notifier().start();
  await b.held();
  await b.pass(60_000);
  assert.ok(refusals.length >= 4 && refusals.length <= 6, `${refusals.length} tries in a minute`);
  other.away = false;
  await b.pass(120_000);
  assert.deepEqual(types(), ['approval.pending']);
  const seconds = Number(sent[0]!.headers[WEBHOOK_HEADERS.timestamp]);
  assert.ok(b.world.clock.wallMs() / 1_000 - seconds < 120 && seconds > Date.UTC(2026, 0, 1) / 1_000 + 59);
  stop();
});

test('after a restart what waits is told of again, with the same id', async () => {
  const { b, sent, notifier } = await listening();
  await b.held();
  await notifier().look();
  await notifier().look();
  assert.equal(sent.length, 2);
  assert.equal(sent[0]!.headers[WEBHOOK_HEADERS.id], sent[1]!.headers[WEBHOOK_HEADERS.id]);
});
