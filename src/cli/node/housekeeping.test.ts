import assert from 'node:assert/strict';
import { test } from 'node:test';
import { incident } from '../../conformance/stores/samples.ts';
import {
  type AccountTerms,
  type ApprovalRecord,
  accountId,
  type CallRecord,
  MINUTE_MS,
  NO_COUNTS,
} from '../../contract/index.ts';
import { VirtualWorld } from '../../kernel/index.ts';
import { memoryStores } from '../../stores/index.ts';
import { keepHouse } from './housekeeping.ts';

const HOUR_MS = 3_600_000;

test('what is over for long goes away, what is open or unknown stays, and no key is free before its time', async () => {
  const world = new VirtualWorld(1);
  const stores = memoryStores();
  const startMs = world.clock.wallMs();
  const record = (id: string): CallRecord => ({
    ...{ id, tenant: 't', principal: { kind: 'agent', tenant: 't', id: 'a', roles: [] }, trace: id, session: '' },
    ...{ target: { kind: 'agent', name: 'b', operation: 'c' }, idempotencyKey: id, digest: '', state: 'accepted' },
    ...{ idempotent: false, detached: false, request: null, policyVersion: '', acceptedAtMs: startMs },
    ...{ concludedAtMs: null, reply: null },
  });
  for (const id of ['over', 'unknown', 'open']) await stores.calls.accept(record(id));
  await stores.calls.conclude('over', 'done', null, startMs);
  await stores.calls.conclude('unknown', 'unknown', null, startMs);
  const approval: ApprovalRecord = {
    ...{ id: 'over', tenant: 't', state: 'denied', principal: record('over').principal, behind: [], digest: '' },
    ...{ target: record('over').target, spec: { quorum: 1, roles: [], ttlMs: 1 }, rules: [], reason: '', votes: [] },
    ...{ policyVersion: '', contentType: '', body: new Uint8Array(0), createdAtMs: startMs, expiresAtMs: startMs + 1 },
    ...{ decidedAtMs: startMs, version: 1 },
  };
  await stores.approvals.put(approval);
  const hour = { tenant: 't', budget: 'hourly', holder: '', windowStartMs: startMs };
  const terms: AccountTerms = {
    ...{ ...hour, id: accountId(hour), unit: 'calls', limit: 9, windowEndMs: startMs + 1 },
  };
  const paid = { id: 'paid', tenant: 't', labels: {}, charges: [{ account: terms, amount: 1 }], expiresAtMs: startMs };
  await stores.ledger.reserve(paid, startMs);
  await stores.ledger.settle('t', 'paid', {}, startMs);
  // One that is thirty days old when the others have been over for a day, and one of yesterday.
  const minute = Math.floor(startMs / MINUTE_MS);
  for (const [seq, daysAgo] of [29, 1].entries()) {
    const row = { tenant: 't', domain: '', kind: 'agent', target: 'b', caller: 'agent', ...NO_COUNTS } as const;
    const from = { node: 'n', epoch: 'e', seq: seq + 1 };
    await stores.sums.take(from, [{ ...row, minute: minute - daysAgo * 24 * 60, calls: 1 }], false);
  }
  // As long as sums, from their end on.
  for (const [id, daysAgo] of [
    ['long over', 29],
    ['lately', 1],
  ] as const)
    await stores.incidents.put(incident(id, { endedAtMs: startMs - daysAgo * 24 * HOUR_MS }));
  const removed: unknown[] = [];
  const failed: unknown[] = [];
  const stop = keepHouse({
    ...{ stores, world, keepMs: HOUR_MS },
    done: (what) => removed.push(what),
    failed: (cause) => failed.push(cause),
  });
  const there = async () => {
    const all = await Promise.all(['over', 'unknown', 'open'].map((id) => stores.calls.get('t', id)));
    return all.map((one) => one?.id);
  };
  // An hour was asked for, and keys live for a day.
  await world.run(23 * HOUR_MS);
  assert.deepEqual(await there(), ['over', 'unknown', 'open']);
  await world.run(26 * HOUR_MS);
  assert.deepEqual(
    [await there(), removed, failed],
    [
      [undefined, 'unknown', 'open'],
      [
        {
          calls: 1,
          approvals: 1,
          money: 2,
          tasks: 0,
          runs: 0,
          traces: 0,
          agentSpans: 0,
          sums: 1,
          usage: 0,
          incidents: 1,
          logs: 0,
        },
      ],
      [],
    ],
  );
  assert.equal((await stores.sums.read('t', 0, minute)).length, 1);
  const left = await stores.incidents.list({ tenant: 'default', isOpen: false, limit: 9 });
  assert.deepEqual(
    left.map(({ id }) => id),
    ['lately'],
  );
  stop();
  assert.equal(world.pending, 0);
});
