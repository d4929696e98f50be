/** Calls to agents that are under way on this node: where an agent's own calls belong when it says nothing about it. */
import type { Principal } from '../contract/index.ts';
import type { Place } from './told.ts';

export class Running {
  readonly #agents = new Map<string, AgentWork>();

  /** `tenant/agent`. Undefined while nobody waits for it. */
  of(agent: string): AgentWork | undefined {
    return this.#agents.get(agent);
  }

  add(agent: string, place: Place): void {
    const work = this.#agents.get(agent) ?? new AgentWork();
    this.#agents.set(agent, work);
    work.add(place);
  }

  /** The time of a root is known when it is sent. */
  retime(agent: string, place: Place): void {
    this.#agents.get(agent)?.retime(place);
  }

  remove(agent: string, place: Place): void {
    const work = this.#agents.get(agent);
    if (work?.remove(place) === 0) this.#agents.delete(agent);
  }
}

/** A tree that stands for those that an agent mixes. It lasts until the agent has nothing to do. */
export interface Ambient {
  readonly root: string;
  /** Trees that it stands for so far: it may grow to as much as they could together. */
  trees: number;
}

type Counts = Map<string, number>;

/** What of it belongs to one tree. */
interface Work {
  calls: number;
  readonly taints: Counts;
}

const count = (counts: Counts, label: string, by: 1 | -1): void => {
  const many = (counts.get(label) ?? 0) + by;
  if (many > 0) counts.set(label, many);
  else counts.delete(label);
};

/** What one agent works on. Everything is asked in a step or two, however much that is. */
export class AgentWork {
  ambient: Ambient | undefined;
  readonly #byDepth: Map<string, Place>[] = [];
  readonly #roots = new Map<string, Work>();
  readonly #replays = new Set<string>();
  readonly #taints: Counts = new Map();
  readonly #origins = new Map<string, { readonly origin: Principal | null; count: number }>();
  #size = 0;

  add(place: Place): void {
    const { depth, root } = place.lineage;
    const same = this.#byDepth[depth] ?? new Map<string, Place>();
    this.#byDepth[depth] = same;
    same.set(place.call, place);
    this.#size++;
    if (this.ambient !== undefined && this.ambient.root !== root && !this.#roots.has(root)) this.ambient.trees++;
    const work = this.#roots.get(root) ?? { calls: 0, taints: new Map() };
    this.#roots.set(root, work);
    work.calls++;
    if (place.tree.replay === true) this.#replays.add(root);
    const key = originKey(place.tree.origin);
    const known = this.#origins.get(key);
    if (known === undefined) this.#origins.set(key, { origin: place.tree.origin, count: 1 });
    else known.count++;
    for (const label of place.tree.taint ?? [])
      for (const counts of [this.#taints, work.taints]) count(counts, label, 1);
  }

  retime(place: Place): void {
    const same = this.#byDepth[place.lineage.depth];
    if (same?.has(place.call) === true) same.set(place.call, place);
  }

  /** How many are left. */
  remove({ call, lineage: { depth, root }, tree: { origin, taint = [] } }: Place): number {
    if (this.#byDepth[depth]?.delete(call) !== true) return this.#size;
    const work = this.#roots.get(root);
    if (work !== undefined && --work.calls === 0) {
      this.#roots.delete(root);
      this.#replays.delete(root);
    }
    const known = this.#origins.get(originKey(origin));
    if (known !== undefined && --known.count === 0) this.#origins.delete(originKey(origin));
    for (const label of taint)
      for (const counts of [this.#taints, work?.taints ?? new Map<string, number>()]) count(counts, label, -1);
    return --this.#size;
  }

  get size(): number {
    return this.#size;
  }

  /** Different trees. */
  get trees(): number {
    return this.#roots.size;
  }

  /** The root of a replay that it works on, if there is one. */
  get replay(): string | undefined {
    const [root] = this.#replays;
    return root;
  }

  /** The one with the longest way behind it, and of those the one that has waited longest. */
  get deepest(): Place | undefined {
    for (let depth = this.#byDepth.length - 1; depth >= 0; depth--) {
      const [place] = this.#byDepth[depth]?.values() ?? [];
      if (place !== undefined) return place;
    }
    return undefined;
  }

  /** Of all of it together. */
  get taint(): readonly string[] {
    return [...this.#taints.keys()];
  }

  /** Of what it works on in this tree; of all of it where the tree is none of those. */
  taintIn(root: string): readonly string[] {
    return [...(this.#roots.get(root)?.taints ?? this.#taints).keys()];
  }

  /** Who began all of it; null when that is not one. */
  get origin(): Principal | null {
    const [only, other] = this.#origins.values();
    return only === undefined || other !== undefined ? null : only.origin;
  }
}

const originKey = (origin: Principal | null): string =>
  origin === null ? '' : `${origin.kind}/${origin.id}/${origin.domain ?? ''}/${origin.roles.join()}`;
