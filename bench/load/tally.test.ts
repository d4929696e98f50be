import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tally } from './tally.ts';

const ok = { startLine: 'HTTP/1.1 200 OK', closes: false };

function window(): Tally {
  const tally = new Tally();
  tally.open(1_000);
  return tally;
}

test('throughput counts replies inside the window, latency counts calls that were due inside it', () => {
  const tally = window();
  tally.replied(990, 1_001, ok); // due before: throughput only
  tally.replied(1_002, 1_004, ok); // both
  tally.close(2_000);
  tally.replied(1_999, 2_009, ok); // replied after: latency only
  const result = tally.result(2_010, []);
  assert.equal(result.calls, 2);
  assert.equal(result.elapsedMs, 1_000);
  assert.ok(Math.abs(result.latencyUs.p50 - 2_000) < 10);
  assert.equal(result.latencyUs.max, 10_000);
});

test('latency counts from the time a call was due, so a stalled target cannot hide calls that waited in line', () => {
  const tally = window();
  for (let due = 1_000; due < 1_100; due += 1) tally.replied(due, 1_100, ok);
  tally.close(1_200);
  assert.ok(Math.abs(tally.result(1_200, []).latencyUs.p50 - 50_000) < 100);
});

test('a call without a reply took at least until now', () => {
  const tally = window();
  tally.close(2_000);
  const result = tally.result(3_000, [1_500, 900]);
  assert.equal(result.unfinished, 1);
  assert.equal(result.latencyUs.max, 1_500_000);
});

test('a reply that is not 2xx is an error, and the first one is quoted', () => {
  const tally = window();
  tally.replied(1_001, 1_002, { startLine: 'HTTP/1.1 401 Unauthorized', closes: false });
  tally.broken(1_003, 'read ECONNRESET');
  tally.close(2_000);
  const result = tally.result(2_000, []);
  assert.deepEqual([result.calls, result.errors, result.firstError], [0, 2, 'answered `HTTP/1.1 401 Unauthorized`']);
});
