import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call, Reply, Tree } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { rootScope, silentSpan, VirtualWorld } from '../kernel/index.ts';
import type { Parts } from './parts.ts';
import { replayed } from './replayed.ts';

const REPLY: Reply = {
  ...{ outcome: 'ok', status: 200, contentType: 'text/plain', headers: [], endpoint: '', attempts: 1 },
  body: { kind: 'bytes', bytes: new Uint8Array(0) },
};

const tree: Tree = { origin: null, begun: 'user/ann', hops: [], calls: 1, endsAtMs: 1_000 };
const call = (given: Partial<Tree>): Call => ({
  id: 'c'.repeat(32),
  credential: { kind: 'none' },
  principal: { kind: 'agent', tenant: 'default', id: 'triage', roles: [] },
  target: { kind: 'tool', name: 'orders', operation: 'find' },
  ...{ contentType: 'text/plain', accept: '*/*', body: REPLY.body, headers: [] },
  trace: { trace: 'a'.repeat(32), sampled: true },
  lineage: { root: 'b'.repeat(32), depth: 1 },
  tree: { ...tree, ...given },
  ...{ priority: 2, stream: false, via: [], retriedElsewhere: false },
});

test('a node that replays nothing refuses what belongs to a replay, and lets everything else by', async () => {
  const layer = replayed({ replays: undefined } as Parts);
  const sent: string[] = [];
  const handler = layer(async ({ id }) => {
    sent.push(id);
    return REPLY;
  });
  const { scope } = rootScope(new VirtualWorld(1), silentSpan('s'));
  await assert.rejects(handler(call({ replay: true }), scope), (thrown: Fault) => {
    assert.ok(thrown instanceof Fault);
    assert.deepEqual([thrown.code, thrown.executed, thrown.facts['code']], ['conflict', 'no', 'REPLAY_ELSEWHERE']);
    assert.equal(thrown.facts['replay'], 'b'.repeat(32), 'the audit says what it was');
    return true;
  });
  assert.deepEqual(sent, []);
  await handler(call({}), scope);
  assert.equal(sent.length, 1);
});
