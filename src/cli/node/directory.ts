/** What the doors of a node may tell its callers of what can be called: read from the snapshot in force, and cut by its policy. */
import {
  type Directory,
  type Principal,
  type Snapshot,
  type TargetEntry,
  type TargetKind,
  targetKey,
} from '../../contract/index.ts';
import type { World } from '../../kernel/index.ts';
import { mayAllow } from '../../policy/index.ts';
import type { LivePipeline } from './live.ts';

interface Seen {
  readonly snapshot: Snapshot;
  readonly byName: ReadonlyMap<string, TargetEntry>;
  /** Answers of policy, by principal and kinds: the same question is asked with every list. */
  readonly visible: Map<string, readonly TargetEntry[]>;
}

/** Answers kept per snapshot; the oldest is forgotten first. */
const MOST_ANSWERS = 1_000;

export const directoryOf = (live: LivePipeline, { clock }: Pick<World, 'clock'>): Directory => {
  let seen: Seen | undefined;
  const now = (): Seen => {
    const { snapshot } = live.inForce;
    if (seen?.snapshot !== snapshot) seen = { snapshot, byName: namesIn(snapshot), visible: new Map() };
    return seen;
  };
  return {
    identify: async (credential) => live.resolver.resolve(credential, clock.wallMs()),
    find: (tenant, kind, name) => now().byName.get(targetKey(tenant, kind, name)),
    visible: (principal, kinds) => {
      const { visible, snapshot } = now();
      const key = JSON.stringify([principal, kinds]);
      const known = visible.get(key);
      if (known !== undefined) return known;
      const found = snapshot.targets
        .filter(({ tenant, kind }) => tenant === principal.tenant && kinds.includes(kind))
        .map((target) => within(live, principal, target))
        .filter(({ operations }) => operations.length > 0)
        .sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || (a.name < b.name ? -1 : 1));
      if (visible.size >= MOST_ANSWERS) visible.delete(visible.keys().next().value!);
      visible.set(key, found);
      return found;
    },
    get seq() {
      return live.snapshot?.seq ?? 0;
    },
    onChange: (changed) => live.onAdopt(changed),
  };
};

const namesIn = ({ targets }: Snapshot): ReadonlyMap<string, TargetEntry> => {
  const byName = new Map<string, TargetEntry>();
  for (const target of targets)
    for (const alias of target.aliases ?? []) byName.set(targetKey(target.tenant, target.kind, alias), target);
  // A name counts more than an alias of somebody else.
  for (const target of targets) byName.set(targetKey(target.tenant, target.kind, target.name), target);
  return byName;
};

const within = (live: LivePipeline, principal: Principal, target: TargetEntry): TargetEntry => {
  const { policy } = live.inForce;
  const kind: TargetKind = target.kind;
  const operations = target.operations.filter(
    ({ name }) => mayAllow(policy, principal, { kind, name: target.name, operation: name }) !== 'no',
  );
  return operations.length === target.operations.length ? target : { ...target, operations };
};
