/** The one answer to every credential that does not hold: it must not tell a guesser which part was wrong. */
import { Fault } from '../contract/index.ts';

/** INVARIANT: unknown, mistyped, expired, revoked and forged credentials get this same text. */
export const unauthenticated = (): Fault =>
  new Fault(
    'unauthenticated',
    'no valid credential came with this request; send `authorization: Bearer <api key>` with a key that is active and not expired',
  );
