/** The questions that screens and commands ask of a trace store, each as often as wanted with other names. */
import type { CallEvent, CallStatus, Stores, UsageDimension, UsageSort, UsageStep } from '../../src/contract/index.ts';
import { USAGE_STEPS } from '../../src/contract/index.ts';
import { agentOf } from './events.ts';

export interface Question {
  readonly name: string;
  /** Who asks it. */
  readonly of: string;
  readonly ask: (stores: Stores, at: number) => Promise<unknown>;
}

export interface Known {
  /** Some events that are there, spread over the whole time. */
  readonly events: readonly CallEvent[];
  readonly fromMs: number;
  readonly toMs: number;
}

const TENANT = 'default';
const HOUR_MS = 3_600_000;

export const questionsAbout = ({ events, toMs }: Known): readonly Question[] => {
  const own = events.filter(({ tenant }) => tenant === TENANT);
  const some = (at: number): CallEvent => own[at % own.length]!;
  const question = (name: string, of: string, ask: Question['ask']): Question => ({ name, of, ask });
  const recent = (name: string, of: string, filter: (at: number) => Parameters<Stores['traces']['recent']>[0]) =>
    question(name, of, ({ traces }, at) => traces.recent({ tenant: TENANT, ...filter(at) }));
  const usage = (
    name: string,
    of: string,
    step: UsageStep,
    ms: number,
    by: readonly UsageDimension[],
    sort: UsageSort,
  ) =>
    question(name, of, ({ usage: store }) => {
      const fromMs = Math.floor((toMs - ms) / USAGE_STEPS[step].ms) * USAGE_STEPS[step].ms;
      return store.read({ tenant: TENANT, step, fromMs, toMs, by, sort, limit: 101 });
    });
  return [
    question('trace by its id', 'trace, why, the dashboard', ({ traces }, at) => traces.trace(TENANT, some(at).trace)),
    question('trace by a call id', 'trace, why', ({ traces }, at) => traces.trace(TENANT, some(at).callId)),
    question('trace by 10 digits', 'trace, why', ({ traces }, at) =>
      traces.trace(TENANT, some(at).callId.slice(0, 10)),
    ),
    question('trace that is not there', 'trace', ({ traces }, at) => traces.trace(TENANT, `${at}`.padStart(32, 'f'))),
    question('what agents said in a trace', 'trace', ({ agentSpans }, at) => agentSpans.trace(TENANT, some(at).trace)),
    recent('newest 200 calls', 'get calls, the dashboard', () => ({ limit: 200 })),
    recent('newest 1,000 calls', 'get calls', () => ({ limit: 1_000 })),
    recent('calls of an agent', 'get calls', (at) => ({ principal: agentOf(at % 60), limit: 100 })),
    recent('calls to a target', 'get calls', (at) => ({ target: `tool-${at % 20}`, limit: 100 })),
    ...(['denied', 'failed', 'unknown'] as const satisfies readonly CallStatus[]).map((status) =>
      recent(`calls that are ${status}`, 'get calls', () => ({ status, limit: 100 })),
    ),
    recent('calls of one to another that failed', 'get calls', (at) => ({
      ...{ status: 'failed', principal: agentOf(59 - (at % 60)), target: `tool-${at % 20}`, limit: 100 },
    })),
    recent('calls of nobody', 'get calls', (at) => ({ principal: `ghost-${at}`, limit: 100 })),
    recent('calls to nothing that went well', 'get calls', (at) => ({
      status: 'ok',
      target: `ghost-${at}`,
      limit: 100,
    })),
    recent('calls of an hour, long ago', 'topology, replay', () => ({
      ...{ sinceMs: toMs - 13 * HOUR_MS, untilMs: toMs - 12 * HOUR_MS, limit: 500 },
    })),
    question('sums of an hour', 'get domains', ({ sums }) =>
      sums.total(TENANT, Math.floor(toMs / 60_000) - 59, Math.floor(toMs / 60_000)),
    ),
    question('sums of a day', '/v1/sums', ({ sums }) =>
      sums.total(TENANT, Math.floor(toMs / 60_000) - 1_439, Math.floor(toMs / 60_000)),
    ),
    usage('targets of an hour', '/v1/usage', 'minute', HOUR_MS, ['target'], 'took'),
    usage('an hour, minute by minute', '/v1/usage', 'minute', HOUR_MS, ['time'], 'calls'),
    usage('callers of a day', '/v1/usage', 'hour', 24 * HOUR_MS, ['caller'], 'tokens'),
    usage('who called what, a day', '/v1/usage', 'hour', 24 * HOUR_MS, ['caller', 'target', 'operation'], 'cost'),
    usage('everything of 30 days', '/v1/usage', 'day', 30 * 24 * HOUR_MS, [], 'calls'),
  ];
};
