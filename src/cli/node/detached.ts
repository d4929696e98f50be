/** Detached calls as the native door asks about them, those that wait for people too: found and cancelled by their owner only. */
import type { Desk } from '../../approvals/index.ts';
import type { CallRecord, Credential } from '../../contract/index.ts';
import type { AsyncCall, AsyncCalls } from '../../doors/native/index.ts';
import { throwIfNotForCalls } from '../../identity/index.ts';
import type { World } from '../../kernel/index.ts';
import type { LivePipeline } from './live.ts';

export const detachedCalls = (live: LivePipeline, world: World, desk?: Desk): AsyncCalls => {
  const owned = async (credential: Credential, id: string): Promise<CallRecord | undefined> => {
    const principal = await live.resolver.resolve(credential, world.clock.wallMs());
    throwIfNotForCalls(principal);
    return live.journal.owned(principal, id);
  };
  const seen = async (record: CallRecord): Promise<AsyncCall> => {
    const approval = await desk?.publicOf(record.tenant, record.id);
    if (approval === undefined) return record;
    return { ...record, approval, state: approval.state === 'pending' ? 'held' : record.state };
  };
  return {
    get: async (credential, id) => {
      const record = await owned(credential, id);
      return record === undefined ? undefined : seen(record);
    },
    cancel: async (credential, id) => {
      const record = await owned(credential, id);
      if (record === undefined) return undefined;
      if (!live.journal.cancel(id)) await desk?.withdraw(record.tenant, id);
      return seen((await owned(credential, id)) ?? record);
    },
    collected: async (credential, id) => {
      const record = await owned(credential, id);
      if (record !== undefined) await desk?.collected(record.tenant, id);
    },
  };
};
