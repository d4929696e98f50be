import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Snapshot } from '../contract/index.ts';
import { capabilitiesOf } from './index.ts';

test('a hub announces the targets of its domain and of those below, of its own tenant only', () => {
  const domain = (name: string, parent: string, tenant = 'a') => ({ tenant, name, parent, delegated: false });
  const target = (name: string, home: string, tenant = 'a') => ({ tenant, kind: 'agent', name, domain: home });
  const snapshot = {
    // Children before their parents: the order of names must not matter.
    domains: [domain('leaf', 'branch'), domain('branch', 'shop'), domain('shop', ''), domain('other', '')],
    targets: [
      target('one', 'shop'),
      target('two', 'branch'),
      target('three', 'leaf'),
      target('four', 'other'),
      target('five', ''),
      target('six', 'shop', 'b'),
    ],
  } as unknown as Snapshot;
  const names = (place: string) =>
    capabilitiesOf(snapshot, { tenant: 'a', domain: place, parent: null }).map(({ name }) => name);
  assert.deepEqual(names('shop'), ['one', 'two', 'three']);
  assert.deepEqual(names('branch'), ['two', 'three']);
});
