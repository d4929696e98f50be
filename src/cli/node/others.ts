/** Keeps a hub in step with the other hubs over its store: what they change is read again here, and what is heard here is told them. */
import {
  Fault,
  type InstanceEntry,
  type SharedStore,
  type Signed,
  type StoreTopic,
  type Timer,
} from '../../contract/index.ts';
import type { ControlPlane, KillSwitch, NodeHub, NodeReport, RosterKeeper } from '../../control/index.ts';
import type { NodeKey } from '../../identity/index.ts';
import type { World } from '../../kernel/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { Vault } from '../../vault/index.ts';

export interface OthersParts {
  readonly shared: SharedStore;
  readonly control: Pick<ControlPlane, 'follow' | 'republish'>;
  readonly kills: Pick<KillSwitch, 'current' | 'follow' | 'renumber'>;
  readonly nodes: Pick<NodeHub, 'follow' | 'hearPeer' | 'reports'>;
  readonly keeper: Pick<RosterKeeper, 'heartbeatMs' | 'own' | 'hearPeer' | 'renumber'>;
  readonly vault: Pick<Vault, 'follow'>;
  readonly world: Pick<World, 'clock'>;
  readonly logger: Pick<Logger, 'log'>;
}

/**
 * In the order in which they matter when several are waiting: who must stop comes first. Secrets are last, because with another root key than
 * theirs they cannot be read however often it is tried, and what comes after a failure waits.
 */
const TOPICS: readonly StoreTopic[] = ['kills', 'resources', 'releases', 'nodes', 'peers', 'secrets'];
/** After a failure: the database is away, and everything is asked again when it is back. */
const RETRY_MS = 1_000;
/** Nodes that come from another hub come together, and one new number serves them all. */
const RENUMBER_MS = 1_000;

/** What a hub tells the others about itself and its nodes. */
interface Told {
  readonly instances: readonly InstanceEntry[];
  readonly nodes: readonly NodeReport[];
  /** The list of orders that is in force on it. */
  readonly killsSeq: number;
}

/** Another hub as it was heard of last. */
interface Hub {
  readonly beats: number;
  /** Monotonic. */
  readonly heardAtMs: number;
  readonly killsSeq: number;
  /** Wall time at which it said so first. */
  readonly killsAtMs: number;
}

const MISSED_BEATS = 3;
/** A hub that has been silent for this long is not coming back under its name. */
const FORGET_MS = 10 * 60_000;

export class Others {
  readonly #parts: OthersParts;
  /** INVARIANT: a topic stays here until what it stands for was read without failing. */
  readonly #behind = new Set<StoreTopic>(TOPICS);
  readonly #hubs = new Map<string, Hub>();
  readonly #renumbered = new Map<Signed['kind'], number>();
  #beat = 0;
  #told = '';
  #telling: Promise<void> | undefined;
  #working: Promise<void> | undefined;
  #retry: Timer | undefined;
  #nextBeat: Timer | undefined;
  #forget = (): void => {};
  #stopped = false;

  constructor(parts: OthersParts) {
    this.#parts = parts;
  }

