/** What every node that joins a hub shares: its key, its membership, the link, and its own store. */
import { randomBytes } from 'node:crypto';
import type { CallEvent, NodeEntry, Roster, Snapshot, Stores } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import {
  HttpHubWire,
  joinHub,
  LastGood,
  type LinkedNode,
  loadMembership,
  type Membership,
  NodeLink,
  Spool,
} from '../../control/index.ts';
import type { Listener } from '../../doors/index.ts';
import { AssertionSigner, type NodeKey, openNodeKey } from '../../identity/index.ts';
import { systemWorld, type World } from '../../kernel/index.ts';
import { openSqlite } from '../../stores/index.ts';
import { entryOf } from './entry.ts';

/** For the hub's first word after a start; a hub that is there answers at once, and without it the node works all the same. */
const HUB_WAIT_MS = 2_000;

export interface MemberOptions {
  readonly dir: string;
  /** Base URL of the hub to join. */
  readonly hubUrl: string;
  /** One-time join token; needed only the first time. */
  readonly token?: string | undefined;
}

export interface Member {
  readonly world: World;
  readonly stores: Stores;
  readonly key: NodeKey;
  readonly membership: Membership;
  readonly signer: AssertionSigner;
  /** The hub as other nodes know it. */
  readonly hub: NodeEntry;
  /** The way of leases; rejects with `unavailable` before the link is there. */
  readonly lease: NodeLink['lease'];
  readonly wire: HttpHubWire;
  /** Hands over finished calls when the hub is there. */
  keep(events: readonly CallEvent[]): Promise<void>;
  /** Follows the hub. Call once, when the node can take documents. */
  follow(node: LinkedNode, url: string, note: (problem: Fault) => void): Promise<NodeLink>;
  close(): Promise<void>;
}

/**
 * Joins, or remembers that it has joined. `front` is where other nodes will reach this one. What cannot become a member holds
 * nothing: a door left open would keep the process alive, and whoever watches over it would not start it again.
 */
export const becomeMember = async (options: MemberOptions, front: Pick<Listener, 'url' | 'close'>): Promise<Member> => {
  const world = systemWorld();
  const wire = new HttpHubWire(options.hubUrl);
  let stores: Stores | undefined;
  try {
    stores = await openSqlite({ dir: options.dir });
    const key = await openNodeKey(options.dir);
    const membership = (await loadMembership(options.dir)) ?? (await join(options, { key, wire, url: front.url }));
    return memberOf(options, { world, stores, key, wire, membership });
  } catch (thrown) {
    await Promise.all([front.close(false), wire.close(), stores?.close()]);
    throw thrown;
  }
};

const memberOf = (
  options: MemberOptions,
  { world, stores, key, wire, membership }: Pick<Member, 'world' | 'stores' | 'key' | 'wire' | 'membership'>,
): Member => {
  const signer = new AssertionSigner(membership.node.id, key, world.clock);
  const spool = new Spool(randomBytes(16).toString('hex'));
  let link: NodeLink | undefined;
  return {
    world,
    stores,
    key,
    membership,
    signer,
    wire,
    hub: entryOf(membership.hub, membership.controlKey, options.hubUrl),
    lease: (request) =>
      link === undefined
        ? Promise.reject(new Fault('unavailable', 'this node has not reached its hub yet'))
        : link.lease(request),
    keep: async (events) => {
      for (const event of events) link?.emit(event);
    },
    follow: async (node, ownUrl, note) => {
      const lastGood = new LastGood(options.dir, membership.controlKey);
      link = new NodeLink({
        membership,
        wire,
        signer,
        lastGood,
        spool,
        node,
        clock: world.clock,
        random: world.random,
        note,
        url: ownUrl,
      });
      await link.start();
      // What the last run left behind goes on next, and writes need to know which orders to stop there are.
      await link.confirmed(HUB_WAIT_MS);
      return link;
    },
    close: async () => {
      await link?.stop();
      await wire.close();
      await stores.close();
    },
  };
};

const join = async (
  options: MemberOptions,
  { key, wire, url }: { key: NodeKey; wire: HttpHubWire; url: string },
): Promise<Membership> => {
  if (options.token === undefined) {
    throw new Fault(
      'bad_request',
      'this node has not joined a hub yet; get a join token with `airspace token create` and pass it as `--token-file` or in AIRSPACE_TOKEN',
    );
  }
  return joinHub({ wire, hubUrl: options.hubUrl, token: options.token, key, url, dataDir: options.dir });
};

/** How old what a node runs may be: since the hub last spoke, or, before it ever did, since the snapshot on disk was made. */
export const ageOf =
  ({ clock }: World, heardAtMs: () => number | undefined, snapshot: () => Snapshot | undefined) =>
  (): number => {
    const heard = heardAtMs();
    if (heard !== undefined) return clock.nowMs() - heard;
    const kept = snapshot();
    return kept === undefined ? Number.POSITIVE_INFINITY : clock.wallMs() - kept.createdAtMs;
  };

/** How old the orders to stop held here may be: since the hub confirmed them. Before it did, nobody knows what was ordered meanwhile. */
export const killsAgeOf =
  ({ clock }: World, confirmedAtMs: () => number | undefined) =>
  (): number =>
    clock.nowMs() - (confirmedAtMs() ?? Number.NEGATIVE_INFINITY);

/** The newest documents of a node that follows a hub, and the pipelines that run them. */
export class Following {
  snapshot: Snapshot | undefined;
  roster: Roster = { seq: 0, nodes: [], instances: [] };
  readonly #prepare: (snapshot: Snapshot, roster: Roster) => () => void;

  constructor(prepare: (snapshot: Snapshot, roster: Roster) => () => void) {
    this.#prepare = prepare;
  }

  /**
   * Tries it, and composes again when it comes into force: between the two lies a write to disk, and what else the pipelines
   * look at may have changed meanwhile.
   */
  prepareSnapshot(snapshot: Snapshot): () => void {
    this.#prepare(snapshot, this.roster);
    return () => {
      this.snapshot = snapshot;
      this.refresh();
    };
  }

  prepareRoster(roster: Roster): () => void {
    if (this.snapshot !== undefined) this.#prepare(this.snapshot, roster);
    return () => {
      this.roster = roster;
      this.refresh();
    };
  }

  /** Composes again: something that the pipelines look at changed here, not at the hub. */
  refresh(): void {
    if (this.snapshot !== undefined) this.#prepare(this.snapshot, this.roster)();
  }
}
