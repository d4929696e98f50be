/** Durable intents and outcomes of calls, idempotency keys, detached calls. */
export { Journal, type JournalOptions } from './journal.ts';
export { Reconciler, type ReconcilerParts } from './reconcile.ts';
