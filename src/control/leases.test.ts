import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultOf } from './fixture.ts';
import { NodeLink } from './link.ts';
import { DirectWire, HubBench, joinedNode, snapshot } from './linkfixture.ts';
import { parseLeaseReply, parseLeaseRequest } from './reports.ts';

const ID = 'a'.repeat(32);
const ASK = { id: ID, accounts: [{ budget: 'daily', holder: '' }], need: { calls: 1 } };

test('a request for leases is taken as it is, and whatever is not one is refused, naming the field', async () => {
  const request = { reports: [{ id: ID, used: { micros: 5 }, rest: { id: ID, held: {}, forMs: 9 } }], ask: ASK };
  assert.deepEqual(parseLeaseRequest(request), request);
  for (const [wrong, field] of [
    [{ reports: [{ id: ID, used: { micros: -1 } }] }, 'reports.0.used.micros'],
    [{ reports: [{ id: ID, used: { calls: 0.5 } }] }, 'reports.0.used.calls'],
    [{ reports: [{ id: ID, used: { calls: 2 ** 60 } }] }, 'reports.0.used.calls'],
    [{ reports: [{ id: ID, used: {}, rest: { id: ID, held: {}, forMs: -1 } }] }, 'reports.0.rest.forMs'],
    [{ reports: [{ id: '../x', used: {} }] }, 'reports.0.id'],
    [{ reports: Array.from({ length: 501 }, () => ({ id: ID, used: {} })) }, 'reports'],
    [{ reports: [], ask: { ...ASK, accounts: [] } }, 'ask.accounts'],
    [{ reports: [], ask: { ...ASK, need: { euros: 1 } } }, 'ask.need'],
    [{ reports: [], tenant: 'other' }, ''],
  ] as const) {
    const fault = await faultOf(Promise.resolve().then(() => parseLeaseRequest(wrong)));
    assert.equal(fault.code, 'bad_request');
    assert.ok(fault.message.includes(`\`${field}\``), fault.message);
  }
});

test('a link carries leases under the name of its node, and believes no answer that is none', async () => {
  const bench = new HubBench();
  bench.publish(snapshot(1));
  const { parts, entry } = await joinedNode(bench);
  const asked: unknown[] = [];
  let reply: unknown = { answer: null, news: 'that this version does not know' };
  const wire = Object.assign(new DirectWire(bench.hub), {
    post: async (path: string, body: unknown, authorization?: string) => {
      asked.push([path, bench.hub.authenticate((authorization ?? '').slice('airspace-node '.length)).id, body]);
      return reply;
    },
  });
  const link = new NodeLink({ ...parts, wire });
  assert.deepEqual(await link.lease({ reports: [], ask: ASK }), { answer: null });
  assert.deepEqual(asked, [[`/v1/nodes/${entry.id}/leases`, entry.id, { reports: [], ask: ASK }]]);
  for (reply of [{}, { answer: { kind: 'granted', amounts: { calls: -1 }, ttlMs: 10, accounts: [] } }, 'yes'])
    assert.equal((await faultOf(link.lease({ reports: [] }))).code, 'bad_request');
  assert.throws(() => parseLeaseReply({ answer: { kind: 'granted', amounts: {}, ttlMs: 0, accounts: [] } }));
});
