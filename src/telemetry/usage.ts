/** What one finished call adds to the usage: who called what, what it came to, and how much of its time went by before it was sent. */
import {
  type CallEvent,
  isCountedElsewhere,
  isDenied,
  isError,
  isHeld,
  OTHER_USAGE,
  SUM_CALLERS,
  type UsageCall,
  type UsageError,
} from '../contract/index.ts';
import { countIn } from './numbers.ts';
import type { SumGround } from './sums.ts';

export interface UsageGround extends Pick<SumGround, 'tenant' | 'isTarget'> {
  /** Does the target say that it has this operation? Other names are their callers' own, and endless. */
  readonly isOperation: (tenant: string, target: CallEvent['target']) => boolean;
}

/** Undefined for a call that another node sent here, because that one counts it, and for one of another tenant. */
export const usageOf = (event: CallEvent, ground: UsageGround): UsageCall | undefined => {
  if (isCountedElsewhere(event)) return undefined;
  const tenant = event.tenant === '' ? (ground.tenant ?? '') : event.tenant;
  if (ground.tenant !== undefined && tenant !== ground.tenant) return undefined;
  const { principal, target } = event;
  const isKnown = principal !== null && ground.isTarget(tenant, target.kind, target.name);
  return {
    tenant,
    caller: callerOf(principal),
    target: isKnown ? `${target.kind}/${target.name}` : 'unknown',
    operation: isKnown && (wasAnswered(event) || ground.isOperation(tenant, target)) ? target.operation : '',
    endedAtMs: event.startedAtMs + event.durationMs,
    isHeld: isHeld(event),
    error: isError(event) ? errorOf(event) : null,
    isDenied: isDenied(event),
    attempts: attemptsOf(event).length,
    costMicros: countIn(event.attributes, 'cost.micros'),
    inputTokens: countIn(event.attributes, 'usage.input_tokens'),
    outputTokens: countIn(event.attributes, 'usage.output_tokens'),
    tookMicros: micros(event.durationMs),
    waitedMicros: micros(waitedMs(event)),
  };
};

/** Users are many, and what is kept for long does not name them. */
const callerOf = (principal: CallEvent['principal']): string => {
  if (principal === null) return 'nobody';
  if (principal.kind === 'agent') return `agent/${principal.id}`;
  return SUM_CALLERS.find((kind) => kind === principal.kind) ?? OTHER_USAGE;
};

/** The target itself took it for one of its own. */
const wasAnswered = ({ code, httpStatus }: CallEvent): boolean => code === '' && httpStatus >= 200 && httpStatus < 300;

/** By fault code; a reply that is an error is the target's. What is missing here is our own. */
const KINDS: Readonly<Record<string, UsageError>> = {
  '': 'target',
  refused: 'target',
  upstream_broken: 'target',
  upstream_invalid: 'target',
  timeout: 'timeout',
  expired: 'timeout',
  unreachable: 'unreachable',
  unavailable: 'unreachable',
  overloaded: 'overloaded',
};

const errorOf = ({ code }: CallEvent): UsageError => (Object.hasOwn(KINDS, code) ? KINDS[code]! : 'own');

const attemptsOf = ({ steps }: CallEvent): CallEvent['steps'] => steps.filter(({ name }) => name === 'attempt');

/** Until the last try was over, while none was under way; a reply may go on for longer. What was never sent did nothing but wait. */
const waitedMs = (event: CallEvent): number => {
  const attempts = attemptsOf(event);
  if (attempts.length === 0) return event.durationMs;
  const overMs = Math.max(...attempts.map(({ offsetMs, durationMs }) => offsetMs + durationMs));
  const triedMs = attempts.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return Math.min(event.durationMs, overMs - triedMs);
};

/** A node may be lying: a time that is none counts nothing. */
const micros = (ms: number): number => {
  const whole = Math.round(ms * 1_000);
  return Number.isSafeInteger(whole) && whole > 0 ? whole : 0;
};
