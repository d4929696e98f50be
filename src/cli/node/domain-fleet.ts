/** Who runs, as a domain hub sees it: its own nodes and what its parent shows of others, and what it says above that it can do. */
import type { Call, Roster, Snapshot } from '../../contract/index.ts';
import { domainsWithin } from '../../control/index.ts';
import type { Canceller } from '../../kernel/index.ts';
import { capabilitiesOf, type Place } from '../../topologies/index.ts';
import type { LivePipeline } from './live.ts';

/**
 * What runs here, and whom the parent knows of its nodes: those of this domain that joined the parent, and hubs of other domains
 * where the parent lets both do without it. Nobody else is believed here, whatever a roster says.
 */
export const joined = (own: Roster, parent: Roster, { domains }: Pick<Snapshot, 'domains'>, place: Place): Roster => {
  const ours = domainsWithin(domains, place);
  const isDirect = (name: string): boolean =>
    domains.some((one) => one.tenant === place.tenant && one.name === name && one.direct === true);
  const believed = new Map(
    parent.nodes
      .filter(
        ({ role, tenant, domain }) =>
          tenant === place.tenant &&
          (ours.has(domain) || (role === 'domain' && isDirect(place.domain) && isDirect(domain))),
      )
      .map((node) => [node.id, node]),
  );
  return {
    seq: parent.seq,
    nodes: [...believed.values(), ...own.nodes],
    instances: [
      ...parent.instances.filter(({ protocol, node }) => protocol === 'airspace' && believed.has(node)),
      ...own.instances,
    ],
  };
};

/** A capability is announced while at least one endpoint of it can be reached from here. */
export const capabilities = (live: LivePipeline, place: Place, closing: Canceller, nowMs: number) => {
  const { snapshot } = live;
  if (snapshot === undefined) return [];
  return capabilitiesOf(snapshot, place)
    .filter((target) => live.fleet.pool({ target, via: 'hub' }, nowMs).table.present.length > 0)
    .map(({ kind, name }) => ({
      id: `${kind}.${name}`,
      kind,
      name,
      version: '-',
      labels: {},
      state: closing.reason === undefined ? ('ready' as const) : ('draining' as const),
    }));
};

export const isOwn = ({ snapshot }: LivePipeline, place: Place, { target }: Call): boolean =>
  snapshot !== undefined &&
  capabilitiesOf(snapshot, place).some(({ kind, name }) => kind === target.kind && name === target.name);
