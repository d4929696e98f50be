/** The small machinery that every pipeline is made of. */
export { Canceller } from './cancel.ts';
export { type Ended, whenEnded } from './ended.ts';
export { compose, type Handler, type Layer } from './handler.ts';
export { Permit } from './permit.ts';
export {
  remainingMs,
  rootScope,
  silentSpan,
  type TimedScope,
  throwIfOver,
  type World,
  wait,
  withTimeout,
} from './scope.ts';
