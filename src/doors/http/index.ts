/** What every door over HTTP does alike: reading a request strictly, running its call, and writing the answer within bounds. */

export { guardJson, JSON_LIMITS, type JsonLimits } from '../../kernel/index.ts';
export { type BodyLimits, type Collecting, isStreamed, limitsOf, readBody } from './body.ts';
export { type CameAlong, callFrom, type Said } from './call.ts';
export { type Inbound, type NodeSays, readInbound } from './inbound.ts';
export { type Pouring, pour } from './pour.ts';
export { type Running, run } from './run.ts';
export { type Sayers, sayerOf } from './sayer.ts';
export { parseTraceparent } from './trace.ts';
