/** The only way into this room. */
export type { BodyLimits } from './body.ts';
export { type NativeDoor, type NativeDoorOptions, nativeDoor } from './door.ts';
export type { Inbound } from './inbound.ts';
export { guardJson, JSON_LIMITS, type JsonLimits } from './json-guard.ts';
export type { AsyncCall, AsyncCalls } from './port.ts';
export { type HttpDetail, type Occurrence, problemOf, writeProblem } from './problem.ts';
export { PROBLEM_TYPE_PREFIX, PROBLEMS } from './status.ts';
export { parseTraceparent } from './trace.ts';
