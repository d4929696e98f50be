/** What a yes is about: the definition of a plan when a run is to start, and the question alone when a run asks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RoutePlan } from '../contract/index.ts';
import { resourceOf } from './subject.ts';

const called = (name: string, version: string): Pick<RoutePlan, 'target' | 'operation'> => ({
  target: {
    ...{ tenant: 't', kind: 'agent', name: 'trip', domain: '', labels: {}, endpoints: [], operations: [] },
    ...{ health: null, concurrency: 1, timeoutMs: null },
    speech: { protocol: 'plan', version, binding: '', model: '' },
  },
  operation: { name, effect: 'write', idempotent: true },
});

test('another definition is another thing to approve', () => {
  assert.notEqual(resourceOf(called('run', 'one')), resourceOf(called('run', 'two')));
});

test('a question of a run stays what it is when another definition is applied, and is not that of another step', () => {
  assert.equal(resourceOf(called('confirm.pay', 'one')), resourceOf(called('confirm.pay', 'two')));
  assert.notEqual(resourceOf(called('confirm.pay', 'one')), resourceOf(called('confirm.fly', 'one')));
});
