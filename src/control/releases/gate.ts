/**
 * With two persons on, nobody widens policy alone: not by applying, deleting or bringing back a revision either. What can only
 * narrow goes through, because nobody should wait for a second person to close something.
 */
import { Fault, type PolicySet } from '../../contract/index.ts';
import type { CompilePolicy, Draft } from '../compile.ts';
import type { Configuration } from '../configuration.ts';
import type { Gate } from '../plane.ts';
import { policyOf } from '../policy.ts';
import { digestOf } from './seal.ts';
import { compileTenant } from './tenant.ts';

/**
 * What the proposed policy may allow that the present one does not, such as `org/large-refunds: forbid removed`; empty when it can only
 * narrow. What cannot be told is among it.
 */
export type Widenings = (present: PolicySet, proposed: Draft) => readonly string[];

export interface GateParts {
  readonly compilePolicy: CompilePolicy;
  readonly widenings: Widenings;
}

export const twoPersonGate =
  ({ compilePolicy, widenings }: GateParts): Gate =>
  async (before, after) => {
    for (const tenant of tenantsOf(before, after)) {
      if (digestOf(policyOf(before, tenant)) === digestOf(policyOf(after, tenant))) continue;
      const present = await compileTenant(before, tenant, compilePolicy);
      const wider = widenings(present.policy, await compileTenant(after, tenant, compilePolicy));
      if (wider.length > 0) throw refusalOf(wider);
    }
  };

const tenantsOf = (...configurations: readonly Configuration[]): ReadonlySet<string> =>
  new Set(configurations.flatMap((each) => [...each.values()].map(({ metadata: { tenant } }) => tenant)));

/** The rest is in the facts. */
const MOST_NAMED = 8;

const refusalOf = (widens: readonly string[]): Fault => {
  const rest = widens.length - MOST_NAMED;
  const named = [...widens.slice(0, MOST_NAMED), ...(rest > 0 ? [`${rest} more`] : [])].join('; ');
  return new Fault(
    'denied',
    `this may allow more than the active policy (${named}), and here nobody does that alone; propose it with ` +
      '`airspace policy stage -f <files> --reason <why>` (`--prune` to take away), let another user say ' +
      '`airspace policy approve <release>`, and then `airspace policy activate <release>`',
    { facts: { widens } },
  );
};
