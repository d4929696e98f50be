import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, type LogBatch, type LogRecord, type NodeEntry } from '../contract/index.ts';
import { VirtualWorld } from '../kernel/index.ts';
import { LogLoad } from './logload.ts';
import { LogTaker } from './logs.ts';

const record = (at: number, given: Partial<LogRecord> = {}): LogRecord => ({
  ...{ time: new Date(at).toISOString(), level: 'info', node: 'n', message: `m${at}`, tenant: 't', domain: 'd' },
  ...{ agent: 'a', trace_id: '', span_id: '', call_id: '', ...given },
});

const SIDECAR: NodeEntry = {
  ...{ id: 'sidecar-a', role: 'sidecar', tenant: 'acme', domain: 'shop', agent: 'a', publicKey: '', url: '' },
};
const OPEN = { isTheirs: () => true, sumsOnly: false };

const taker = () => {
  const world = new VirtualWorld(1);
  const taken: LogRecord[] = [];
  return { world, taken, logs: new LogTaker({ clock: world.clock, take: (one) => taken.push(one) }) };
};

test('what a node says comes under its own name, tenant and domain, whatever it claims', () => {
  const { taken, logs } = taker();
  const claimed = record(1, { node: 'hub-1', tenant: 'default', domain: 'finance' });
  assert.deepEqual(logs.from(SIDECAR, { records: [claimed], dropped: 3 }, OPEN), { taken: 1 });
  assert.deepEqual([taken[0]?.node, taken[0]?.tenant, taken[0]?.domain], ['sidecar-a', 'acme', 'shop']);
  assert.equal(logs.counts.sender, 3);
  const hub: NodeEntry = { ...SIDECAR, id: 'domain-shop', role: 'domain' };
  const below = record(2, { node: 'sidecar-b', domain: 'shop-eu' });
  logs.from(
    hub,
    { records: [below, { ...below, domain: 'finance' }], dropped: 0 },
    { ...OPEN, isTheirs: (name) => name === 'shop-eu' },
  );
  assert.deepEqual(
    taken.slice(1).map(({ node, domain }) => [node, domain]),
    [
      ['domain-shop/sidecar-b', 'shop-eu'],
      ['domain-shop/sidecar-b', 'shop'],
    ],
  );
});

test('a domain that keeps its calls tells of itself only', () => {
  const { taken, logs } = taker();
  const records = [record(1, { call_id: 'c'.repeat(32) }), record(2)];
  assert.deepEqual(logs.from(SIDECAR, { records, dropped: 0 }, { ...OPEN, sumsOnly: true }), { taken: 1 });
  assert.deepEqual(
    taken.map(({ message }) => message),
    ['m2'],
  );
});

test('one node has so many a minute, and what is beyond is counted', async () => {
  const { world, taken, logs } = taker();
  const batch = { records: Array.from({ length: 200 }, (_, at) => record(at)), dropped: 0 };
  for (let times = 0; times < 7; times++) logs.from(SIDECAR, batch, OPEN);
  assert.deepEqual([taken.length, logs.counts.rate], [1_200, 200]);
  logs.from({ ...SIDECAR, id: 'sidecar-b' }, batch, OPEN);
  assert.equal(taken.length, 1_400, 'another node has its own');
  await world.run(60_000);
  logs.from(SIDECAR, batch, OPEN);
  assert.equal(taken.length, 1_600);
});

test('what is no batch of records is refused, and what is nested becomes text', () => {
  const { taken, logs } = taker();
  for (const wrong of [
    {},
    { records: [], dropped: 0 },
    { records: [{ ...record(1), level: 'loud' }], dropped: 0 },
    { records: [{ ...record(1), time: 'now' }], dropped: 0 },
    { records: [{ ...record(1), call_id: '<script>' }], dropped: 0 },
    { records: Array.from({ length: 201 }, () => record(1)), dropped: 0 },
    { records: [record(1)], dropped: -1 },
  ])
    assert.throws(() => logs.from(SIDECAR, wrong, OPEN), /this is no batch of log records/);
  logs.from(SIDECAR, { records: [{ ...record(1), deep: { a: [{ b: 1 }] } }], dropped: 0 }, OPEN);
  assert.equal(taken[0]?.['deep'], '{"a":[{"b":1}]}');
});

const sent = async (load: LogLoad, answer: (batch: LogBatch) => Promise<unknown>): Promise<boolean> => {
  const loaded = await load.loadTo(answer).next();
  await loaded?.send();
  return loaded !== undefined;
};

test('records wait for the hub in order, so many and no more, and the hub hears how many were given up', async () => {
  const load = new LogLoad();
  for (let at = 0; at < 2_010; at++) load.add(record(at));
  assert.equal(load.dropped, 10);
  const batches: LogBatch[] = [];
  await assert.rejects(sent(load, () => Promise.reject(new Fault('unreachable', 'away'))));
  while (await sent(load, async (batch) => batches.push(batch)));
  const all = batches.flatMap(({ records }) => records);
  assert.deepEqual([all.length, all[0]?.message, all.at(-1)?.message], [2_000, 'm10', 'm2009']);
  assert.ok(batches.every(({ records }) => records.length <= 200));
  assert.deepEqual(batches.map(({ dropped }) => dropped).slice(0, 2), [10, 0]);
});

test('what a hub will never take is given up and counted, and what is too long keeps who wrote it', async () => {
  const load = new LogLoad();
  load.add(record(1, { cause: 'x'.repeat(100_000) }));
  let batch: LogBatch | undefined;
  await sent(load, async (one) => {
    batch = one;
    throw new Fault('bad_request', 'an older hub knows no such path');
  });
  assert.deepEqual([load.dropped, await sent(load, async () => {})], [1, false]);
  assert.ok(JSON.stringify(batch).length < 20_000);
  assert.deepEqual([batch?.records[0]?.message, batch?.records[0]?.['cause']], ['m1', undefined]);
});
