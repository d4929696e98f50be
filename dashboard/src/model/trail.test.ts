/** The audit as people read it: what is asked for is what was typed, a line says what it changed, and two texts differ line by line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditRecord } from '../../../src/contract/index.ts';
import { linesOf, textOfValue, valueAt } from './lines.ts';
import { quoted } from './shell.ts';
import { changeOf, isFiltering, NO_FILTER, placeOf, proofOf, reasonOf, trailQuery } from './trail.ts';

const record = (kind: string, object: string, details: AuditRecord['details'] = {}, callId = '') => ({
  ...{ kind, object, details, callId },
});

test('what is typed is what the node is asked, and what is no time or no request is said', () => {
  assert.equal(isFiltering(NO_FILTER), false);
  const { query, problem } = trailQuery({
    ...NO_FILTER,
    actor: 'user/ada',
    from: '2026-11-27 08:00',
    to: '2026-11-28',
  });
  assert.equal(problem, '');
  assert.deepEqual([query['actor'], query['kind']], ['user/ada', undefined]);
  assert.equal(query['since'], new Date(2026, 10, 27, 8).getTime());
  assert.equal(query['until'], new Date(2026, 10, 28).getTime());
  assert.match(trailQuery({ ...NO_FILTER, call: 'abc' }).problem, /32 hex digits/);
  for (const from of ['yesterday', '2026-13-45', '08:00'])
    assert.match(trailQuery({ ...NO_FILTER, from }).problem, /2026-11-27 08:00/, from);
});

test('a line says from where to where it led, and why', () => {
  const change = (...of: Parameters<typeof record>) => Object.values(changeOf(record(...of))).join(' > ');
  assert.equal(change('config.applied', 'revision/12'), 'r11 > r12');
  assert.equal(change('policy.activated', 'release/sha256:aa', { state: 'canary', percent: 10 }), ' > canary 10%');
  assert.equal(change('policy.rolled_back', 'policy', { undone: 'sha256:0011223344' }), '00112233 > the one before');
  assert.equal(change('kill.ordered', 'order/kill-1', { stops: 'agent/a' }), 'agent/a > stopped');
  assert.equal(change('call.read', 'agent/a/x', { policy: 'sha256:0011223344556677' }), ' > policy 00112233');
  assert.equal(change('call.ended', 'agent/a/x', { outcome: 'ok' }), ' > ok');
  assert.equal(reasonOf(record('config.applied', '', { reason: 'less' })), 'less');
  assert.equal(
    reasonOf(record('call.refused', '', { fault: 'denied', code: 'NO_WIPE', rules: ['org/a', 'org/b'] })),
    'NO_WIPE · org/a, org/b',
  );
  assert.equal(placeOf(record('call.read', 'agent/a/x', {}, 'ab')), '/requests/ab');
  assert.equal(placeOf(record('approval.vote', 'approval/3f')), '/approvals?sel=3f');
  assert.equal(placeOf(record('x', 'somewhere')), undefined);
  assert.deepEqual(
    [proofOf(5, null), proofOf(5, { records: 5, finding: null }), proofOf(6, { records: 5, finding: null })],
    ['unseen', 'ok', 'unseen'],
  );
  assert.deepEqual(
    [2, 3, 9].map((seq) => proofOf(seq, { records: 2, finding: { seq: 3 } })),
    ['ok', 'bad', 'bad'],
  );
});

test('two texts differ in as few lines as can be, with a little of what stays', () => {
  const lines = (a: string, b: string): string =>
    linesOf(a, b)
      .map(({ mark, text }) => `${mark}${text}`)
      .join('|');
  assert.equal(lines('a\nb\nc', 'a\nx\nc'), ' a|-b|+x| c');
  assert.equal(lines('1\n2\n3\n4\n5\n6\n7', '1\n2\n3\n4\n5\n6\n8'), '…| 5| 6|-7|+8');
  assert.equal(lines('same', 'same'), '…');
  const long = Array.from({ length: 2_000 }, (_, at) => `${at}`).join('\n');
  assert.equal(linesOf(long, `${long}x`).length, 4_000, 'what is too long is not compared');
});

test('a path leads to what is there, and to nothing that is not its own', () => {
  const whole = { spec: { endpoints: [{ weight: 1 }, { weight: 2 }], policies: { text: 'permit' } } };
  assert.equal(valueAt(whole, 'spec.endpoints[1].weight'), 2);
  assert.equal(valueAt(whole, 'spec.policies.text'), 'permit');
  for (const path of [
    'spec.nothing.at',
    'spec.endpoints[7]',
    '__proto__',
    'constructor.name',
    'spec.endpoints.length.x',
  ])
    assert.equal(valueAt(whole, path), undefined, path);
  assert.deepEqual([textOfValue('a'), textOfValue(undefined), textOfValue([1])], ['a', '', '[\n  1\n]']);
});

test('what goes to a clipboard is one word for a shell, whatever it is called', () => {
  assert.equal(quoted('agent/orders'), 'agent/orders');
  assert.equal(quoted('a; rm -rf /'), "'a; rm -rf /'");
  assert.equal(quoted("it's $(x)"), `'it'\\''s $(x)'`);
  assert.equal(quoted(''), "''");
});
