/** The hub's side of the node link: admits nodes, hears them, tells them the newest, and takes what their calls left behind. */
import {
  type CallEvent,
  type CancelSignal,
  type Clock,
  Fault,
  type HeartbeatReply,
  type Ids,
  type InstanceEntry,
  type InstanceQuery,
  type InstanceReport,
  type JoinGrant,
  type JoinReply,
  type NodeEntry,
  type NodePort,
  type NodeStore,
  type NodeView,
  type Principal,
  type Signed,
  type Snapshot,
  type TraceStore,
} from '../contract/index.ts';
import {
  AssertionVerifier,
  issueJoinToken,
  JoinGrantSchema,
  joinProofText,
  knownNodes,
  parsePublicKey,
  unauthenticated,
  useJoinToken,
  verifySignature,
} from '../identity/index.ts';
import { Inbox } from './inbox.ts';
import { matches, Registry } from './registry.ts';
import { parseAnnouncement, parseBatch, parseHeartbeat, parseJoin } from './reports.ts';
import { ownerOf, type RosterKeeper } from './roster.ts';
import type { Held, Publisher } from './snapshots.ts';

export interface NodeHubParts {
  /** Id of this hub: what nodes address their assertions to. */
  readonly hub: string;
  readonly store: NodeStore;
  readonly traces: TraceStore;
  readonly keeper: RosterKeeper;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Hears of finished calls of other nodes, once they are stored. Must return at once and not throw. */
  readonly heard?: (events: readonly CallEvent[]) => void;
  /** A node holds something newer than there is here: it comes from another hub over the same store. Must not throw. */
  readonly ahead?: (kind: Signed['kind']) => void;
  /** A node carries out another list of orders than before. Must not throw. */
  readonly confirmed?: () => void;
}

/** What a node has said to a hub, for the other hubs over the same store. */
export type NodeReport = Omit<Heard, 'atMs'> & { readonly id: string };

/** What a node said last, besides its instances. */
interface Heard {
  readonly atMs: number;
  readonly snapshotSeq: number;
  readonly rosterSeq: number;
  readonly killsSeq: number;
  readonly killsAtMs: number | null;
  readonly refused: string | null;
  readonly capabilities: readonly string[];
  readonly lostEvents: number;
}

export class NodeHub implements NodePort {
  readonly #parts: NodeHubParts;
  readonly #heard = new Map<string, Heard>();
  /** By the hub that heard it. */
  readonly #elsewhere = new Map<string, ReadonlyMap<string, Heard>>();
  readonly #inbox: Inbox;
  #members: Promise<unknown> = Promise.resolve();
  #registry: Registry = new Registry({ targets: [], domains: [] });
  #verifier: AssertionVerifier;

  constructor(parts: NodeHubParts) {
    this.#parts = parts;
    this.#inbox = new Inbox(parts.traces, parts.heard);
    this.#verifier = this.#verifierFor({ targets: [], domains: [] });
  }

  /** Every new snapshot, so that this side knows which targets belong to whom. */
  use(snapshot: Snapshot): void {
    this.#registry = new Registry(snapshot);
    this.#verifier = this.#verifierFor(snapshot);
  }

