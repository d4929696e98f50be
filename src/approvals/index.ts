/** People in the way of a call: it waits for them durably, and runs once when enough of them said yes to exactly what is sent. */
export { Desk } from './desk.ts';
export { hasRoleFor, type People, rolesFor } from './four-eyes.ts';
export { Notifier, type NotifierParts } from './notify.ts';
export { Origins } from './origins.ts';
export type { Ballot, DeskParts, HeldCalls, Viewer } from './parts.ts';
export type { Believed } from './proof.ts';
export { digestOf } from './subject.ts';
export { approvalsOf, type PublicApproval, publicOf } from './words.ts';
