/** Calls whose outcome is unknown, as the admin door asks about them. */
import type { Stores } from '../../contract/index.ts';
import type { UnknownPort } from '../../doors/admin/index.ts';
import type { LivePipeline } from './live.ts';

export const unknownCalls = ({ calls }: Pick<Stores, 'calls'>, { reconciler }: LivePipeline): UnknownPort => ({
  list: (tenant, limit) => calls.unresolved(tenant, limit),
  say: (tenant, id, { verdict, reason }, by) => reconciler.say(tenant, id, verdict, by, reason),
});
