/** Whoever looks at decisions besides the caller: a second engine, a release on trial. */
import type { Decision } from '../contract/index.ts';
import type { PolicyRequest } from './decide.ts';

/** Sees a decision as plain data. Must not throw or wait. Answers true when it will look at this one again. */
export type Watch = (request: PolicyRequest, decision: Decision, callId: string) => boolean;
