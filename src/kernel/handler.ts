/** The middle of Airspace: a handler answers a call, a layer wraps a handler. A hub is a handler, and so is an upstream. */
import type { Call, Reply, Scope } from '../contract/index.ts';

export type Handler = (call: Call, scope: Scope) => Promise<Reply>;
export type Layer = (next: Handler) => Handler;

/** The first layer is outermost. Compose once per snapshot, so that a call sees one version of everything to its end. */
export const compose =
  (...layers: readonly Layer[]): Layer =>
  (next) =>
    layers.reduceRight((inner, layer) => rejecting(layer(inner)), rejecting(next));

/** A layer may throw before its first await; whoever waits for the promise must hear it all the same. */
const rejecting =
  (handler: Handler): Handler =>
  (call, scope) => {
    try {
      return handler(call, scope);
    } catch (thrown) {
      return Promise.reject(thrown);
    }
  };
