/** What was acknowledged is there (I1), every chain is whole (I8), nothing is left open, and every answer was true (I12). */
import { ChainVerifier } from '../../../../audit/index.ts';
import { TENANTS } from '../operations.ts';
import type { Acknowledged, Told } from '../story.ts';
import { lineOf } from '../vault.ts';
import { type Evidence, executionsOf, type Fail, ofKind } from './evidence.ts';

export const checkKept = async (evidence: Evidence, fail: Fail): Promise<void> => {
  await checkAcknowledged(evidence, fail);
  await checkOver(evidence, fail);
  for (const tenant of TENANTS) await checkChain(evidence, tenant, fail);
  checkAnswers(evidence, fail);
};

const checkAcknowledged = async ({ story, store }: Evidence, fail: Fail): Promise<void> => {
  const lines = new Set<string>();
  const settled = new Set<string>();
  for (const tenant of TENANTS) {
    for (const record of await store.audit.read(tenant, 1, 100_000)) lines.add(`${tenant} ${lineOf(record)}`);
    for (const { id, state } of await store.ledger.entries({ tenant, limit: 10_000 }))
      if (state !== 'settled') settled.add(id);
  }
  const isThere = async (what: Acknowledged): Promise<boolean> => {
    switch (what.kind) {
      case 'audit':
        return lines.has(`${what.tenant} ${what.line}`);
      case 'settled':
        return !settled.has(what.id);
      case 'vote':
        return (await store.approvals.get(what.tenant, what.id))?.votes.some(({ user }) => user === what.user) === true;
      case 'call':
        return what.state === 'forgotten' || (await store.calls.get(what.tenant, what.id)) !== undefined;
    }
  };
  const acknowledged = new Map(ofKind(story, 'acknowledged').map(({ what }) => [JSON.stringify(what), what]));
  for (const [text, what] of acknowledged) if (!(await isThere(what))) fail('I1', `acknowledged and gone: ${text}`);
};

/** The faults were over long ago, every process was started again, and whoever could be asked was asked. */
const checkOver = async ({ store }: Evidence, fail: Fail): Promise<void> => {
  for (const { id, state } of await store.calls.open()) fail('O3', `call ${id} is still ${state}`);
  for (const { id } of await store.calls.unresolved(null, 1_000)) fail('O3', `call ${id} is still unknown`);
};

const checkChain = async ({ store, checkpoints }: Evidence, tenant: string, fail: Fail): Promise<void> => {
  const verifier = new ChainVerifier(tenant, checkpoints);
  for (const record of await store.audit.read(tenant, 1, 100_000)) {
    const finding = verifier.take(record);
    if (finding !== undefined) return fail('I8', `audit of ${tenant}: ${finding.text}`);
  }
  const finding = verifier.finish();
  if (finding !== undefined) fail('I8', `audit of ${tenant}: ${finding.text}`);
};

/** They are about this try and not about the call that holds the key. */
const OF_THE_TRY = new Set(['idempotency_in_flight', 'idempotency_mismatch']);

const checkAnswers = ({ story }: Evidence, fail: Fail): void => {
  const executions = executionsOf(story);
  const answeredBy = new Map(ofKind(story, 'taken').map(({ callId, by }) => [callId, by]));
  for (const told of story.told) {
    if (told.outcome === 'internal') fail('I12', `call ${told.callId} ended as an internal fault`);
    const by = OF_THE_TRY.has(told.outcome) || told.polled ? undefined : answeredBy.get(told.callId);
    checkAnswer(told, executions.get(by ?? told.callId) ?? 0, fail);
    if (by !== undefined && (executions.get(told.callId) ?? 0) > 0 && by !== told.callId)
      fail('I2', `call ${told.callId} ran although ${by} held its key`);
  }
};

const checkAnswer = ({ callId, outcome, executed, polled }: Told, executions: number, fail: Fail): void => {
  const heard = `call ${callId} was told \`${outcome}\`${polled ? ' when it asked later' : ''}`;
  if (executed === 'no' && executions > 0) fail('I12', `${heard}, not executed, and ran`);
  if (executed === 'yes' && executions === 0) fail('I12', `${heard}, executed, and did not run`);
};
