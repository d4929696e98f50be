/** The only way into this room. */
export type { Secured } from './connector.ts';
export { DEFAULT_LIMITS, type Limits } from './limits.ts';
export {
  type HttpUpstream,
  type HttpUpstreamOptions,
  httpUpstream,
  type ProbeResult,
  type WireRequest,
} from './upstream.ts';
export { httpWay } from './way.ts';
