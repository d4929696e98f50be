/** Who joined and what runs, as one hub sees it: leases that heartbeats renew, and a roster whenever something visible changed. */
import type { Clock, InstanceEntry, NodeEntry, Roster, Timer } from '../contract/index.ts';

export interface RosterParts {
  readonly clock: Clock;
  /** The next number of the durable sequence. */
  readonly nextSeq: () => Promise<number>;
  /** Receives every new roster, in order. Must not throw. */
  readonly publish: (roster: Roster) => void;
  /** Default 2 s. */
  readonly heartbeatMs?: number;
  /** A number could not be had; it is tried again shortly. */
  readonly failed?: (cause: unknown) => void;
}

export const HEARTBEAT_MS = 2_000;
/** Three beats missed are silence, not one late packet. */
const MISSED_BEATS = 3;
/** Many beats in one moment make one roster. */
const COALESCE_MS = 100;
/** With many nodes to tell, rosters come more seldom: what they say is a hint, and calls find out for themselves who is well. */
const COALESCE_PER_NODE_MS = 5;
const LONGEST_COALESCE_MS = 2_000;
/** Beats that all together may be due in a second, before each has to come more seldom. */
const BEATS_PER_S = 250;
const SLOWEST_BEAT_MS = 10_000;
/** Silent instances stay visible for this long, then they are gone. A node is silent until it leaves or is removed. */
const FORGET_MS = 10 * 60_000;

interface Lease {
  /** Monotonic. */
  heardAtMs: number;
  /** How often its owner was told to speak. */
  readonly paceMs: number;
  instances: readonly InstanceEntry[];
  silent: boolean;
  /** The hub that hears it, when it is not this one. */
  peer?: string;
}

export class RosterKeeper {
  readonly heartbeatMs: number;
  readonly #parts: RosterParts;
  readonly #nodes = new Map<string, NodeEntry>();
  /** By `ownerOf`. */
  readonly #leases = new Map<string, Lease>();
  #roster: Roster = { seq: 0, nodes: [], instances: [] };
  #publishedAtMs = Number.NEGATIVE_INFINITY;
  #pending: Timer | undefined;
  #publishing = false;
  #dirty = false;
  #renumber = false;
  #stopped = false;
  #sweepTimer: Timer | undefined;
  #sweptAtMs = 0;

  constructor(parts: RosterParts) {
    this.#parts = parts;
    this.heartbeatMs = parts.heartbeatMs ?? HEARTBEAT_MS;
  }

