/** What a run left behind that was given up while nobody could say so: it is found, and no yes is taken to it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Ballot, Desk } from '../../approvals/index.ts';
import { type ApprovalRecord, type CallRecord, Fault, type Principal } from '../../contract/index.ts';
import { memoryStores } from '../../stores/index.ts';
import { approvalPort, withdrawIdle } from './approvals.ts';
import type { LivePipeline } from './live.ts';
import { type PlanApprovalParts, planApproval } from './plan-approval.ts';

const BOB: Principal = { kind: 'user', tenant: 't', id: 'bob', roles: ['approver'] };
const MARK = { run: 'a'.repeat(32), step: 'sure' };

const record = (id: string): ApprovalRecord => ({
  ...{
    id,
    tenant: 't',
    state: 'pending',
    principal: { kind: 'agent', tenant: 't', id: 'desk', roles: [] },
    behind: [],
  },
  ...{ target: { kind: 'agent', name: 'trip', operation: 'confirm.sure' }, digest: 'd'.repeat(64), rules: [] },
  ...{ spec: { quorum: 1, roles: [], ttlMs: 1 }, reason: '', policyVersion: '', contentType: 'application/json' },
  ...{ body: new Uint8Array(0), votes: [], createdAtMs: 0, expiresAtMs: Number.MAX_SAFE_INTEGER, decidedAtMs: null },
  version: 1,
});

/** Calls `asked` of a run, and `other` of nobody's; runs wait for those in `awaited`. */
const setUp = async (awaited: readonly string[]) => {
  const { approvals } = memoryStores();
  await approvals.put(record('asked'));
  await approvals.put(record('other'));
  const withdrawn: string[] = [];
  const desk = Object.assign(Object.create(Desk.prototype) as Desk, {
    get: async () => record('asked'),
    obstacle: async () => undefined,
    vote: async (_viewer: unknown, _id: string, { verdict }: Ballot) => ({ ...record('asked'), state: verdict }),
    withdraw: async (_tenant: string, id: string) => withdrawn.push(id),
  });
  const plans = planApproval({
    calls: { get: async (_tenant, id) => (id === 'asked' ? { step: MARK } : {}) as CallRecord },
    awaits: async (_tenant, _mark, call) => awaited.includes(call),
    check: () => ({ live: { inForce: { snapshot: {} } } }) as ReturnType<PlanApprovalParts['check']>,
    plans: { get: async () => undefined },
    wallMs: () => 0,
  });
  return { approvals, withdrawn, desk, plans, port: approvalPort(desk, {} as LivePipeline, plans) };
};

const BALLOT = { verdict: 'approve', digest: 'd'.repeat(64), comment: '' } as const;

test('a start takes back what runs asked that do not wait for it, and leaves the rest', async () => {
  const { desk, plans, approvals, withdrawn } = await setUp([]);
  await withdrawIdle(desk, plans, approvals);
  assert.deepEqual(withdrawn, ['asked']);
  const awaited = await setUp(['asked']);
  await withdrawIdle(awaited.desk, awaited.plans, awaited.approvals);
  assert.deepEqual(awaited.withdrawn, []);
});

test('a yes to what no run waits for is refused and takes the question back; a yes to what one waits for is taken', async () => {
  const idle = await setUp([]);
  const fault = await idle.port.vote(BOB, 'asked', BALLOT).then(() => undefined, Fault.from);
  assert.deepEqual([fault?.code, fault?.facts['code'], idle.withdrawn], ['conflict', 'NOT_AWAITED', ['asked']]);
  const awaited = await setUp(['asked']);
  assert.equal((await awaited.port.vote(BOB, 'asked', BALLOT)).state, 'approve');
});
