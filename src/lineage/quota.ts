/** How many trees an agent begins by itself: what an agent that hides where its calls belong still runs against. */
import { Fault } from '../contract/index.ts';
import { Recent } from '../kernel/index.ts';

const WINDOW_MS = 60_000;
const MOST_AGENTS = 10_000;

export class RootQuota {
  readonly #windows = new Recent<{ readonly fromMs: number; count: number }>(MOST_AGENTS);

  /** Throws `rate_limited` with the time until the next minute of this agent. */
  begin(tenant: string, agent: string, perMinute: number, nowMs: number): void {
    if (perMinute === Number.POSITIVE_INFINITY) return;
    const key = `${tenant}/${agent}`;
    const known = this.#windows.get(key);
    const window = known === undefined || nowMs - known.fromMs >= WINDOW_MS ? { fromMs: nowMs, count: 0 } : known;
    if (window !== known) this.#windows.set(key, window);
    if (window.count >= perMinute) throw tooMany(agent, perMinute, Math.ceil(window.fromMs + WINDOW_MS - nowMs));
    window.count++;
  }
}

const tooMany = (agent: string, perMinute: number, retryAfterMs: number): Fault =>
  new Fault(
    'rate_limited',
    `agent \`${agent}\` may begin ${perMinute} call trees in a minute by itself; send \`airspace-run\` or \`traceparent\` of the call ` +
      `that it answers, or call again in ${retryAfterMs} ms`,
    { retryAfterMs, facts: { code: 'TREE_ROOTS_PER_MINUTE', limit: 'rootsPerMinute', allowed: perMinute } },
  );
