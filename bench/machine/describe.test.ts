import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCpuList } from './describe.ts';

test("the kernel's list of cores is read with its ranges", () => {
  assert.deepEqual(parseCpuList('0-2,5'), [0, 1, 2, 5]);
  assert.deepEqual(parseCpuList('3'), [3]);
  assert.deepEqual(parseCpuList(''), []);
});
