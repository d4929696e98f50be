/** A yes of people begins the definition that they looked at, and no other one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../contract/index.ts';
import { loopbackCall, Permit, rootScope, silentSpan, VirtualWorld } from '../../kernel/index.ts';
import { entryOf } from './fixture.ts';
import { planWay } from './way.ts';

const begunWith = async (approved: string | undefined): Promise<string> => {
  const begun: string[] = [];
  const entry = entryOf({ steps: [{ id: 'a', call: 'agent/a/go' }] });
  const way = planWay({
    planOf: () => entry,
    approved: async () => approved,
    begin: async (call) => begun.push(call.id),
    finished: () => Promise.reject(new Fault('timeout', 'nobody waits here')),
    blob: async () => undefined,
  });
  const principal = { kind: 'user', tenant: 't', id: 'ann', roles: [] } as const;
  const call = loopbackCall({ principal, target: { kind: 'agent', name: 'trip', operation: 'run' } });
  Permit.grant(call, {
    ...{ effect: 'allow', code: 'OK', reason: '', determining: [], missing: [], policyVersion: 'v', constraints: {} },
    errors: [],
  });
  const { scope } = rootScope(new VirtualWorld(1), silentSpan('s'));
  const fault = await way(call, call, scope).then(() => undefined, Fault.from);
  return `${fault?.facts['code'] ?? fault?.code} ${begun.length}`;
};

test('a run begins without people, and with those who approved this very definition', async () => {
  assert.equal(await begunWith(undefined), 'timeout 1');
  assert.equal(await begunWith('d'), 'timeout 1');
});

test('a definition that was applied between the yes and the start does not begin', async () => {
  assert.equal(await begunWith('e'), 'APPROVAL_VOID 0');
});
