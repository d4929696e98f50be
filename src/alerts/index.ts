/** Rules over what a hub counts: when they hold for long enough there is an incident, and somebody is told. */
export { Alerts, type AlertsParts } from './alerts.ts';
export { Book } from './book.ts';
export type { BudgetReading, OpenBreaker } from './judge.ts';
export { Messenger, type MessengerParts } from './messenger.ts';
export type { AlertRule } from './rule.ts';