  /**
   * Begins with the nodes that joined and, after a restart, with the instances of the last roster: we were away, they were not,
   * so each gets a full lease before its silence counts (H2).
   */
  start(nodes: readonly NodeEntry[], last?: Roster): void {
    const now = this.#parts.clock.nowMs();
    for (const node of nodes) this.#nodes.set(node.id, node);
    const owners = Map.groupBy(last?.instances ?? [], ownerOf);
    for (const [owner, instances] of owners) {
      if (instances[0]!.node === '' || this.#nodes.has(instances[0]!.node)) {
        this.#leases.set(owner, {
          heardAtMs: now,
          // What they were told before: about as many spoke then.
          paceMs: paceOf(this.heartbeatMs, owners.size),
          instances,
          silent: instances.every(({ state }) => state === 'silent'),
        });
      }
    }
    this.#sweptAtMs = now;
    this.#sweepLater();
    this.#changed();
  }

  stop(): void {
    this.#stopped = true;
    this.#sweepTimer?.cancel();
    this.#pending?.cancel();
    this.#sweepTimer = undefined;
    this.#pending = undefined;
  }

  /** When the next beat of anybody is due: longer in a large fleet, so that listening costs about the same. */
  get paceMs(): number {
    return paceOf(this.heartbeatMs, this.#leases.size);
  }

  /** The newest published roster. */
  get roster(): Roster {
    return this.#roster;
  }

  node(id: string): NodeEntry | undefined {
    return this.#nodes.get(id);
  }

  nodes(): readonly NodeEntry[] {
    return [...this.#nodes.values()];
  }

  putNode(node: NodeEntry): void {
    const before = this.#nodes.get(node.id);
    this.#nodes.set(node.id, node);
    if (!isSame(before, node)) this.#changed();
  }

  removeNode(id: string): void {
    this.#nodes.delete(id);
    this.leave(id);
  }

  /** Renews the lease of an owner; `instances` is all that it runs. */
  beat(owner: string, instances: readonly InstanceEntry[]): void {
    this.#noticeOutage();
    const before = this.#leases.get(owner);
    this.#leases.set(owner, {
      heardAtMs: this.#parts.clock.nowMs(),
      paceMs: this.paceMs,
      instances,
      silent: false,
    });
    // Nearly every beat says what the one before said; only the others may cost more than this comparison.
    if (before === undefined || before.silent || !isSame(before.instances, instances)) this.#changed();
  }

  /** What runs and is heard of here, and not through another hub. */
  own(): readonly InstanceEntry[] {
    return [...this.#leases.values()].flatMap((lease) => (isHeardHere(lease) ? lease.instances : [])).sort(byId);
  }

  /** Is it heard of here, and not through another hub? */
  hears(owner: string): boolean {
    const lease = this.#leases.get(owner);
    return lease !== undefined && isHeardHere(lease);
  }

  /** Has it said something here, and not left since? */
  knows(owner: string): boolean {
    return this.#leases.has(owner);
  }

  /** Everything that another hub hears. What is heard here as well is known better here; the rest is as alive as that hub. */
  hearPeer(peer: string, instances: readonly InstanceEntry[]): void {
    this.#noticeOutage();
    const said = Map.groupBy(instances, ownerOf);
    for (const [owner, lease] of this.#leases) if (lease.peer === peer && !said.has(owner)) this.leave(owner);
    for (const [owner, theirs] of said) {
      const before = this.#leases.get(owner);
      if (before !== undefined && isHeardHere(before)) continue;
      const heardAtMs = this.#parts.clock.nowMs();
      this.#leases.set(owner, { heardAtMs, paceMs: this.heartbeatMs, instances: theirs, silent: false, peer });
      if (before === undefined || before.silent || !isSame(before.instances, theirs)) this.#changed();
    }
  }

  /** The same roster under a new number, for a node that has seen a higher one at another hub. */
  renumber(): void {
    this.#renumber = true;
    this.#pending?.cancel();
    this.#pending = undefined;
    this.#changed(0);
  }

  leave(owner: string): void {
    this.#leases.delete(owner);
    this.#changed();
  }

  isSilent(owner: string): boolean {
    return this.#leases.get(owner)?.silent ?? false;
  }

  /** What runs at this moment, silent ones marked, published or not yet. */
  instances(): readonly InstanceEntry[] {
    const all = [...this.#leases.values()].flatMap(({ instances, silent }) =>
      silent ? instances.map((instance): InstanceEntry => ({ ...instance, state: 'silent' })) : instances,
    );
    return all.sort(byId);
  }

  #sweepLater(): void {
    this.#sweepTimer = this.#parts.clock.after(this.heartbeatMs, () => {
      this.#noticeOutage();
      this.#sweep();
      this.#sweepLater();
    });
  }

  /** Whatever kept us from sweeping kept us from hearing too: leases are longer by that time (H2: grace = outage + interval). */
  #noticeOutage(): void {
    const now = this.#parts.clock.nowMs();
    const late = now - this.#sweptAtMs - this.heartbeatMs;
    if (late > this.heartbeatMs / 2) {
      for (const lease of this.#leases.values()) lease.heardAtMs += late;
      this.#sweptAtMs = now - this.heartbeatMs;
    }
  }

  #sweep(): void {
    const now = this.#parts.clock.nowMs();
    this.#sweptAtMs = now;
    for (const [owner, lease] of this.#leases) {
      const quietMs = now - lease.heardAtMs;
      if (quietMs > FORGET_MS) this.#forget(owner, lease);
      else if (quietMs > MISSED_BEATS * lease.paceMs && !lease.silent) {
        lease.silent = true;
        this.#changed();
      }
    }
  }

  #forget(owner: string, lease: Lease): void {
    if (!this.#nodes.has(owner)) this.leave(owner);
    else if (lease.instances.length > 0) {
      lease.instances = [];
      this.#changed();
    }
  }

  /** Publishes soon. INVARIANT: at most one publication is waiting or under way. */
  #changed(apartMs = this.#apartMs()): void {
    this.#dirty = true;
    if (this.#pending !== undefined || this.#publishing || this.#stopped) return;
    const delayMs = Math.max(0, this.#publishedAtMs + apartMs - this.#parts.clock.nowMs());
    this.#pending = this.#parts.clock.after(delayMs, () => {
      this.#pending = undefined;
      void this.#publish();
    });
  }

  #apartMs(): number {
    return Math.max(COALESCE_MS, Math.min(LONGEST_COALESCE_MS, this.#nodes.size * COALESCE_PER_NODE_MS));
  }

  async #publish(): Promise<void> {
    this.#dirty = false;
    if (!this.#renumber && !this.#isVisiblyNew()) return;
    this.#renumber = false;
    this.#publishing = true;
    try {
      const seq = await this.#parts.nextSeq();
      this.#roster = { seq, ...this.#content() };
      this.#parts.publish(this.#roster);
    } catch (cause) {
      this.#dirty = true;
      this.#parts.failed?.(cause);
    } finally {
      this.#publishedAtMs = this.#parts.clock.nowMs();
      this.#publishing = false;
    }
    // What changed while the number was fetched, or could not be published.
    if (this.#dirty) this.#changed(this.#renumber ? COALESCE_MS : this.#apartMs());
  }

  #content(): Omit<Roster, 'seq'> {
    return { nodes: this.nodes().toSorted(byId), instances: this.instances() };
  }

  #isVisiblyNew(): boolean {
    const { nodes, instances } = this.#roster;
    return this.#roster.seq === 0 || !isSame(this.#content(), { nodes, instances });
  }
}

const paceOf = (heartbeatMs: number, speakers: number): number =>
  Math.max(heartbeatMs, Math.min(SLOWEST_BEAT_MS, Math.ceil((speakers * 1_000) / BEATS_PER_S)));

const isHeardHere = ({ silent, peer }: Lease): boolean => !silent && peer === undefined;

/** Who reports an instance: the node in front of it, or the instance itself. */
export const ownerOf = ({ node, tenant, id }: Pick<InstanceEntry, 'node' | 'tenant' | 'id'>): string =>
  node === '' ? `direct/${tenant}/${id}` : node;

const byId = (a: { readonly id: string }, b: { readonly id: string }): number => (a.id < b.id ? -1 : 1);

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
