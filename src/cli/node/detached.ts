/** Detached calls as the native door sees them: started through the pipeline, found and cancelled by their owner only. */
import type { AsyncCalls } from '../../doors/native/index.ts';
import { Fault } from '../../contract/index.ts';
import { rootScope, silentSpan, type World } from '../../kernel/index.ts';
import type { LivePipeline } from './live.ts';

export const detachedCalls = (live: LivePipeline, world: World): AsyncCalls => ({
  start: async (call) => {
    const { scope } = rootScope(world, silentSpan(world.ids.spanId()));
    const reply = await live.handler({ ...call, detach: true }, scope);
    const id = reply.headers.find(([name]) => name === 'location')?.[1].split('/').at(-1) ?? call.id;
    const record = await live.journal.owned(live.resolver.resolve(call.credential, world.clock.wallMs()), id);
    if (record === undefined) throw new Fault('internal', 'an accepted call is not in the journal');
    return record;
  },
  get: async (credential, id) => live.journal.owned(live.resolver.resolve(credential, world.clock.wallMs()), id),
  cancel: async (credential, id) => {
    const record = await live.journal.owned(live.resolver.resolve(credential, world.clock.wallMs()), id);
    if (record !== undefined) live.journal.cancel(id);
    return record;
  },
});
