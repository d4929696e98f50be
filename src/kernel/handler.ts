/** The middle of Airspace: a handler answers a call, a layer wraps a handler. A hub is a handler, and so is an upstream. */
import type { Call, Reply, Scope } from '../contract/index.ts';

export type Handler = (call: Call, scope: Scope) => Promise<Reply>;
export type Layer = (next: Handler) => Handler;

/** The first layer is outermost. Compose once per snapshot, so that a call sees one version of everything to its end. */
export const compose =
  (...layers: readonly Layer[]): Layer =>
  (next) =>
    layers.reduceRight((inner, layer) => rejecting(layer(inner)), rejecting(next));

const rejecting =
  (handler: Handler): Handler =>
  (call, scope) =>
    invoke(handler, call, scope);

/** A handler may throw before its first await; whoever waits for the promise, or opened something, must hear it all the same. */
export const invoke = (next: Handler, call: Call, scope: Scope): Promise<Reply> => {
  try {
    return next(call, scope);
  } catch (thrown) {
    return Promise.reject(thrown);
  }
};
