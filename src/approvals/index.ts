/** People in the way of a call: it waits for them durably, and runs once when enough of them said yes to exactly what is sent. */
export { canonicalJson, NotCanonical } from './canonical.ts';
export { Desk } from './desk.ts';
export { hasRoleFor, type People, rolesFor } from './four-eyes.ts';
export {
  type Message,
  Notifier,
  type NotifierParts,
  signedWebhookText,
  WEBHOOK_HEADERS,
  WEBHOOK_WINDOW_MS,
} from './notify.ts';
export { COOL_DOWN_MS, MOST_PENDING } from './opening.ts';
export { Origins } from './origins.ts';
export type { Ballot, DeskParts, HeldCalls, Viewer } from './parts.ts';
export { type Believed, PROOF_VALID_MS } from './proof.ts';
export { digestOf, resourceOf } from './subject.ts';
export { approvalsOf, type PublicApproval, publicOf } from './words.ts';
