/** The hub's side of the node link: admits nodes, hears them, tells them the newest, and takes what their calls left behind. */
import {
  type AgentSpan,
  type BreakerView,
  type CallEvent,
  type CancelSignal,
  type CertificateReply,
  type Clock,
  type Counting,
  Fault,
  type HeartbeatReply,
  type Ids,
  type InstanceEntry,
  type InstanceQuery,
  type InstanceReport,
  type JoinGrant,
  type JoinReply,
  type NodeAuditStore,
  type NodeAuditTaken,
  type NodeEntry,
  type NodePort,
  type NodeStore,
  type NodeView,
  type Principal,
  type Signed,
  type SignedDelta,
  type Snapshot,
  type TraceStore,
} from '../contract/index.ts';
import {
  AssertionVerifier,
  type Authority,
  issueJoinToken,
  JoinGrantSchema,
  joinProofText,
  knownNodes,
  parsePublicKey,
  unauthenticated,
  useJoinToken,
  verifySignature,
} from '../identity/index.ts';
import { Admission, type AdmissionLimits } from './admission.ts';
import { breakersSaid } from './breakers.ts';
import type { ExportTaker } from './exports.ts';
import { takeRecords } from './handed.ts';
import { takeEvents } from './inbox.ts';
import { Judgements } from './judged.ts';
import type { LogTaker } from './logs.ts';
import { type Heard, type NodeReport, nodeView } from './nodeview.ts';
import { matches, Registry } from './registry.ts';
import { parseAnnouncement, parseBatch, parseHeartbeat, parseJoin } from './reports.ts';
import { ownerOf, type RosterKeeper } from './roster.ts';
import { saidBy } from './said.ts';
import type { Held, Publisher } from './snapshots.ts';
import { type SumInbox, takeSums } from './sums.ts';
import type { CutRoster } from './views.ts';

export interface NodeHubParts {
  /** Id of this hub: what nodes address their assertions to. */
  readonly hub: string;
  /** Of a domain hub: it admits nodes of its domain and below. Absent: of everything. */
  readonly place?: { readonly tenant: string; readonly domain: string };
  /** Takes what domain hubs export. Absent: this hub takes nothing. */
  readonly exports?: ExportTaker;
  /** Keeps where the audits of hubs below end. Absent: nobody does. */
  readonly checkpoints?: CheckpointTaker;
  readonly store: NodeStore;
  readonly traces: TraceStore;
  /** What nodes hand over of their own audit. */
  readonly audit: NodeAuditStore;
  /** Takes what domain hubs report in sums. Absent: this hub takes none. */
  readonly sums?: Omit<SumInbox, 'clock'>;
  /** Takes log records of nodes. Absent: this hub takes none. */
  readonly logs?: LogTaker;
  /** How calls of a node are counted here; undefined: not at all. Absent: of no node. */
  readonly counting?: (node: NodeEntry) => Counting | undefined;
  /** Keeps what agents said at nodes; answers how much was new. Absent: this hub takes none. */
  readonly said?: (node: NodeEntry, spans: readonly AgentSpan[]) => Promise<number>;
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
  /** A node says something else of breakers than before. Must not throw. */
  readonly breakersChanged?: () => void;
  /** What signs certificates here; answers undefined while there is none yet. Absent: nothing does. */
  readonly authority?: () => Authority | undefined;
  /** So many authorities may be wanted one below the other under this one. After each snapshot; must not throw. */
  readonly levels?: (below: number) => void;
  /** What a node gets of a roster, under a snapshot. Default: everything. */
  readonly viewsOf?: (snapshot: Snapshot) => CutRoster;
  /** Of nodes that come back, those that are sent what they missed at once. */
  readonly admission?: Partial<AdmissionLimits>;
}

export type CheckpointTaker = (node: NodeEntry, checkpoint: unknown) => Promise<void>;

interface Issued {
  readonly atMs: number;
  readonly publicKey: string;
  readonly signer: Authority;
  readonly below: number;
  readonly reply: Promise<CertificateReply>;
}

/** Who asks again so soon gets the same again: signing and the line in the audit cost more than a node may ask for. */
const ISSUED_AGAIN_MS = 30_000;

