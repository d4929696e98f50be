/** The benchmark compares like with like: every engine answers as the rules in plain words do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../src/kernel/index.ts';
import { cedarWasm, ours } from './cedar.ts';
import { measure } from './measure.ts';
import { cel, installed, jsonLogic } from './peers.ts';
import { allowed, requestsFor, rulesFor } from './rules.ts';

const QUICK = { rounds: 1, sliceMs: 1 };

test('engines that are measured answer alike, and both answers occur', async () => {
  const peers = installed() ? [cel, jsonLogic] : [];
  const rules = rulesFor(40);
  const requests = requestsFor(100, seeded(3));
  const rows = await measure([ours, cedarWasm, ...peers], rules, requests, QUICK);
  assert.ok(rows.every(({ decisions, p50Us, p99Us }) => decisions > 0 && p50Us <= p99Us));
  assert.equal(new Set(requests.map((request) => allowed(rules, request))).size, 2);
});

test('an engine that answers in another way is not measured', async () => {
  const generous = { name: 'generous', prepare: async () => ({ encode: () => null, allows: () => true }) };
  await assert.rejects(measure([generous], rulesFor(40), requestsFor(100, seeded(3)), QUICK), /`generous` answers/);
});
