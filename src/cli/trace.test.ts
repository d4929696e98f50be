/** `airspace trace` and what it leaves out, against the real admin door on loopback. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { callEvent, served } from '../doors/admin/testing/served.ts';
import { step } from './testing/events.ts';
import { line } from './testing/line.ts';

const CALL = callEvent({ durationMs: 90, steps: [step('decide', 0, 1, {})] });

test('trace leaves out of the picture what it was told to, and of data nothing', async () => {
  await using door = await served({ traces: { trace: async () => [CALL], recent: async () => [] } });
  const at = (...argv: string[]) =>
    line(['trace', CALL.callId.slice(0, 8), ...argv, '--url', door.url, '--key', 'viewer']);
  const whole = await at('-o', 'json');
  assert.match((await at()).stdout, /decide/);
  const { exit, stdout } = await at('--min', '50ms');
  assert.equal(exit, 0);
  assert.doesNotMatch(stdout, /decide/);
  // Two agents said one of 2 ms each.
  assert.match(stdout, /… 3 of 4 spans are left out: shorter than 50ms\nui http/);
  assert.match((await at('--kind', 'model')).stdout, /… 4 of 4 spans are left out: not of a call of a model\nui http/);
  for (const more of [['--min', '50ms'], ['--kind', 'model'], ['--no-fold']])
    assert.equal((await at('-o', 'json', ...more)).stdout, whole.stdout, more.join(' '));
});

test('what trace does not understand is named before anybody is asked', async () => {
  const wrong: readonly (readonly [argv: readonly string[], said: RegExp])[] = [
    [['--min', 'soon'], /--min must be such as 50ms or 2s, not `soon`/],
    [['--kind', 'llm'], /Allowed choices are model, tool, agent/],
    [['--critical-path', '--min', '5ms'], /cannot be used with option '--min/],
    [['--critical-path', '--no-fold'], /cannot be used with option '--no-fold/],
  ];
  for (const [argv, said] of wrong) {
    const { exit, stderr } = await line(['trace', 'bbbbbbbb', ...argv]);
    assert.equal(exit, 2, argv.join(' '));
    assert.match(stderr, said);
  }
});