export class NodeHub implements NodePort {
  readonly #parts: NodeHubParts;
  readonly #heard = new Map<string, Heard>();
  /** By the hub that heard it. */
  readonly #elsewhere = new Map<string, ReadonlyMap<string, Heard>>();
  readonly #issued = new Map<string, Issued>();
  readonly #judged = new Judgements();
  readonly #admission: Admission;
  #members: Promise<unknown> = Promise.resolve();
  #registry: Registry = new Registry({ targets: [], domains: [] });
  #verifier: AssertionVerifier;

  constructor(parts: NodeHubParts) {
    this.#parts = parts;
    this.#admission = new Admission(parts.clock, parts.admission);
    this.#verifier = this.#verifierFor({ targets: [], domains: [] });
  }

  /** Every new snapshot, so that this side knows which targets belong to whom. */
  use(snapshot: Snapshot): void {
    this.#registry = new Registry(snapshot);
    this.#verifier = this.#verifierFor(snapshot);
    const self = this.#parts.levels === undefined ? undefined : this.#parts.authority?.()?.within;
    if (self !== undefined && self !== null) this.#parts.levels?.(this.#registry.levelsBelow(self.tenant, self.domain));
    const { publisher, keeper, viewsOf } = this.#parts;
    // Other routes want other views, and those need a number that nobody has yet.
    if (viewsOf !== undefined && publisher.cutRosters(viewsOf(snapshot))) keeper.renumber();
  }

  async issueJoinToken(untrusted: unknown): Promise<{ readonly token: string; readonly expiresAtMs: number }> {
    const grant = JoinGrantSchema.safeParse(untrusted);
    if (!grant.success) {
      throw new Fault(
        'bad_request',
        'a join token is for role `sidecar` with tenant, domain and agent or tool, or for role `domain` with tenant and domain',
      );
    }
    const { store, publisher, clock, place } = this.#parts;
    const granted = this.#registry.grantable(grant.data);
    if (place !== undefined) this.#refuseOutside(place, granted);
    return issueJoinToken(store, granted, publisher.keyId, clock.wallMs());
  }

  /** A node speaks for whom it joined for: nobody admits one that would speak for others than theirs, or be their own parent. */
  #refuseOutside(place: NonNullable<NodeHubParts['place']>, { role, tenant, domain }: JoinGrant): void {
    const isBelow = tenant === place.tenant && this.#registry.isWithin(tenant, domain, place.domain);
    if (isBelow && (role !== 'domain' || domain !== place.domain)) return;
    const which = role === 'domain' ? `domains below \`${place.domain}\`` : `\`${place.domain}\` and domains below it`;
    const asked =
      tenant !== place.tenant ? `tenant \`${tenant}\`` : domain === '' ? 'the organisation' : `\`${domain}\``;
    throw new Fault('denied', `this hub admits nodes of ${which}, and not of ${asked}; ask the hub that does`);
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

