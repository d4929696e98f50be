/** What every node that joins a hub shares: its key, its membership, the link, and its own store. */
import { randomBytes } from 'node:crypto';
import { join as pathOf } from 'node:path';
import type { CallEvent, NodeEntry, Roster, Snapshot, Stores } from '../../contract/index.ts';
import { Fault, HEADERS } from '../../contract/index.ts';
import {
  HEARTBEAT_MS,
  Heard,
  HttpHubWire,
  joinHub,
  LastGood,
  type LinkedNode,
  LogLoad,
  loadMembership,
  type Membership,
  NodeLink,
  Saying,
  Spool,
} from '../../control/index.ts';
import type { Listener } from '../../doors/index.ts';
import { AssertionSigner, NodeCertificate, type NodeKey, nodePrincipal, openNodeKey } from '../../identity/index.ts';
import { systemWorld, type World } from '../../kernel/index.ts';
import { openSqlite } from '../../stores/index.ts';
import { type Ages, type Bounds, boundsOf, DEFAULT_STALENESS } from '../../topologies/index.ts';
import { entryOf } from './entry.ts';

const CERTIFICATE_FILE = 'certificate.json';

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
  /** What it shows to other nodes. Start it when it can be noted what goes wrong. */
  certificate(note: (problem: Fault) => void): NodeCertificate;
  /** The hub as other nodes know it. */
  readonly hub: NodeEntry;
  /** The way of leases; rejects with `unavailable` before the link is there. */
  readonly lease: NodeLink['lease'];
  readonly wire: HttpHubWire;
  /** How old what this node runs may be, over restarts too. */
  readonly ages: Ages;
  /** Records of the audit that the hub does not have yet. */
  unsent(): Promise<number>;
  /** Finished calls that were given up, because the hub was away for too long or refused them. */
  lost(): number;
  /** Finished calls that the hub does not have yet. */
  spooled(): Promise<number>;
  /** What agents said here, for the hub. */
  readonly said: Saying;
  /** What it writes down, on the way to the hub: `add` it when it is written. */
  readonly logs: LogLoad;
  /** Keeps finished calls durably, and hands them over when the hub is there. */
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
    return await memberOf(options, { world, stores, key, wire, membership });
  } catch (thrown) {
    await Promise.all([front.close(false), wire.close(), stores?.close()]);
    throw thrown;
  }
};

const memberOf = async (
  options: MemberOptions,
  { world, stores, key, wire, membership }: Pick<Member, 'world' | 'stores' | 'key' | 'wire' | 'membership'>,
): Promise<Member> => {
  const { clock, random } = world;
  const signer = new AssertionSigner(membership.node.id, key, clock);
  let failed: (cause: unknown) => void = () => {};
  const heard = await Heard.open({ clock, marks: stores.marks, failed: (cause) => failed(cause) });
  let bounds: Bounds | undefined;
  const { tenant, domain } = membership.node;
  const most = (): number => (bounds?.ofDomain(tenant, domain) ?? DEFAULT_STALENESS).events;
  const spool = await Spool.open({ store: stores.spool, marks: stores.marks, random, most });
  const said = new Saying();
  const logs = new LogLoad();
  let link: NodeLink | undefined;
  let certificate: NodeCertificate | undefined;
  return {
    certificate: (note) => {
      certificate = new NodeCertificate({
        ...{ node: membership.node.id, key, pinned: membership.controlKey, note },
        ...{ clock: world.clock, random: world.random, path: pathOf(options.dir, CERTIFICATE_FILE) },
        issue: () =>
          wire.post(
            `/v1/nodes/${membership.node.id}/certificate`,
            {},
            `${HEADERS.nodeScheme} ${signer.assert(nodePrincipal(membership.node), membership.hub)}`,
          ),
      });
      return certificate;
    },
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
    ages: {
      snapshotMs: () => heard.ageMs('snapshot'),
      killsMs: () => heard.ageMs('kills'),
      hubMs: () => heard.ageMs('hub'),
      beatMs: () => link?.heartbeatMs ?? HEARTBEAT_MS,
    },
    unsent: () => (link === undefined ? Promise.resolve(0) : link.unsent()),
    lost: () => spool.lost,
    spooled: () => spool.waiting(),
    said,
    logs,
    keep: async (events) => {
      await spool.add(events);
      link?.kick();
    },
    follow: async (linked, ownUrl, note) => {
      failed = (cause) => note(Fault.from(cause));
      const node: LinkedNode = {
        ...linked,
        prepareSnapshot: async (snapshot) => {
          const enforce = await linked.prepareSnapshot(snapshot);
          const next = boundsOf(snapshot);
          return () => {
            bounds = next;
            // A domain hub makes a snapshot of its own of it first, and nothing is acknowledged before that is in force.
            return enforce();
          };
        },
      };
      const lastGood = new LastGood(options.dir, membership.controlKey);
      link = new NodeLink({
        membership,
        wire,
        signer,
        lastGood,
        spool,
        said,
        logs,
        heard,
        epoch: randomBytes(16).toString('hex'),
        audit: stores.audit,
        marks: stores.marks,
        node,
        clock,
        random,
        note,
        url: ownUrl,
        certificate: () => certificate?.current,
      });
      await link.start();
      // What the last run left behind goes on next, and writes need to know which orders to stop there are.
      await link.confirmed(HUB_WAIT_MS);
      return link;
    },
    close: async () => {
      certificate?.stop();
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
