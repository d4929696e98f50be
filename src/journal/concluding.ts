/** Ends what is on record and was not sent by us: the shortest way for most, and one that its run hears of for a step. */
import type { CallJournal, CallRecord, Fault, StoredReply } from '../contract/index.ts';
import { stepOfFault } from './step.ts';

export const conclude = async (
  store: Pick<CallJournal, 'conclude' | 'end'>,
  record: CallRecord,
  state: 'done' | 'unknown' | 'cancelled',
  reply: StoredReply,
  fault: Fault,
  atMs: number,
): Promise<void> => {
  const { tenant, id } = record;
  if (record.step === undefined) await store.conclude(id, state, reply, atMs);
  else
    await store.end({
      ...{ tenant, id, outcome: { state, reply }, amounts: null, audit: [], atMs },
      ...stepOfFault(record, fault, state === 'unknown'),
    });
};
