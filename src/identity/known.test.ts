import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Snapshot, TargetEntry } from '../contract/index.ts';
import { knownNodes } from './known.ts';

const target = (kind: TargetEntry['kind'], name: string, domain: string): TargetEntry => ({
  tenant: 'default',
  kind,
  name,
  domain,
  labels: {},
  endpoints: [],
  operations: [],
  health: null,
  concurrency: 1,
  timeoutMs: null,
});
const domain = (name: string, parent: string): Snapshot['domains'][number] => ({
  tenant: 'default',
  name,
  parent,
  delegated: false,
});

const known = knownNodes(
  {
    targets: [target('agent', 'seller', 'sales'), target('tool', 'crm', 'sales')],
    domains: [domain('sales', ''), domain('sales-eu', 'sales'), domain('ring', 'ring-2'), domain('ring-2', 'ring')],
  },
  () => undefined,
);

test('only agents have a domain that nodes can speak for', () => {
  assert.equal(known.domainOfAgent('default', 'seller'), 'sales');
  assert.equal(known.domainOfAgent('default', 'crm'), undefined);
  assert.equal(known.domainOfAgent('acme', 'seller'), undefined);
});

test('a domain is within itself and its ancestors, in its own tenant, and a ring ends', () => {
  assert.equal(known.isWithin('default', 'sales', 'sales'), true);
  assert.equal(known.isWithin('default', 'sales-eu', 'sales'), true);
  assert.equal(known.isWithin('default', 'sales', 'sales-eu'), false);
  assert.equal(known.isWithin('acme', 'sales-eu', 'sales'), false);
  assert.equal(known.isWithin('default', '', ''), false);
  assert.equal(known.isWithin('default', 'ring', 'sales'), false);
});
