/** Nodes that joined: sidecars and hubs of domains, as the hub last heard of them. */
import { useQuery } from '@tanstack/react-query';
import type { NodeView } from '../../../src/contract/index.ts';
import { get } from './client.ts';
import { again } from './queries.ts';
import type { Listed } from './views.ts';

export type NodeSeen = Pick<NodeView['node'], 'id' | 'role' | 'domain' | 'agent' | 'tool'> &
  Pick<NodeView, 'state' | 'heardAtMs' | 'snapshotSeq' | 'refused'> & {
    /** Parts of budgets that it spends by itself now. */
    readonly leases: number;
  };

export const useNodes = (isPaused: boolean) =>
  useQuery({
    queryKey: ['nodes'],
    queryFn: async ({ signal }) => {
      const { items } = await get<Listed<NodeView & Pick<NodeSeen, 'leases'>>>('/v1/nodes', {}, signal);
      return items.map(({ node, ...view }): NodeSeen => ({ ...view, ...node }));
    },
    refetchInterval: again(5_000, isPaused),
  });