  /** Reads everything once: others may have changed it between our first look and now. */
  async start(): Promise<void> {
    this.#beat = this.#parts.world.clock.wallMs();
    this.#forget = this.#parts.shared.watch((topic) => {
      this.#behind.add(topic);
      void this.#follow();
    });
    await this.#follow();
    await this.#tell();
  }

  /** The others hear at once that nothing is heard here any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#forget();
    this.#retry?.cancel();
    this.#nextBeat?.cancel();
    await this.#working;
    // What is on its way would be there again after it was taken away.
    await this.#telling;
    await this.#parts.shared.removePeer(this.#parts.shared.holder).catch(() => {});
  }

  /** A node has seen a higher number elsewhere and would refuse what is published here. */
  renumber(kind: Signed['kind']): void {
    const { control, kills, keeper, world } = this.#parts;
    const now = world.clock.nowMs();
    if (now - (this.#renumbered.get(kind) ?? Number.NEGATIVE_INFINITY) < RENUMBER_MS) return;
    this.#renumbered.set(kind, now);
    if (kind === 'roster') keeper.renumber();
    else (kind === 'kills' ? kills.renumber() : control.republish()).catch((cause) => this.#failed(kind, cause));
  }

  #follow(): Promise<void> {
    this.#working ??= this.#catchUp().finally(() => {
      this.#working = undefined;
    });
    return this.#working;
  }

  async #catchUp(): Promise<void> {
    for (;;) {
      const topic = TOPICS.find((one) => this.#behind.has(one));
      if (topic === undefined || this.#stopped) return;
      this.#behind.delete(topic);
      try {
        await this.#read(topic);
      } catch (cause) {
        this.#behind.add(topic);
        this.#failed(topic, cause);
        this.#retry?.cancel();
        this.#retry = this.#parts.world.clock.after(RETRY_MS, () => void this.#follow());
        return;
      }
    }
  }

  #read(topic: StoreTopic): Promise<void> {
    const { control, kills, nodes, vault } = this.#parts;
    if (topic === 'kills') return kills.follow();
    if (topic === 'secrets') return vault.follow();
    if (topic === 'nodes') return nodes.follow();
    return topic === 'peers' ? this.#hear() : control.follow();
  }

  async #hear(): Promise<void> {
    const peers = await this.#parts.shared.peers(this.#parts.shared.holder);
    // Only what is new is news: a hub that is gone says the same for ever, and what it heard falls silent.
    for (const { id, beats, body } of peers)
      if (this.#hubs.get(id)?.beats !== beats) this.#hearOne(id, beats, JSON.parse(body) as Told);
    const there = new Set(peers.map(({ id }) => id));
    for (const id of this.#hubs.keys()) if (!there.has(id)) this.#lose(id);
  }

  #hearOne(id: string, beats: number, { instances, nodes, killsSeq }: Told): void {
    const { clock } = this.#parts.world;
    const before = this.#hubs.get(id);
    const killsAtMs = before?.killsSeq === killsSeq ? before.killsAtMs : clock.wallMs();
    this.#hubs.set(id, { beats, heardAtMs: clock.nowMs(), killsSeq, killsAtMs });
    this.#parts.keeper.hearPeer(id, instances);
    this.#parts.nodes.hearPeer(id, nodes);
  }

  #lose(id: string): void {
    this.#hubs.delete(id);
    this.#parts.keeper.hearPeer(id, []);
    this.#parts.nodes.hearPeer(id, []);
  }

  /** As those who wait for an order to be carried out see them: a hub is one that must, like any node. */
  hubs(): readonly {
    readonly id: string;
    readonly state: 'alive' | 'silent';
    readonly seq: number;
    readonly atMs: number;
  }[] {
    const { world, keeper } = this.#parts;
    return [...this.#hubs].map(([id, { heardAtMs, killsSeq, killsAtMs }]) => ({
      id: `hub ${id}`,
      state: world.clock.nowMs() - heardAtMs > MISSED_BEATS * keeper.heartbeatMs ? 'silent' : 'alive',
      seq: killsSeq,
      atMs: killsAtMs,
    }));
  }

  /** The others hear of it now, and not with the next beat. */
  changed(): void {
    if (this.#stopped || this.#telling !== undefined || this.#nextBeat === undefined || this.#body() === this.#told)
      return;
    this.#nextBeat.cancel();
    void this.#tell();
  }

  #body(): string {
    const { keeper, nodes, kills } = this.#parts;
    const told: Told = { instances: keeper.own(), nodes: nodes.reports(), killsSeq: kills.current.seq };
    return JSON.stringify(told);
  }

  /** A beat says that this hub is there and what it hears; one that is missed is followed by the next. */
  async #tell(): Promise<void> {
    const { keeper, world } = this.#parts;
    this.#telling = this.#tellAll();
    await this.#telling;
    this.#telling = undefined;
    if (!this.#stopped) this.#nextBeat = world.clock.after(keeper.heartbeatMs, () => void this.#tell());
  }

  /** Never rejects. */
  async #tellAll(): Promise<void> {
    const { shared } = this.#parts;
    try {
      // What changes while it is told is told again at once.
      do {
        const body = this.#body();
        this.#beat += 1;
        await shared.putPeer({ id: shared.holder, beats: this.#beat, body });
        this.#told = body;
      } while (!this.#stopped && this.#body() !== this.#told);
      await this.#forgetGone();
    } catch (cause) {
      this.#failed('peers', cause);
    }
  }

  async #forgetGone(): Promise<void> {
    const { shared, world } = this.#parts;
    for (const [id, { heardAtMs }] of this.#hubs)
      if (world.clock.nowMs() - heardAtMs > FORGET_MS) await shared.removePeer(id);
  }

  #failed(what: string, cause: unknown): void {
    this.#parts.logger.log('warn', 'not in step with the other hubs', { what, cause: Fault.from(cause).message });
  }
}

/** Nodes trust one key: a hub with another would be refused by each of them. Throws Fault `conflict`. */
export const agreeOnKey = async (shared: SharedStore, key: NodeKey, dir: string): Promise<void> => {
  const theirs = await shared.claim('control key', key.keyId);
  if (theirs === key.keyId) return;
  throw new Fault(
    'conflict',
    `database \`${shared.name}\` belongs to hubs with key ${theirs}, and \`${dir}\` holds key ${key.keyId}; copy node-key.pem of one of them into \`${dir}\`, or name another database`,
    { facts: { database: shared.name, dir } },
  );
};
