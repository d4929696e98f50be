/** What one finished call adds to the sums of its minute: counted once, by the node where it came in, whoever answered it. */
import {
  type CallEvent,
  durationBucketOf,
  isCountedElsewhere,
  isDenied,
  isError,
  isHeld,
  MINUTE_MS,
  NO_COUNTS,
  SUM_CALLERS,
  type SumCounts,
  type SumRow,
  type TargetKind,
} from '../contract/index.ts';
import { countIn } from './numbers.ts';

/** Where an event was written, and what is known there. */
export interface SumGround {
  /** Of a node that is of one tenant: also of callers that are nobody, and no other is counted. Absent: every tenant. */
  readonly tenant?: string;
  /** Domain of the node where the call came in; empty: the organisation. */
  readonly domain: string;
  /** Is it that domain, or one below it? */
  readonly isWithin: (tenant: string, domain: string) => boolean;
  /** Names of what does not exist are their callers' own, and endless. */
  readonly isTarget: (tenant: string, kind: TargetKind, name: string) => boolean;
}

/** Undefined for a call that another node sent here, because that one counts it, and for one of another tenant. */
export const sumOf = (event: CallEvent, ground: SumGround): SumRow | undefined => {
  if (isCountedElsewhere(event)) return undefined;
  const tenant = event.tenant === '' ? (ground.tenant ?? '') : event.tenant;
  if (ground.tenant !== undefined && tenant !== ground.tenant) return undefined;
  const { principal, target } = event;
  const own = principal?.kind === 'agent' ? (principal.domain ?? '') : '';
  const isKnown = principal !== null && ground.isTarget(tenant, target.kind, target.name);
  return {
    minute: Math.floor((event.startedAtMs + event.durationMs) / MINUTE_MS),
    tenant,
    domain: own !== '' && ground.isWithin(tenant, own) ? own : ground.domain,
    kind: isKnown ? target.kind : 'unknown',
    target: isKnown ? target.name : '',
    caller: SUM_CALLERS.find((kind) => kind === (principal?.kind ?? 'nobody')) ?? 'other',
    ...countsOf(event),
  };
};

const countsOf = (event: CallEvent): SumCounts => {
  const paid = {
    costMicros: countIn(event.attributes, 'cost.micros'),
    inputTokens: countIn(event.attributes, 'usage.input_tokens'),
    outputTokens: countIn(event.attributes, 'usage.output_tokens'),
  };
  if (isHeld(event)) return { ...NO_COUNTS, ...paid, held: 1 };
  const durations = [...NO_COUNTS.durations];
  durations[durationBucketOf(event.durationMs)] = 1;
  return {
    ...{ calls: 1, errors: isError(event) ? 1 : 0, denied: isDenied(event) ? 1 : 0, held: 0 },
    ...paid,
    durations,
  };
};
