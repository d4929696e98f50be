/** What an agent author imports to call others through Airspace. Runs in Node and in browsers. To serve, see `serve.ts`. */
export {
  type AsyncCallView,
  type CallOptions,
  type CallResult,
  type Capability,
  type Client,
  type ClientOptions,
  createClient,
  type Payload,
  type TargetRef,
} from './client.ts';
export type { CallerContext } from './context.ts';
export { AirspaceError, TargetError } from './errors.ts';
export type { ReplyMeta } from './meta.ts';
export type { Outcome } from './outcome.ts';
export {
  type Expression,
  expr,
  type PlanBuilder,
  plan,
  type StepOptions,
  type StepRef,
  type Template,
} from './plan.ts';
export { Runs } from './runs.ts';
export type { ServerEvent } from './sse.ts';
