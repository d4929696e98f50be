import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallEvent, NodeEntry, Snapshot } from '../../contract/index.ts';
import { memoryStores } from '../../stores/index.ts';
import { countingOf, toldAbove } from './sums.ts';

const domain = (name: string, parent: string, more: object = {}) => ({
  ...{ tenant: 'default', name, parent, delegated: true },
  ...more,
});
const snapshot = (...domains: Snapshot['domains']): Snapshot =>
  ({
    targets: [{ tenant: 'default', kind: 'agent', name: 'orders', operations: [] }],
    domains,
  }) as unknown as Snapshot;

const event = (principal: CallEvent['principal'], name = 'orders'): CallEvent => ({
  ...{ callId: 'c', trace: 'a', span: 'b', tenant: 'default', principal, lineage: { root: 'c', depth: 0 } },
  target: { kind: 'agent', name, operation: 'ask' },
  ...{ node: 'n', role: 'domain', startedAtMs: 0, durationMs: 1, status: 'ok', code: '', httpStatus: 200 },
  ...{ requestBytes: 0, replyBytes: 0, snapshotSeq: 1, attributes: {}, steps: [] },
});
const by = (name: string, home?: string): CallEvent['principal'] => ({
  ...{ kind: 'agent', id: name },
  ...(home === undefined ? {} : { domain: home }),
});

const TREE = snapshot(domain('shop', ''), domain('returns', 'shop'), domain('office', ''));
const PLACE = { tenant: 'default', domain: 'shop' };

test('the root counts for every domain, and a domain hub for its own and those below', () => {
  const root = countingOf({ snapshot: () => TREE });
  const shop = countingOf({ snapshot: () => TREE, place: PLACE });
  const homes = (homeOf: typeof root.own) =>
    [by('a', 'returns'), by('b', 'office'), by('c')].map((caller) => homeOf.rowOf(event(caller))?.domain);
  assert.deepEqual(homes(root.own), ['returns', 'office', '']);
  assert.deepEqual(homes(shop.own), ['returns', 'shop', 'shop']);
  assert.deepEqual([root.own.onward, shop.own.onward], [false, true]);
});

test('what a sidecar tells is of its domain, whatever it says; what a hub below tells is counted there', () => {
  const shop = countingOf({ snapshot: () => TREE, place: PLACE });
  const node = (role: NodeEntry['role'], home: string): NodeEntry => ({
    ...{ id: 'x', role, tenant: 'default', domain: home, agent: 'a', publicKey: '', url: '' },
  });
  const counting = shop.of(node('sidecar', 'returns'));
  assert.equal(counting.rowOf(event(by('a', 'shop')))?.domain, 'returns');
  assert.equal(shop.of(node('domain', 'returns')).rowOf(event(by('a'))), undefined);
  assert.equal(shop.of(node('domain', 'returns')).usageOf?.(event(by('a')))?.caller, 'agent/a');
});

test('what is counted follows the snapshot', () => {
  let now: Snapshot | undefined;
  const { own } = countingOf({ snapshot: () => now, place: PLACE });
  const seen = () => [own.rowOf(event(by('a', 'returns')))?.domain, own.rowOf(event(by('a')))?.target];
  assert.deepEqual(seen(), ['shop', '']);
  now = TREE;
  assert.deepEqual(seen(), ['returns', 'orders']);
});

test('the parent is told sums only when its Domain says so, and before it has spoken', () => {
  let above: Pick<Snapshot, 'domains'> | undefined;
  const told = toldAbove({ store: memoryStores().sums, place: PLACE, above: () => above });
  assert.equal(told.only(), true);
  above = snapshot(domain('shop', ''));
  assert.deepEqual([told.only(), told.homeOf('returns')], [false, 'shop'], 'a domain that it does not know');
  above = snapshot(domain('shop', '', { telemetry: 'sums' }), domain('returns', 'shop'));
  assert.deepEqual([told.only(), told.homeOf('returns'), told.homeOf('office')], [true, 'returns', 'shop']);
});
