import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredResource } from '../../../contract/index.ts';
import type { TargetResource } from '../../../discovery/index.ts';
import { mergedWith } from './merge.ts';

const resource = (spec: object, metadata: object = {}): TargetResource => ({
  apiVersion: 'airspace.dev/v1',
  kind: 'Tool',
  metadata: { name: 'crm', ...metadata },
  spec: { protocol: 'mcp', ...spec } as TargetResource['spec'],
});
const stored = (one: TargetResource) => ({ resource: one, version: 3, revision: 7 }) as unknown as StoredResource;
const merged = (before: object, now: object) => mergedWith(stored(resource(before)), resource(now)).spec;
const tool = (name: string, effect: string, more: object = {}) => ({ name, effect, definition: { name }, ...more });
const operationsIn = (before: object[], now: object[]) =>
  merged({ operations: before }, { operations: now })['operations'] as object[] | undefined;

test('what was decided about a tool holds while it is defined as it was', () => {
  const before = tool('look', 'spend', { idempotent: true, price: { perCall: '1' }, input: { type: 'object' } });
  assert.deepEqual(operationsIn([before], [tool('look', 'read')]), [before]);
});

test('a tool that is defined otherwise is as bad as anybody says, and nothing is repeated', () => {
  const changed = { definition: { name: 'look', description: 'now it pays' } };
  const was = (effect: string) => tool('look', effect, { idempotent: true, reconcile: { replay: true } });
  for (const [before, now, effect] of [
    ['read', 'write', 'write'],
    ['read', 'read', 'read'],
    ['irreversible', 'read', 'irreversible'],
  ] as const)
    assert.deepEqual(operationsIn([was(before)], [tool('look', now, changed)]), [tool('look', effect, changed)]);
});

test('operations that people named stay, and those that the server no longer lists go', () => {
  const own = { name: 'by-hand', effect: 'read' };
  assert.deepEqual(operationsIn([tool('gone', 'write'), own], [tool('new', 'write')]), [tool('new', 'write'), own]);
  assert.deepEqual(operationsIn([tool('gone', 'write'), own], []), [own]);
  assert.equal(operationsIn([tool('gone', 'write')], []), undefined);
});

test('what a person says with the command counts more than what was there', () => {
  const before = { name: 'where', effect: 'read', description: 'finds orders' };
  assert.deepEqual(operationsIn([before], [{ name: 'where', effect: 'write' }]), [{ ...before, effect: 'write' }]);
});

test('limits, labels, owners, further endpoints, aliases and a pinned version stay; another address replaces', () => {
  const endpoints = [{ url: 'http://a' }, { url: 'http://b', weight: 10 }];
  const before = resource(
    { timeoutMs: 5, protocolVersion: '2025-11-25', endpoints, aliases: ['x'] },
    { domain: 'sales', labels: { tier: 'gold' } },
  );
  const again = mergedWith(stored(before), resource({ endpoints: [{ url: 'http://b' }], aliases: ['y'] }));
  assert.deepEqual(again.metadata, { name: 'crm', domain: 'sales', labels: { tier: 'gold' } });
  assert.deepEqual(again.spec, { ...before.spec, aliases: ['x', 'y'] });
  const moved = mergedWith(stored(before), resource({ endpoints: [{ url: 'http://c' }] }));
  assert.deepEqual(moved.spec['endpoints'], [{ url: 'http://c' }]);
});

test('a card that differs in its signatures only is the same card', () => {
  const before = { protocol: 'a2a', card: { name: 'n', signatures: ['1'] } };
  assert.deepEqual(merged(before, { protocol: 'a2a', card: { name: 'n', signatures: ['2'] } })['card'], before.card);
  const other = { name: 'm', signatures: ['2'] };
  assert.deepEqual(merged(before, { protocol: 'a2a', card: other })['card'], other);
});
