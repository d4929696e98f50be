import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, type Roster, type Signed, type SignedDelta } from '../contract/index.ts';
import { newNodeKey } from '../identity/index.ts';
import { Canceller } from '../kernel/index.ts';
import { snapshot, target } from './linkfixture.ts';
import { Publisher } from './snapshots.ts';

const roster = (seq: number): Roster => ({ seq, nodes: [], instances: [] });
const label = (one: Signed | SignedDelta): string =>
  'base' in one ? `${one.kind} after ${one.base}` : `${one.kind} ${JSON.parse(one.payload).seq}`;

test('a late subscriber gets the newest whole documents, then everything newer, until it leaves', () => {
  const publisher = new Publisher(newNodeKey());
  publisher.publish('snapshot', snapshot(1));
  publisher.publish('snapshot', snapshot(2));
  publisher.publish('roster', roster(7));
  const heard: string[] = [];
  const leave = publisher.subscribe((signed) => void heard.push(label(signed)));
  publisher.publish('snapshot', snapshot(3));
  leave();
  publisher.publish('snapshot', snapshot(4));
  assert.deepEqual(heard, ['snapshot 2', 'roster 7', 'snapshot 3']);
});

test('a document that is not newer is not published (I14)', () => {
  const publisher = new Publisher(newNodeKey());
  const heard: string[] = [];
  publisher.subscribe((signed) => void heard.push(label(signed)));
  for (const seq of [5, 5, 4, 6]) publisher.publish('snapshot', snapshot(seq));
  assert.deepEqual(heard, ['snapshot 5', 'snapshot 6']);
  assert.equal(publisher.seq('snapshot'), 6);
});

test('a reader gets orders to stop before everything else that waits for it', async () => {
  const publisher = new Publisher(newNodeKey());
  publisher.publish('roster', roster(1));
  publisher.publish('snapshot', snapshot(1));
  publisher.publish('kills', { seq: 1, orders: [] });
  const reader = publisher.newerThan({ snapshotSeq: 0, rosterSeq: 0, killsSeq: 0 }, new Canceller());
  const kinds: string[] = [];
  for (let at = 0; at < 3; at++) kinds.push((await reader.next()).value!.kind);
  assert.deepEqual(kinds, ['kills', 'snapshot', 'roster']);
});

test('a slow reader gets the newest next, and nothing twice', async () => {
  const publisher = new Publisher(newNodeKey());
  publisher.publish('snapshot', snapshot(1));
  const closing = new Canceller();
  const reader = publisher.newerThan({ snapshotSeq: 0, rosterSeq: 0, killsSeq: 0 }, closing);
  const next = async (): Promise<string | undefined> => {
    const { value } = await reader.next();
    return value === undefined ? undefined : label(value);
  };
  assert.equal(await next(), 'snapshot 1');
  for (const seq of [2, 3, 4]) publisher.publish('snapshot', snapshot(seq));
  publisher.publish('roster', roster(1));
  assert.equal(await next(), 'snapshot 4');
  assert.equal(await next(), 'roster 1');
  const waiting = next();
  publisher.publish('roster', roster(2));
  assert.equal(await waiting, 'roster 2');
  const last = next();
  closing.cancel(new Fault('cancelled', 'done'));
  assert.equal(await last, undefined);
});

test('a reader that has the newest already gets nothing until there is more', async () => {
  const publisher = new Publisher(newNodeKey());
  publisher.publish('snapshot', snapshot(3));
  const reader = publisher.newerThan({ snapshotSeq: 3, rosterSeq: 0, killsSeq: 0 }, new Canceller());
  const waiting = reader.next();
  publisher.publish('snapshot', snapshot(4));
  assert.equal(label((await waiting).value!), 'snapshot 4');
});

test('a reader that comes back with one of the last few is told what changed since, and any other gets the whole', async () => {
  const publisher = new Publisher(newNodeKey());
  const targets = Array.from({ length: 50 }, (_, at) => target(`agent-${at}`));
  for (const seq of [1, 2, 3, 4, 5, 6]) publisher.publish('snapshot', snapshot(seq, { targets }));
  const first = async (snapshotSeq: number, deltas = true): Promise<string> => {
    const closing = new Canceller();
    const reader = publisher.newerThan({ snapshotSeq, rosterSeq: 0, killsSeq: 0, deltas }, closing);
    const { value } = await reader.next();
    closing.cancel(new Fault('cancelled', 'seen'));
    await reader.return();
    return label(value!);
  };
  assert.equal(await first(5), 'snapshot after 5');
  assert.equal(await first(2), 'snapshot after 2');
  assert.equal(await first(1), 'snapshot 6');
  assert.equal(await first(5, false), 'snapshot 6');
});
