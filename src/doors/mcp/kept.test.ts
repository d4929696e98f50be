/** What this door keeps for clients, and what clients keep for it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Principal } from '../../contract/index.ts';
import { Canceller, VirtualWorld } from '../../kernel/index.ts';
import { Refusal } from './message.ts';
import { sealerOf } from './seal.ts';
import { type Begun, Sessions } from './sessions.ts';
import { EventStream } from './stream.ts';
import { Streams } from './streams.ts';

const ids = (): (() => string) => {
  let count = 0;
  return () => (++count).toString(16).padStart(32, '0');
};

test('what is sealed opens for what it is about, where it was sealed, unchanged', () => {
  const sealer = sealerOf(Buffer.from('secret'), ids());
  const sealed = sealer.seal({ call: 'c1' }, 'ann');
  assert.deepEqual(sealer.open(sealed, 'ann'), { call: 'c1' });
  assert.deepEqual(sealerOf(Buffer.from('secret'), ids()).open(sealed, 'ann'), { call: 'c1' }, 'after a restart');
  assert.equal(sealer.open(sealed, 'bob'), undefined);
  assert.equal(sealerOf(Buffer.from('other'), ids()).open(sealed, 'ann'), undefined);
  for (let at = 0; at < sealed.length; at += 7) {
    const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`;
    assert.equal(sealer.open(changed, 'ann'), undefined, `changed at ${at}`);
  }
  for (const none of ['', 'abc', '%', 'a'.repeat(100_000)]) assert.equal(sealer.open(none, 'ann'), undefined);
  assert.ok(!sealed.includes(Buffer.from('c1').toString('base64url')));
});

const principal: Principal = { kind: 'agent', tenant: 't', id: 'ann', roles: [] };
const begun: Begun = {
  ...{ principal, place: { target: null }, version: '2025-11-25', capabilities: {} },
  ...{ clientInfo: undefined, target: undefined },
};

test('a session that nobody used for an hour is over, and one in which something runs is not', async () => {
  const world = new VirtualWorld(1);
  const sessions = new Sessions({ world });
  const idle = sessions.begin(begun);
  const busy = sessions.begin(begun);
  const done = busy.begin(1, new Canceller());
  await world.run(3_600_000);
  assert.throws(() => sessions.find(idle.id, principal, { target: null }), Refusal);
  assert.equal(sessions.find(busy.id, principal, { target: null }), busy);
  done();
  await world.run(7_200_000);
  assert.throws(() => sessions.find(busy.id, principal, { target: null }), Refusal);
});

test('the end of a session ends what runs in it, and what waits for its client', async () => {
  const sessions = new Sessions({ world: new VirtualWorld(1) });
  const session = sessions.begin(begun);
  const canceller = new Canceller();
  session.begin('a', canceller);
  assert.throws(() => session.begin('a', new Canceller()), Refusal, 'an id that is in use');
  const { answered } = session.ask('roots/list', {}, canceller);
  sessions.end(session);
  assert.equal(canceller.reason?.code, 'cancelled');
  await assert.rejects(answered, { code: 'cancelled' });
  assert.equal(session.answer('airspace-1', { result: {} }), false);
});

const read = async (stream: EventStream, after: number): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const bytes of stream.after(after)) found.push(/id: (\S+)/.exec(Buffer.from(bytes).toString())![1]!);
  return found;
};

test('a stream is read on from where it broke, and what is gone is not left out silently', async () => {
  const stream = new EventStream('7');
  for (let at = 1; at <= 600; at++) stream.push({ at });
  stream.end();
  assert.deepEqual(await read(stream, 598), ['7.599', '7.600']);
  assert.deepEqual([stream.has(50), stream.has(100), stream.has(600), stream.has(601)], [false, true, true, false]);
  await assert.rejects(read(stream, 0), { code: 'slow_consumer' });
});

test('who comes back reads on, and the connection that hung ends', async () => {
  const stream = new EventStream('1');
  const first = read(stream, 0);
  const second = read(stream, 0);
  stream.push({ at: 1 });
  stream.end();
  assert.deepEqual([await first, await second], [[], ['1.1']]);
});

test('one caller follows so many streams, all of them together more, and a place is given back once', () => {
  const streams = new Streams();
  const of = (id: string): Principal => ({ ...principal, id });
  const places = Array.from({ length: 100 }, () => streams.enter(of('ann')));
  assert.throws(() => streams.enter(of('ann')), { status: 429 });
  streams.enter(of('bob'));
  places[0]!();
  places[0]!();
  streams.enter(of('ann'));
  assert.throws(() => streams.enter(of('ann')), { status: 429 });
  for (let other = 0; other < 4_899; other++) streams.enter(of(`other-${other}`));
  assert.throws(() => streams.enter(of('last')), { status: 429 });
  places[1]!();
  streams.enter(of('last'));
});
