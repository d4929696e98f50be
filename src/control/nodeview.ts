/** A node as operators see it: what it is, what it said last, and what this hub made of what it tells. */
import type { Heartbeat, NodeEntry, NodeView } from '../contract/index.ts';
import { spiffeIdOf } from '../identity/index.ts';
import type { BreakerHeard } from './breakers.ts';
import type { Judged } from './judged.ts';

/** What a node said last, besides its instances. */
export interface Heard {
  readonly atMs: number;
  readonly snapshotSeq: number;
  readonly rosterSeq: number;
  readonly killsSeq: number;
  readonly killsAtMs: number | null;
  readonly refused: string | null;
  readonly capabilities: readonly string[];
  readonly lostEvents: number;
  readonly certificate: NonNullable<Heartbeat['certificate']> | null;
  /** Absent: of a node that another hub heard, which is older. */
  readonly breakers?: readonly BreakerHeard[];
}

/** What a node has said to a hub, for the other hubs over the same store. */
export type NodeReport = Omit<Heard, 'atMs'> & { readonly id: string };

const NEVER: Omit<NodeView, 'node' | 'state' | 'certificate' | keyof Judged> = {
  ...{ heardAtMs: null, snapshotSeq: 0, rosterSeq: 0, killsSeq: 0, killsAtMs: null },
  ...{ refused: null, capabilities: [], lostEvents: 0 },
};

export interface Looked {
  /** Undefined: not since this hub started. */
  readonly heard: Heard | undefined;
  readonly isAlive: boolean;
  readonly judged: Judged;
  /** Of the certificates that are signed here; undefined while there are none. */
  readonly trustDomain: string | undefined;
}

export const nodeView = (node: NodeEntry, { heard, isAlive, judged, trustDomain }: Looked): NodeView => {
  // Another hub over the same store may be older, and tells nothing of it.
  const shown = heard?.certificate ?? null;
  const certificate =
    trustDomain === undefined || shown === null ? null : { spiffeId: spiffeIdOf(node, trustDomain), ...shown };
  if (heard === undefined) return { node, state: 'joined', ...NEVER, ...judged, certificate };
  const { atMs: heardAtMs, certificate: _, breakers: __, ...said } = heard;
  return { node, state: isAlive ? 'alive' : 'silent', heardAtMs, ...said, ...judged, certificate };
};
