/** Detached calls as the native door asks about them: found and cancelled by their owner only. */
import type { AsyncCalls } from '../../doors/native/index.ts';
import { throwIfNotForCalls } from '../../identity/index.ts';
import type { World } from '../../kernel/index.ts';
import type { LivePipeline } from './live.ts';

export const detachedCalls = (live: LivePipeline, world: World): AsyncCalls => {
  const owned: AsyncCalls['get'] = async (credential, id) => {
    const principal = await live.resolver.resolve(credential, world.clock.wallMs());
    throwIfNotForCalls(principal);
    return live.journal.owned(principal, id);
  };
  return {
    get: owned,
    cancel: async (credential, id) => {
      const record = await owned(credential, id);
      if (record !== undefined) live.journal.cancel(id);
      return record;
    },
  };
};
