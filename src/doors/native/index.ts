/** The only way into this room. */
export { type NativeDoor, type NativeDoorOptions, nativeDoor } from './door.ts';
export type { AsyncCall, AsyncCalls } from './port.ts';
export { type HttpDetail, type Occurrence, problemOf, writeProblem } from './problem.ts';
export { routes } from './routes.ts';
export { PROBLEM_TYPE_PREFIX, PROBLEMS } from './status.ts';
