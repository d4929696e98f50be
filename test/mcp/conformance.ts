/** A short slice of `npm run conformance:mcp`, so that nobody has to remember it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverLeg } from './legs.ts';
import { differences, isSuiteThere, type Verdicts } from './suite.ts';

const SLICE = [
  ['--spec-version', '2026-07-28', '--scenario', 'server-stateless'],
  ['--spec-version', '2026-07-28', '--scenario', 'input-required-result-multi-round'],
  ['--spec-version', '2025-11-25', '--scenario', 'tools-call-elicitation'],
];

test('the official suite says the same of a server through a hub as of the server alone', async (t) => {
  if (!isSuiteThere()) {
    // Where everything must be there, what is missing is a failure.
    assert.ok(process.env['CI'] !== 'true', 'the official suite of MCP is not installed');
    console.error('SKIPPED: the official suite of MCP is not installed; npm install brings it');
    t.skip('the official suite is not installed');
    return;
  }
  for (const { leg, here, differences: found } of await serverLeg('hub', SLICE)) {
    assert.deepEqual(found, [], leg);
    assert.ok(here.byCase.size > 0, leg);
    assert.ok(![...here.byCase.values()].includes('FAILURE'), leg);
  }
});

test('a verdict that differs is found, in either direction', () => {
  const verdicts = (cases: Readonly<Record<string, string>>): Verdicts => ({
    byCase: new Map(Object.entries(cases)),
    output: '',
  });
  assert.deepEqual(differences(verdicts({ a: 'SUCCESS', b: 'FAILURE' }), verdicts({ a: 'FAILURE', c: 'SUCCESS' })), [
    'a: SUCCESS alone, FAILURE here',
    'b: FAILURE alone, absent here',
    'c: absent alone, SUCCESS here',
  ]);
});
