/** The small machinery that every pipeline is made of. */
export { Admission, type Meter, type Short } from './admission.ts';
export {
  Breaker,
  type BreakerOptions,
  type BreakerState,
  type GuardOptions,
  guard,
  REFUSED,
  type Verdict,
} from './breaker.ts';
export { type BulkheadOptions, bulkhead, Slots } from './bulkhead.ts';
export { Canceller } from './cancel.ts';
export { type DeadlineOptions, deadline } from './deadline.ts';
export { type Ended, whenEnded, whenEndedOrCut, whenStopped } from './ended.ts';
export { bytesOf, exactJson, numberIn, numberLostIn } from './exact-json.ts';
export { compose, type Handler, invoke, type Layer } from './handler.ts';
export { endWhenIdle, type IdleOptions } from './idle.ts';
export { journalWith } from './journal.ts';
export { guardJson, JSON_LIMITS, type JsonLimits } from './json-guard.ts';
export { type Execution, type Loopback, loopback, loopbackCall, loopbackReply, type Script } from './loopback.ts';
export { argumentsIn, isJson, type Payload, parsedPayload, payloadDigest, payloadOf } from './payload.ts';
export { Permit } from './permit.ts';
export { seeded } from './prng.ts';
export { Recent } from './recent.ts';
export { repeat } from './repeat.ts';
export { type RetryOptions, retry } from './retry.ts';
export { RetryBudget, RetryBudgets } from './retry-budget.ts';
export {
  notSent,
  remainingMs,
  rootScope,
  silentSpan,
  type TimedScope,
  throwIfNotSendable,
  throwIfOver,
  type World,
  wait,
  withTimeout,
} from './scope.ts';
export { Gate, type OverloadLevel, type ShedOptions, shed } from './shed.ts';
export { systemWorld } from './system.ts';
export { type Trial, type TrialStep, trial } from './trial.ts';
export { VirtualWorld } from './virtual.ts';
export { retryAfterMs, type SignedMessage, signedMessage, signedWebhookText, WEBHOOK_HEADERS } from './webhook.ts';
