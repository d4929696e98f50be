/** Random histories for a test: snapshots that reach each node when they do, and call trees that go through all of it. */
import type { Attributes, Call, RoutePlan } from '../contract/index.ts';
import { type Handler, loopbackReply, rootScope, seeded, VirtualWorld } from '../kernel/index.ts';
import { decideLayer } from './layer.ts';
import type { PreparedPolicy } from './prepare.ts';
import { callOf } from './testing.ts';
import { Trees } from './trees.ts';
import type { Trial, Trials } from './trials.ts';
import { type InForce, Versions } from './versions.ts';

/** What can be planted: nodes that forget trees at once, senders that do not say what decided. */
export type Plant = 'none' | 'unpinned' | 'unsaid';

export interface Published extends InForce {
  readonly atMs: number;
  readonly trial: { readonly sinceMs: number; readonly content: number; readonly percent: number } | undefined;
  /** Versions of the trial before it, when that ended with it and not by becoming the active policy. */
  readonly tookBack: readonly string[];
}

/** Policies to release: contents, and of each content the versions that it has under different configurations. */
export interface Contents {
  readonly versions: readonly (readonly PreparedPolicy[])[];
}

export interface Seen {
  readonly call: string;
  readonly tree: string;
  readonly node: number;
  readonly atMs: number;
  /** The first decision about this call. */
  readonly isFirst: boolean;
  readonly snapshotSeq: number;
  readonly attributes: Attributes;
}

export interface History {
  readonly published: readonly Published[];
  readonly seen: readonly Seen[];
  readonly failed: readonly unknown[];
}

const NODES = 4;
const SNAPSHOTS = 14;
const TREES = 40;
/** Together less than the wait for a snapshot, so that whoever waits is not left behind. */
const SLOWEST_SNAPSHOT_MS = 800;
const SLOWEST_HOP_MS = 100;
const LONGEST_MS = 20_000;

export const historyOf = async (seed: number, contents: Contents, plant: Plant = 'none'): Promise<History> => {
  const world = new VirtualWorld(seed);
  const random = seeded(seed);
  const published = publications(random, contents);
  const seen: Seen[] = [];
  const failed: unknown[] = [];
  const nodes = Array.from({ length: NODES }, (_, number) => new Node({ number, world, random, plant, seen }));
  for (const node of nodes) node.follow(published);
  for (let at = 0; at < TREES; at++)
    world.clock.after(random() * LONGEST_MS, () => void new Tree({ world, random, nodes, failed }).begin());
  await world.run();
  return { published, seen, failed };
};

/** One move after another, as operators and the watch over releases make them. */
const publications = (random: () => number, { versions }: Contents): readonly Published[] => {
  const published: Published[] = [];
  let active = 0;
  let before = 0;
  /** Which variant of all contents: it changes with the configuration around policy. */
  let variant = 0;
  let trial: Published['trial'];
  let tookBack: readonly string[] = [];
  const version = (content: number): PreparedPolicy => versions[content]![variant]!;
  const other = (): number => (active + 1 + Math.floor(random() * (versions.length - 1))) % versions.length;
  const activate = (content: number): void => {
    before = active;
    active = content;
    trial = undefined;
  };
  for (let seq = 1, atMs = 0; seq <= SNAPSHOTS; seq++) {
    const trials: Trials = new Map(
      trial === undefined ? [] : [['default', trialOf(trial, version(trial.content))] as const],
    );
    published.push({ snapshotSeq: seq, active: version(active), trials, atMs, trial, tookBack });
    atMs += 50 + random() * 2_000;
    tookBack = [];
    const chance = random();
    if (chance < 0.15) variant = 1 - variant;
    else if (trial === undefined) {
      if (chance < 0.75) trial = { sinceMs: seq, content: other(), percent: 5 + random() * 40 };
      else activate(chance < 0.9 ? other() : before);
    } else if (chance < 0.6) trial = { ...trial, percent: Math.min(99, trial.percent + random() * 40) };
    else if (chance < 0.75) activate(trial.content);
    else {
      tookBack = versions[trial.content]!.map((policy) => policy.version);
      if (chance < 0.9) trial = undefined;
      else activate(other());
    }
  }
  return published;
};

/** Content is its own address: the same rules tried again are the same release, in another trial. */
const trialOf = ({ sinceMs, content, percent }: NonNullable<Published['trial']>, policy: PreparedPolicy): Trial => {
  const release = `release-${content}`;
  return { release, mode: 'canary', percent, sinceMs, name: `${release}@${sinceMs}`, policy };
};

const pick = <T>(random: () => number, all: readonly T[]): T => all[Math.floor(random() * all.length)]!;

