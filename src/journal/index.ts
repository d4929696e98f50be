/** Durable intents and outcomes of calls, idempotency keys, detached calls. */
export { digestOf } from './digest.ts';
export { Journal } from './journal.ts';
export type { JournalOptions } from './options.ts';
export { Reconciler, type ReconcilerParts } from './reconcile.ts';
