/** What is known of things on the map besides their traffic: from routing, and from what nodes say of themselves. */
import { useMemo } from 'react';
import type { CallEvent, TopRead } from '../../../src/contract/index.ts';
import type { NodeSeen } from '../api/nodes.ts';
import type { Form } from '../model/forms.ts';
import { type Health, healthOf } from '../model/health.ts';
import { agesIn, nodeHealth, worstOf } from '../model/node-health.ts';
import type { Told } from './nodes.tsx';

interface ToldAsked {
  readonly form: Form;
  readonly nodes: readonly NodeSeen[];
  readonly top: TopRead | undefined;
  readonly events: readonly CallEvent[];
  readonly nowMs: number;
  readonly snapshotSeq: number;
}

export const useTold = (asked: ToldAsked): Told & { readonly sidecars: ReadonlySet<string> } => {
  const { form, nodes, top, events, nowMs, snapshotSeq } = asked;
  const ages = useMemo(() => agesIn(events), [events]);
  const seen = useMemo(() => new Map(top?.targets.map((one) => [one.target, one])), [top]);
  const sidecars = useMemo(() => Map.groupBy(nodes.filter(isSidecar), inFrontOf), [nodes]);
  const known = useMemo(() => new Set(sidecars.keys()), [sidecars]);
  const of = (node: NodeSeen): Health => nodeHealth(node, { snapshotSeq, nowMs, aged: ages.get(node.id) });
  return {
    healthOf: (id) => {
      const target = healthOf(seen.get(id));
      const node = worstOf((sidecars.get(id) ?? []).map(of));
      if (id.startsWith('domain/')) return SHUT;
      // What is behind sidecars only has no endpoint that this hub knows.
      if (form !== 'mesh') return target.state === 'none' && node !== undefined ? node : target;
      if (node === undefined) return /^(agent|tool|model)\//.test(id) ? NO_SIDECAR : CALLER;
      return target.state === 'bad' && node.state !== 'bad' ? target : node;
    },
    hubOf: (domain) => worstOf(nodes.filter((node) => node.role === 'domain' && node.domain === domain).map(of)),
    leasesOf: (id) => (sidecars.get(id) ?? []).reduce((sum, { leases }) => sum + leases, 0),
    ...{ snapshotSeq, nodes: nodes.length, sidecars: known },
  };
};

/** A domain of which the agents are not shown. */
const SHUT: Health = { state: 'none', word: 'shut' };
const CALLER: Health = { state: 'none', word: 'caller' };
/** It calls at the door of somebody else's. */
const NO_SIDECAR: Health = { state: 'none', word: 'no sidecar' };

const isSidecar = ({ role }: NodeSeen): boolean => role === 'sidecar';
const inFrontOf = ({ agent, tool }: NodeSeen): string => (tool === undefined ? `agent/${agent}` : `tool/${tool}`);