  /** The hub over the same store that a node follows, when it is not this one. Undefined: this one, or nobody knows. */
  followsOther(id: string): string | undefined {
    if (this.#parts.keeper.hears(id)) return undefined;
    return [...this.#elsewhere].find(([, reports]) => reports.has(id))?.[0];
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
    this.#parts.publisher.forget(id);
    this.#heard.delete(id);
    this.#issued.delete(id);
    this.#parts.logs?.forget(id);
    this.#judged.forget(id);
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
    const breakers = breakersSaid(current, this.#registry, beat.breakers ?? []);
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
      certificate: beat.certificate ?? null,
      breakers,
    });
    if (JSON.stringify(before?.breakers ?? []) !== JSON.stringify(breakers)) this.#parts.breakersChanged?.();
    if (before?.killsSeq !== beat.killsSeq) this.#parts.confirmed?.();
    keeper.beat(
      node.id,
      allowed.map((report) => behind(current, report, beat.epoch)),
    );
    const kills = publisher.newestFor('kills', current);
    return {
      snapshotSeq: publisher.seq('snapshot'),
      rosterSeq: publisher.newestFor('roster', current)?.seq ?? 0,
      killsSeq: kills?.seq ?? 0,
      heartbeatMs: keeper.paceMs,
      ignored,
      // Whatever keeps the stream away or busy, the next beat brings them.
      ...(kills !== undefined && kills.seq > beat.killsSeq ? { kills: kills.signed } : {}),
    };
  }

  certificate({ id }: NodeEntry): Promise<CertificateReply> {
    const { keeper, clock } = this.#parts;
    const node = keeper.node(id);
    if (node === undefined) throw unauthenticated();
    const signer = this.#authority();
    const [atMs, below] = [clock.wallMs(), this.#registry.levelsBelow(node.tenant, node.domain)];
    const before = this.#issued.get(id);
    const isSame = before?.publicKey === node.publicKey && before.below === below && before.signer === signer;
    if (isSame && Math.abs(atMs - before.atMs) < ISSUED_AGAIN_MS) return before.reply;
    const reply = this.#certify(node, signer, below, atMs);
    this.#issued.set(id, { atMs, publicKey: node.publicKey, signer, below, reply });
    reply.catch(() => this.#issued.delete(id));
    return reply;
  }

  async #certify(node: NodeEntry, signer: Authority, below: number, wallMs: number): Promise<CertificateReply> {
    const { isWithin } = this.#registry;
    return {
      chain: await signer.leaf(node, isWithin, wallMs),
      authority: node.role === 'domain' ? await signer.intermediate(node, below, isWithin, wallMs) : null,
    };
  }

  #authority(): Authority {
    const signer = this.#parts.authority?.();
    if (signer === undefined)
      throw new Fault('unavailable', 'this hub has no certificate of its own yet, and signs none; try again soon');
    return signer;
  }

  documents(node: NodeEntry, held: Held, signal: CancelSignal): AsyncIterable<Signed | SignedDelta> {
    const { publisher, ahead } = this.#parts;
    for (const kind of ['kills', 'snapshot', 'roster'] as const)
      if (held[`${kind}Seq`] > publisher.seq(kind)) ahead?.(kind);
    const turn = publisher.isBehind(held, node) ? this.#admission.request() : undefined;
    return this.#whileMember(node, publisher.newerThan(held, signal, { node, turn }));
  }

  async events(node: NodeEntry, untrusted: unknown): Promise<{ readonly stored: boolean }> {
    const batch = parseBatch(untrusted);
    const { traces, heard, counting } = this.#parts;
    // It was told to keep them: a hub that does not know that word yet is no reason to keep them here.
    if (node.role === 'domain' && this.#registry.tellsSumsOnly(node)) return { stored: false };
    return takeEvents(traces, node, batch, { heard, counting: counting?.(node) });
  }

  async said(node: NodeEntry, untrusted: unknown): Promise<{ readonly kept: number }> {
    const { said, keeper } = this.#parts;
    if (said === undefined) throw new Fault('bad_request', 'this hub takes nothing that agents said at nodes');
    if (keeper.node(node.id) === undefined) throw unauthenticated();
    // As of calls: it was told to keep them.
    if (node.role === 'domain' && this.#registry.tellsSumsOnly(node)) return { kept: 0 };
    return { kept: await said(node, saidBy(node, this.#registry, untrusted)) };
  }

  async audit(node: NodeEntry, untrusted: unknown): Promise<NodeAuditTaken> {
    return takeRecords(this.#parts.audit, node, untrusted);
  }

  async exports(node: NodeEntry, untrusted: unknown): Promise<{ readonly taken: readonly string[] }> {
    const { exports, keeper } = this.#parts;
    if (exports === undefined) throw new Fault('bad_request', 'this hub takes no exports');
    if (keeper.node(node.id) === undefined) throw unauthenticated();
    return this.#judged.exports(node.id, exports.take(node, untrusted));
  }

  async sums(node: NodeEntry, untrusted: unknown): Promise<{ readonly taken: boolean }> {
    const { sums, clock, keeper } = this.#parts;
    if (sums === undefined) throw new Fault('bad_request', 'this hub takes no sums');
    if (keeper.node(node.id) === undefined) throw unauthenticated();
    const isTheirs = (domain: string) => this.#registry.isWithin(node.tenant, domain, node.domain);
    return this.#judged.sums(node.id, takeSums({ ...sums, clock }, node, isTheirs, untrusted));
  }

  async logs(node: NodeEntry, untrusted: unknown): Promise<{ readonly taken: number }> {
    const { logs, keeper } = this.#parts;
    if (logs === undefined) throw new Fault('bad_request', 'this hub takes no logs');
    if (keeper.node(node.id) === undefined) throw unauthenticated();
    return logs.from(node, untrusted, {
      isTheirs: (domain) => this.#registry.isWithin(node.tenant, domain, node.domain),
      sumsOnly: node.role === 'domain' && this.#registry.tellsSumsOnly(node),
    });
  }

  async checkpoint(node: NodeEntry, untrusted: unknown): Promise<void> {
    const { checkpoints, keeper } = this.#parts;
    if (checkpoints === undefined || node.role !== 'domain')
      throw new Fault('bad_request', 'checkpoints are taken from hubs of domains');
    if (keeper.node(node.id) === undefined) throw unauthenticated();
    await checkpoints(node, untrusted);
  }

  async leave(node: NodeEntry): Promise<void> {
    this.#heard.delete(node.id);
    this.#parts.keeper.leave(node.id);
  }

  async remove(tenant: string | null, id: string, by = 'airspace'): Promise<void> {
    const node = this.#parts.keeper.node(id);
    if (node === undefined || node.id === this.#parts.hub || (tenant !== null && node.tenant !== tenant)) {
      throw new Fault('not_found', `there is no node \`${id}\``);
    }
    await this.#inTurn(async () => {
      await this.#parts.store.remove(id);
      this.#forget(id);
    });
    if (node.role === 'domain') await this.#parts.exports?.withdraw(node, by);
  }

  list(tenant: string | null): readonly NodeView[] {
    const nodes = this.#parts.keeper.nodes().filter((node) => tenant === null || node.tenant === tenant);
    return nodes.map((node) => this.#view(node)).sort((a, b) => (a.node.id < b.node.id ? -1 : 1));
  }

  breakers(tenant: string): readonly BreakerView[] {
    const nowMs = this.#parts.clock.wallMs();
    const nodes = this.#parts.keeper.nodes().filter((node) => node.tenant === tenant);
    return nodes.flatMap(({ id }) => {
      const { breakers = [], atMs = 0 } = this.#lastOf(id) ?? {};
      if (breakers.length === 0 || this.#isAlive(id)) return breakers;
      return nowMs - atMs > STALE_FOR_MS ? [] : breakers.map((one) => ({ ...one, isStale: true as const }));
    });
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
    return { heartbeatMs: this.#parts.keeper.paceMs };
  }

  async withdraw(principal: Principal, id: string): Promise<void> {
    this.#parts.keeper.leave(ownerOf({ node: '', tenant: principal.tenant, id: directId(principal.id, id) }));
  }

  find(query: InstanceQuery): readonly InstanceEntry[] {
    return this.#parts.keeper.instances().filter((instance) => matches(instance, query, this.#registry));
  }

  #refuseTooMany(instance: InstanceEntry): void {
    // Nearly every word is about one that is known, and looking at all of them each time would cost more than the rest.
    if (this.#parts.keeper.knows(ownerOf(instance))) return;
    const { tenant, name, id } = instance;
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

  async *#whileMember<T>(node: NodeEntry, documents: AsyncIterable<T>): AsyncGenerator<T, void, undefined> {
    for await (const signed of documents) {
      if (this.#parts.keeper.node(node.id)?.publicKey !== node.publicKey) throw unauthenticated();
      yield signed;
    }
  }

  #view(node: NodeEntry): NodeView {
    const heard = this.#lastOf(node.id);
    const trustDomain = this.#parts.authority?.()?.trustDomain;
    return nodeView(node, { heard, trustDomain, isAlive: this.#isAlive(node.id), judged: this.#judged.of(node.id) });
  }
}

const MOST_ANNOUNCED = 1000;

/** What a node that is silent said of breakers is old by then, and it may never come back. */
const STALE_FOR_MS = 600_000;

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