  async issueJoinToken(untrusted: unknown): Promise<{ readonly token: string; readonly expiresAtMs: number }> {
    const grant = JoinGrantSchema.safeParse(untrusted);
    if (!grant.success) {
      throw new Fault(
        'bad_request',
        'a join token is for role `sidecar` with tenant, domain and agent or tool, or for role `domain` with tenant and domain',
      );
    }
    const { store, publisher, clock } = this.#parts;
    return issueJoinToken(store, this.#registry.grantable(grant.data), publisher.keyId, clock.wallMs());
  }

  async join(untrusted: unknown): Promise<JoinReply> {
    const { token, publicKey, url, proof } = parseJoin(untrusted);
    // Before the token burns: what can be seen to be wrong must not cost a token.
    if (parsePublicKey(publicKey) === undefined)
      throw new Fault('bad_request', '`publicKey` must be Ed25519, SPKI DER in base64');
    if (!verifySignature(publicKey, joinProofText(token), Buffer.from(proof, 'base64'))) throw unauthenticated();
    const { hub, store, keeper, publisher, clock } = this.#parts;
    const grant = await useJoinToken(store, token, clock.wallMs());
    const node = await this.#admit(grant, publicKey, url);
    return { node, hub, controlKey: publisher.publicKey, heartbeatMs: keeper.heartbeatMs };
  }

  /** One after the other: two that join at once must not be given one id. */
  #admit(grant: JoinGrant, publicKey: string, url: string): Promise<NodeEntry> {
    return this.#inTurn(async () => {
      const node: NodeEntry = { ...grant, id: this.#idFor(grant, publicKey), publicKey, url };
      await this.#parts.store.put(node);
      this.#parts.keeper.putNode(node);
      return node;
    });
  }

  /** Members that another hub may have admitted, moved or removed. */
  follow(): Promise<void> {
    return this.#inTurn(async () => {
      const { store, keeper } = this.#parts;
      const members = await store.list();
      const ids = new Set(members.map(({ id }) => id));
      for (const { id } of keeper.nodes()) if (!ids.has(id)) this.#forget(id);
      for (const node of members) keeper.putNode(node);
    });
  }

  /** What nodes that are heard here have said last. */
  reports(): readonly NodeReport[] {
    return [...this.#heard]
      .filter(([id]) => this.#parts.keeper.hears(id))
      .map(([id, { atMs: _, ...report }]) => ({ id, ...report }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** All that another hub has heard. Numbers of lists mean the same at every hub, because they share one sequence. */
  hearPeer(peer: string, reports: readonly NodeReport[]): void {
    const atMs = this.#parts.clock.wallMs();
    this.#elsewhere.set(peer, new Map(reports.map(({ id, ...report }) => [id, { ...report, atMs }])));
  }

  /** Others tell of a node that runs nothing too, and of what is silent they tell nothing. */
  #isAlive(id: string): boolean {
    const { keeper } = this.#parts;
    return keeper.hears(id) || (this.#elsewhere.values().some((reports) => reports.has(id)) && !keeper.isSilent(id));
  }

  #lastOf(id: string): Heard | undefined {
    const all = [this.#heard.get(id), ...[...this.#elsewhere.values()].map((reports) => reports.get(id))];
    return all.reduce((best, one) => ((one?.atMs ?? -1) > (best?.atMs ?? -1) ? one : best), undefined);
  }

  /** One change of who is a member after the other: what was read before a change must not be put in force after it. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#members.then(change);
    this.#members = done.catch(() => {});
    return done;
  }

  #forget(id: string): void {
    this.#parts.keeper.removeNode(id);
    this.#heard.delete(id);
    this.#inbox.forget(id);
  }

  authenticate(assertion: string): NodeEntry {
    const principal = this.#verifier.verify(assertion, this.#parts.clock.wallMs());
    const node = principal.kind === 'node' ? this.#parts.keeper.node(principal.id) : undefined;
    if (node === undefined) throw unauthenticated();
    return node;
  }

  async heartbeat(node: NodeEntry, untrusted: unknown): Promise<HeartbeatReply> {
    const beat = parseHeartbeat(untrusted);
    const { keeper, publisher, clock } = this.#parts;
    const current = await this.#atUrl(node.id, beat.url);
    const allowed = beat.instances.filter((report) => this.#mayReport(current, report));
    const ignored = beat.instances
      .filter((report) => !allowed.includes(report))
      .map(({ kind, name }) => `${kind}/${name}`);
    const before = this.#heard.get(node.id);
    const atMs = clock.wallMs();
    this.#heard.set(node.id, {
      atMs,
      snapshotSeq: beat.snapshotSeq,
      rosterSeq: beat.rosterSeq,
      killsSeq: beat.killsSeq,
      killsAtMs: before?.killsSeq === beat.killsSeq ? before.killsAtMs : atMs,
      refused: beat.refused === undefined ? null : `${beat.refused.kind} ${beat.refused.seq}: ${beat.refused.reason}`,
      capabilities: beat.capabilities ?? [],
      lostEvents: beat.lostEvents ?? 0,
    });
    if (before?.killsSeq !== beat.killsSeq) this.#parts.confirmed?.();
    keeper.beat(
      node.id,
      allowed.map((report) => behind(current, report, beat.epoch)),
    );
    return {
      snapshotSeq: publisher.seq('snapshot'),
      rosterSeq: publisher.seq('roster'),
      killsSeq: publisher.seq('kills'),
      heartbeatMs: keeper.heartbeatMs,
      ignored,
    };
  }

  documents(node: NodeEntry, held: Held, signal: CancelSignal): AsyncIterable<Signed> {
    const { publisher, ahead } = this.#parts;
    for (const kind of ['kills', 'snapshot', 'roster'] as const)
      if (held[`${kind}Seq`] > publisher.seq(kind)) ahead?.(kind);
    return this.#whileMember(node, publisher.newerThan(held, signal));
  }

  async events(node: NodeEntry, untrusted: unknown): Promise<{ readonly stored: boolean }> {
    return this.#inbox.take(node, parseBatch(untrusted));
  }

  async leave(node: NodeEntry): Promise<void> {
    this.#heard.delete(node.id);
    this.#parts.keeper.leave(node.id);
  }

  async remove(tenant: string | null, id: string): Promise<void> {
    const node = this.#parts.keeper.node(id);
    if (node === undefined || node.id === this.#parts.hub || (tenant !== null && node.tenant !== tenant)) {
      throw new Fault('not_found', `there is no node \`${id}\``);
    }
    await this.#inTurn(async () => {
      await this.#parts.store.remove(id);
      this.#forget(id);
    });
  }

  list(tenant: string | null): readonly NodeView[] {
    const nodes = this.#parts.keeper.nodes().filter((node) => tenant === null || node.tenant === tenant);
    return nodes.map((node) => this.#view(node)).sort((a, b) => (a.node.id < b.node.id ? -1 : 1));
  }

  async announce(principal: Principal, untrusted: unknown): Promise<{ readonly heartbeatMs: number }> {
    const { tenant, id: name } = principal;
    const report = parseAnnouncement(untrusted);
    if (principal.kind !== 'agent' || report.kind !== 'agent' || (report.name ?? name) !== name) {
      throw new Fault('denied', `\`${name}\` may announce instances of itself only, as kind \`agent\``);
    }
    const instance: InstanceEntry = {
      ...report,
      name,
      id: directId(name, report.id),
      tenant,
      protocol: 'direct',
      node: '',
    };
    this.#refuseTooMany(instance);
    this.#parts.keeper.beat(ownerOf(instance), [instance]);
    return { heartbeatMs: this.#parts.keeper.heartbeatMs };
  }

  async withdraw(principal: Principal, id: string): Promise<void> {
    this.#parts.keeper.leave(ownerOf({ node: '', tenant: principal.tenant, id: directId(principal.id, id) }));
  }

  find(query: InstanceQuery): readonly InstanceEntry[] {
    return this.#parts.keeper.instances().filter((instance) => matches(instance, query, this.#registry));
  }

  #refuseTooMany({ tenant, name, id }: InstanceEntry): void {
    const own = this.#parts.keeper
      .instances()
      .filter((other) => other.node === '' && other.tenant === tenant && other.name === name);
    if (own.length >= MOST_ANNOUNCED && !own.some((other) => other.id === id)) {
      throw new Fault(
        'rate_limited',
        `\`${name}\` already announces ${MOST_ANNOUNCED} instances; withdraw those that are gone`,
      );
    }
  }

  #verifierFor(snapshot: Pick<Snapshot, 'targets' | 'domains'>): AssertionVerifier {
    const { hub, keeper } = this.#parts;
    return new AssertionVerifier(
      hub,
      knownNodes(snapshot, (id) => keeper.node(id)),
    );
  }

  /** `role-name-xxxx`; the same node keeps its id when it joins again with its key and an equal grant. */
  #idFor(grant: JoinGrant, publicKey: string): string {
    const { keeper, ids } = this.#parts;
    const before = keeper.nodes().find((node) => node.publicKey === publicKey);
    if (before !== undefined) {
      const { role, tenant, domain, agent } = before;
      const isSame = role === grant.role && tenant === grant.tenant && domain === grant.domain;
      if (isSame && agent === grant.agent && before.tool === toolOf(grant)) return before.id;
      throw new Fault(
        'conflict',
        `this key already belongs to node \`${before.id}\`; give each node its own data directory`,
      );
    }
    const name = grant.role === 'sidecar' ? (toolOf(grant) ?? grant.agent) : grant.domain;
    // Longer when short ones are taken: with thousands of nodes four digits collide, and asking forever helps nobody.
    for (let digits = 4; ; digits += 1) {
      const id = `${grant.role}-${name}-${ids.callId().slice(-digits)}`;
      if (keeper.node(id) === undefined) return id;
    }
  }

  /** The node as it is now, moved when it says so. Throws when it was removed since it was authenticated. */
  async #atUrl(id: string, url: string | undefined): Promise<NodeEntry> {
    const { keeper, store } = this.#parts;
    const node = keeper.node(id);
    if (node === undefined) throw unauthenticated();
    if (url === undefined || url === node.url) return node;
    return this.#inTurn(async () => {
      if (keeper.node(id) === undefined) throw unauthenticated();
      const moved = { ...node, url };
      await store.put(moved);
      keeper.putNode(moved);
      return moved;
    });
  }

  /** A sidecar stands in front of its agent or tool, a domain hub in front of what was declared in its domain or below. */
  #mayReport(node: NodeEntry, { kind, name }: InstanceReport): boolean {
    if (node.role === 'sidecar')
      return node.tool === undefined ? kind === 'agent' && name === node.agent : kind === 'tool' && name === node.tool;
    const target = this.#registry.target(node.tenant, kind, name);
    return target !== undefined && this.#registry.isWithin(node.tenant, target.domain, node.domain);
  }

  async *#whileMember(node: NodeEntry, documents: AsyncIterable<Signed>): AsyncGenerator<Signed, void, undefined> {
    for await (const signed of documents) {
      if (this.#parts.keeper.node(node.id)?.publicKey !== node.publicKey) throw unauthenticated();
      yield signed;
    }
  }

  #view(node: NodeEntry): NodeView {
    const heard = this.#lastOf(node.id);
    const state = heard === undefined ? 'joined' : this.#isAlive(node.id) ? 'alive' : 'silent';
    return {
      node,
      state,
      heardAtMs: heard?.atMs ?? null,
      snapshotSeq: heard?.snapshotSeq ?? 0,
      rosterSeq: heard?.rosterSeq ?? 0,
      killsSeq: heard?.killsSeq ?? 0,
      killsAtMs: heard?.killsAtMs ?? null,
      refused: heard?.refused ?? null,
      capabilities: heard?.capabilities ?? [],
      lostEvents: heard?.lostEvents ?? 0,
    };
  }
}

const MOST_ANNOUNCED = 1000;

/** Begins with the agent's own name, so that no agent can take the id of another's instance. */
const directId = (name: string, id: string): string => (id.startsWith(`${name}@`) ? id : `${name}@${id}`);

/** Calls to it go through the node's own door: a report cannot name any other address. */
const behind = (node: NodeEntry, report: InstanceReport, epoch: string | undefined): InstanceEntry => ({
  ...report,
  id: `${report.name}@${node.id}:${report.id}`,
  tenant: node.tenant,
  url: node.url,
  protocol: 'airspace',
  node: node.id,
  ...(epoch === undefined ? {} : { epoch }),
});

const toolOf = (grant: JoinGrant): string | undefined => ('tool' in grant ? grant.tool : undefined);
