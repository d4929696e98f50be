/** A hub looks what is behind an address: through its guard for requests of its own, a few at a time, and in the audit. */
import type { AuditTrail } from '../../audit/index.ts';
import { Fault } from '../../contract/index.ts';
import { type Discovery, discover, type Proposal, proposalOf } from '../../discovery/index.ts';
import type { AdminPorts } from '../../doors/admin/index.ts';
import type { GuardedFetch } from '../../egress/index.ts';
import type { World } from '../../kernel/index.ts';
import type { Vault } from '../../vault/index.ts';

export interface Discovered extends Discovery {
  /** Null where nothing was found. */
  readonly proposal: Proposal | null;
}

interface DiscoveryPorts {
  readonly fetch: GuardedFetch;
  readonly vault: Pick<Vault, 'reveal'>;
  readonly trail: AuditTrail;
  readonly world: World;
}

/** Each may take seconds and hold megabytes. */
const MOST_AT_ONCE = 4;

export const discovery = ({ fetch, vault, trail, world }: DiscoveryPorts): AdminPorts['discover'] => {
  const parts = { fetch, clock: world.clock };
  let running = 0;
  return async ({ kind, id, tenant }, asked): Promise<Discovered> => {
    if (running >= MOST_AT_ONCE)
      throw new Fault('overloaded', `${MOST_AT_ONCE} addresses are being looked at already; try again`);
    running++;
    try {
      const { credential, url } = asked;
      const { origin } = new URL(url);
      const shown =
        credential === undefined
          ? undefined
          : { as: credential.as, value: vault.reveal(tenant, credential.secret, origin) };
      // Before anything is sent: requests of ours to places that others chose leave a line.
      await trail.note({
        tenant,
        kind: 'target.discover',
        actor: `${kind}/${id}`,
        object: origin,
        callId: '',
        details: { url, ...(credential === undefined ? {} : { secret: credential.secret }) },
      });
      const looked = await discover(parts, { ...asked, credential: shown });
      return { ...looked, proposal: looked.found === null ? null : proposalOf(looked.found, asked) };
    } finally {
      running--;
    }
  };
};
