/** What the doors of a node may tell its callers of what can be called: read from the snapshot in force, and cut by its policy. */
import { setImmediate } from 'node:timers/promises';
import {
  type Directory,
  isForCalls,
  type OperationEntry,
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
  readonly targets: readonly TargetEntry[];
  readonly byName: ReadonlyMap<string, TargetEntry>;
  /** Answers of policy, by principal and kinds: the same question is asked with every list. */
  readonly visible: Map<string, Promise<readonly TargetEntry[]>>;
}

/** Answers kept per snapshot; the oldest is forgotten first. */
const MOST_ANSWERS = 1_000;

type Live = Pick<LivePipeline, 'choose' | 'inForce' | 'resolver' | 'snapshot' | 'onAdopt'>;

/** `reaches`: what can be called where the door is. Default: everything. */
export const directoryOf = (
  live: Live,
  { clock }: Pick<World, 'clock'>,
  reaches: (target: TargetEntry) => boolean = () => true,
): Directory => {
  let seen: Seen | undefined;
  const now = (): Seen => {
    const { snapshot } = live.inForce;
    if (seen?.snapshot !== snapshot) {
      const targets = snapshot.targets.filter(reaches);
      seen = { snapshot, targets, byName: namesIn(targets), visible: new Map() };
    }
    return seen;
  };
  return {
    identify: async (credential) => live.resolver.resolve(credential, clock.wallMs()),
    find: (tenant, kind, name) => now().byName.get(targetKey(tenant, kind, name)),
    visible: async (principal, kinds) => {
      // A key that is narrowed to something else calls nothing.
      if (!isForCalls(principal)) return [];
      const { visible, targets } = now();
      const key = JSON.stringify([principal, kinds]);
      const known = visible.get(key);
      if (known !== undefined) return known;
      const found = seenBy(live.inForce.policy, targets, principal, kinds);
      if (visible.size >= MOST_ANSWERS) visible.delete(visible.keys().next().value!);
      visible.set(key, found);
      return found;
    },
    provider: (principal, asked) => live.choose(principal, asked, clock.wallMs()),
    get seq() {
      return live.snapshot?.seq ?? 0;
    },
    onChange: (changed) => live.onAdopt(changed),
  };
};

const namesIn = (targets: readonly TargetEntry[]): ReadonlyMap<string, TargetEntry> => {
  const byName = new Map<string, TargetEntry>();
  for (const target of targets)
    for (const alias of target.aliases ?? []) byName.set(targetKey(target.tenant, target.kind, alias), target);
  // A name counts more than an alias of somebody else.
  for (const target of targets) byName.set(targetKey(target.tenant, target.kind, target.name), target);
  return byName;
};

/** Operations that are looked at in one go: about three milliseconds. */
const AT_ONCE = 32;

const seenBy = async (
  policy: LivePipeline['inForce']['policy'],
  targets: readonly TargetEntry[],
  principal: Principal,
  kinds: readonly TargetKind[],
): Promise<readonly TargetEntry[]> => {
  const found: TargetEntry[] = [];
  let looked = 0;
  for (const target of targets) {
    const { tenant, kind, name } = target;
    if (tenant !== principal.tenant || !kinds.includes(kind)) continue;
    const operations: OperationEntry[] = [];
    for (const operation of target.operations) {
      if (++looked % AT_ONCE === 0) await setImmediate();
      if (mayAllow(policy, principal, { kind, name, operation: operation.name }) !== 'no') operations.push(operation);
    }
    if (operations.length > 0) found.push({ ...target, operations });
  }
  return found.sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || (a.name < b.name ? -1 : 1));
};
