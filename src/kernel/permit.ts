/**
 * The chokepoint: proof that policy allowed exactly this call.
 *
 * INVARIANT: nothing opens a connection to an agent, tool or model without `Permit.check` on the call it is about to send.
 * Only the decide layer grants (held by test/architecture.test.ts); the private field cannot be forged from outside.
 */
import type { Call, Decision } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';

const permits = new WeakMap<Call['body'], Permit>();

export class Permit {
  readonly #call: string;
  readonly #tenant: string;
  readonly #target: Call['target'];
  readonly decision: Decision;

  private constructor(call: Call, tenant: string, decision: Decision) {
    this.#call = call.id;
    this.#tenant = tenant;
    this.#target = call.target;
    this.decision = decision;
  }

  /** Binds an allowing decision to the call's own body: other bytes are another call. */
  static grant(call: Call, decision: Decision): void {
    if (decision.effect !== 'allow' || call.principal === null)
      throw new Fault('internal', 'a permit needs an allowing decision');
    permits.set(call.body, new Permit(call, call.principal.tenant, decision));
  }

  /** The decision that lets these bytes go to this target. Throws `denied` when there is none. */
  static check(call: Call): Decision {
    const permit = permits.get(call.body);
    if (
      permit === undefined ||
      permit.#call !== call.id ||
      permit.#tenant !== call.principal?.tenant ||
      permit.#target.kind !== call.target.kind ||
      permit.#target.name !== call.target.name ||
      permit.#target.operation !== call.target.operation
    ) {
      throw new Fault('denied', 'no decision was made for these bytes; nothing was sent');
    }
    return permit.decision;
  }
}
