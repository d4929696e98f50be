/** What callers hear when the hub of a domain is gone: not that an address failed, which means nothing to them, but which domain is away. */
import { Fault } from '../contract/index.ts';
import { invoke, type Layer } from '../kernel/index.ts';
import type { PlanOf } from './plan.ts';

/** Outside of retries: until they are over another hub of the domain may take the call. */
export const nameDomain =
  (planOf: PlanOf): Layer =>
  (next) =>
  async (call, scope) => {
    try {
      return await invoke(next, call, scope);
    } catch (thrown) {
      const { target } = planOf(call);
      if (
        !(thrown instanceof Fault) ||
        thrown.code !== 'unreachable' ||
        thrown.remote ||
        target.exportedBy === undefined
      )
        throw thrown;
      const { executed, facts, retryAfterMs } = thrown;
      throw new Fault(
        'unavailable',
        `domain \`${target.domain}\` is away: the hub that serves ${target.kind} \`${target.name}\` cannot be reached; try again later`,
        { executed, cause: thrown, facts, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) },
      );
    }
  };
