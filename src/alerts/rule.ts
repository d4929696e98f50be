/** A rule, and what a finished call means to it. */
import {
  type AgentSpan,
  type AlertSpec,
  type CallEvent,
  isCountedElsewhere,
  isDenied,
  isError,
  isHeld,
  type Resource,
} from '../contract/index.ts';

export interface AlertRule {
  readonly tenant: string;
  readonly name: string;
  readonly spec: AlertSpec;
}

export const ruleOf = ({ metadata: { tenant, name }, spec }: Extract<Resource, { kind: 'Alert' }>): AlertRule => ({
  ...{ tenant, name, spec },
});

const HOUR_MS = 3_600_000;
const FIVE_MINUTES_MS = 300_000;

export const windowMsOf = ({ signal, windowMs }: AlertSpec): number =>
  windowMs ?? (signal === 'errors' ? HOUR_MS : FIVE_MINUTES_MS);

/** Does it look at calls at all? */
export const watchesCalls = ({ signal }: AlertSpec): boolean =>
  signal === 'errors' || signal === 'latency' || signal === 'denials';

export const watchesOutcomes = ({ signal }: AlertSpec): boolean => signal === 'outcomes';

/** Is it one more piece of work that was not completed? Undefined: it does not count. Of outcomes that the target of the rule said. */
export const isIncomplete = ({ signal, task }: AlertSpec, { outcome }: AgentSpan): boolean | undefined =>
  signal !== 'outcomes' || outcome === undefined || (task !== undefined && task !== outcome.task)
    ? undefined
    : outcome.result !== 'completed';

/** Is it one more bad call, or one more good one? Undefined: it does not count. Of calls that match the target of the rule. */
export const isBad = ({ signal, aboveMs = 0 }: AlertSpec, event: CallEvent): boolean | undefined => {
  if (signal === 'outcomes' || isHeld(event)) return undefined;
  if (signal === 'denials') return isDenied(event);
  if (signal === 'errors') return isError(event);
  // What was turned away took no time, and says nothing about how long calls take.
  return isDenied(event) || event.status === 'refused' ? undefined : event.durationMs > aboveMs;
};

/** Calls that this hub counts: its own, and those that nodes below tell of and no other hub does. */
export const counts = (event: CallEvent): boolean => event.tenant !== '' && !isCountedElsewhere(event);