interface NodeParts {
  readonly number: number;
  readonly world: VirtualWorld;
  readonly random: () => number;
  readonly plant: Plant;
  readonly seen: Seen[];
}

/** The decide layer of a node, composed anew for each snapshot, as in `LivePipeline`. */
class Node {
  readonly #parts: NodeParts;
  readonly #versions = new Versions();
  readonly #trees: Trees;
  readonly #onward = new Map<string, Handler>();
  #handler: Handler | undefined;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    this.#trees = new Trees(...(parts.plant === 'unpinned' ? [1] : []));
  }

  /** In order, each in its own time; the first is here from the start. */
  follow(published: readonly Published[]): void {
    const { random, world } = this.#parts;
    let earliestMs = 0;
    for (const { atMs, ...inForce } of published) {
      const arrivesMs = atMs === 0 ? 0 : Math.max(earliestMs, atMs + random() * SLOWEST_SNAPSHOT_MS);
      earliestMs = arrivesMs + 1;
      if (arrivesMs === 0) this.#adopt(inForce);
      else world.clock.after(arrivesMs, () => this.#adopt(inForce));
    }
  }

  #adopt(inForce: InForce): void {
    const { active: policy, trials, snapshotSeq } = inForce;
    const planOf = () => ({ priority: 2, operation: {} }) as RoutePlan;
    const parts = { policy, trials, snapshotSeq, planOf, versions: this.#versions, trees: this.#trees };
    this.#handler = decideLayer(parts)((call, scope) => this.#onward.get(call.id)!(call, scope));
    this.#versions.adopt(inForce, this.#parts.world.clock.nowMs());
  }

  async decide(call: Call, tree: string, onward: Handler): Promise<void> {
    const { plant, world, seen, number } = this.#parts;
    this.#onward.set(call.id, onward);
    const { decided, ...unsaid } = call;
    const span = {
      spanId: 's',
      set: () => {},
      step: (_: string, __: number, attributes: Attributes = {}) => {
        const { snapshotSeq } = this.#versions.now;
        const isFirst = decided === undefined;
        seen.push({ call: call.id, tree, node: number, atMs: world.clock.nowMs(), isFirst, snapshotSeq, attributes });
      },
    };
    await this.#handler!(plant === 'unsaid' ? unsaid : call, rootScope(world, span).scope);
  }
}

interface TreeParts {
  readonly world: VirtualWorld;
  readonly random: () => number;
  readonly nodes: readonly Node[];
  readonly failed: unknown[];
}

/** Calls that agents make because they were called: each passes one to three nodes, and the agent behind the last calls on there. */
class Tree {
  readonly #parts: TreeParts;
  readonly #trace: string;

  constructor(parts: TreeParts) {
    this.#parts = parts;
    this.#trace = parts.world.ids.traceId();
  }

  async begin(): Promise<void> {
    try {
      await this.#call(pick(this.#parts.random, this.#parts.nodes), 0);
    } catch (thrown) {
      this.#parts.failed.push(thrown);
    }
  }

  async #call(first: Node, depth: number): Promise<void> {
    const { world, random, nodes } = this.#parts;
    const body = { kind: 'bytes', bytes: new Uint8Array(0) } as const;
    const call = { ...callOf(ASK), id: world.ids.callId(), body, trace: { trace: this.#trace, sampled: true } };
    const others = nodes.filter((node) => node !== first);
    const path = [first, ...others.slice(Math.floor(random() * others.length)).slice(0, Math.floor(random() * 3))];
    await this.#pass(call, path, depth);
  }

  /** Between nodes only the word about the decision travels; each hop has bytes of its own. */
  async #pass(call: Call, [node, ...rest]: readonly Node[], depth: number): Promise<void> {
    const { random } = this.#parts;
    await node!.decide(call, this.#trace, async (allowed) => {
      await this.#pause(random() * SLOWEST_HOP_MS);
      const body = { kind: 'bytes', bytes: new Uint8Array(0) } as const;
      const { decided } = allowed;
      if (rest.length > 0)
        await this.#pass({ ...call, body, ...(decided === undefined ? {} : { decided }) }, rest, depth);
      else await this.#agent(node!, depth);
      return loopbackReply();
    });
  }

  /** Thinks, and calls on: two calls below the first, two below each of those. */
  async #agent(node: Node, depth: number): Promise<void> {
    if (depth === 2) return;
    for (let times = 0; times < 2; times++) {
      await this.#pause(this.#parts.random() * 1_500);
      await this.#call(node, depth + 1);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#parts.world.clock.after(ms, resolve));
  }
}

const ASK = { agent: 'planner', call: 'agent/orders/run' };
