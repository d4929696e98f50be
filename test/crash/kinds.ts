/** What can be killed: which node of which topology, and what must hold without it. */
import type { Topology } from '../../src/cli/deploy.ts';
import { seeded } from '../../src/kernel/index.ts';
import { crash, type Round } from './round.ts';
import type { Part, Scene } from './scene.ts';

export interface Kind {
  readonly topology: Topology;
  /** The hub keeps its state there. Absent: in its directory. */
  readonly store?: 'postgres';
  /** One of them is chosen each round. */
  readonly victims: readonly Part[];
  readonly downMs: number;
  /** Load after it is back. */
  readonly afterMs: number;
  readonly readsWhileDown: number;
}

export const KINDS = {
  /** On the way of every call. */
  hub: { topology: 'hub', victims: ['hub'], downMs: 0, afterMs: 400, readsWhileDown: 0 },
  /** The same with its state in PostgreSQL, where it finds its own open calls again. */
  shared: { topology: 'hub', store: 'postgres', victims: ['hub'], downMs: 0, afterMs: 400, readsWhileDown: 0 },
  /** The hub of a mesh is not: traffic between sidecars goes on, also while the sidecars find back to a hub that has just begun. */
  centre: { topology: 'mesh', victims: ['hub'], downMs: 2_000, afterMs: 3_000, readsWhileDown: 0.99 },
  /** The caller's own, or one of the two in front of the called agent. */
  sidecar: {
    topology: 'mesh',
    victims: ['caller', 'callee-a', 'callee-b'],
    downMs: 0,
    afterMs: 400,
    readsWhileDown: 0,
  },
  domain: { topology: 'hierarchy', victims: ['domain'], downMs: 0, afterMs: 400, readsWhileDown: 0 },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;
export const KIND_NAMES = Object.keys(KINDS) as readonly KindName[];

export interface RoundOptions {
  readonly scene: Scene;
  readonly kind: KindName;
  readonly number: number;
  readonly seed: number;
  readonly backWithinMs: number;
}

export const crashRound = ({ scene, kind, number, seed, backWithinMs }: RoundOptions): Promise<Round> => {
  const { victims, ...plan }: Kind = KINDS[kind];
  const random = seeded(seed * 1_000 + number);
  const victim = victims[Math.floor(random() * victims.length)]!;
  return crash({ scene, victim, name: `${kind}-${number}`, random, ...plan, backWithinMs });
};
