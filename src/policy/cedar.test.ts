/** A trap inside Cedar costs one text and not the hub. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCedar } from './cedar.ts';

test('after a trap the next text gets a fresh module', () => {
  const chain = `permit(principal, action, resource) when { ${Array(5000).fill('1').join(' + ')} == 1 };`;
  assert.equal(
    withCedar((cedar) => cedar.policyToJson(chain)),
    undefined,
  );
  assert.equal(withCedar((cedar) => cedar.policyToJson('permit(principal, action, resource);'))?.type, 'success');
});
