/** Breakers that change: a line in the log, a count, and the last changes of each for whoever asks how it came to that. */
import type { BreakerChange, Clock } from '../../../contract/index.ts';
import { type BreakerState, Recent } from '../../../kernel/index.ts';
import type { LiveOptions } from '../live.ts';
import type { Observed } from '../telemetry.ts';

const STATES = ['closed', 'half_open', 'open'] as const;
/** Endpoints that are remembered, and changes of each. */
const MOST_ENDPOINTS = 2_000;
const MOST_CHANGES = 20;

/** Since the node started. */
export class BreakerLog {
  readonly #clock: Pick<Clock, 'wallMs'>;
  readonly #changes = new Recent<readonly BreakerChange[]>(MOST_ENDPOINTS);

  readonly #noted: () => void;
  #isEmpty = true;

  /** `noted`: after each change; must not throw. */
  constructor(clock: Pick<Clock, 'wallMs'>, noted: () => void = () => {}) {
    this.#clock = clock;
    this.#noted = noted;
  }

  /** No breaker has changed yet. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  note(tenant: string, endpoint: string, from: BreakerState, to: BreakerState): void {
    const change = { atMs: Math.floor(this.#clock.wallMs()), from, to };
    this.#changes.set(`${tenant}/${endpoint}`, [change, ...this.of(tenant, endpoint)].slice(0, MOST_CHANGES));
    this.#isEmpty = false;
    this.#noted();
  }

  /** Newest first. */
  of(tenant: string, endpoint: string): readonly BreakerChange[] {
    return this.#changes.get(`${tenant}/${endpoint}`) ?? [];
  }
}

export const watchBreakers = (
  role: string,
  { metrics, logger }: Pick<Observed, 'metrics' | 'logger'>,
  log: BreakerLog,
): NonNullable<LiveOptions['onBreaker']> => {
  const counts = { closed: 0, half_open: 0, open: 0 };
  for (const state of STATES)
    metrics.gauge({
      name: 'airspace_breaker_transitions_total',
      labels: { role, state },
      read: () => counts[state],
    });
  return (tenant, endpoint, from, to) => {
    counts[to] += 1;
    log.note(tenant, endpoint, from, to);
    logger.log('warn', `breaker ${to}`, { endpoint, from });
  };
};
