/** A hub and nodes joined to it in virtual time, with a wire that calls the hub's port as its door would. */
import {
  type CallEvent,
  type CancelSignal,
  Fault,
  type JoinGrant,
  type KillList,
  type NodeEntry,
  type Roster,
  type Signed,
  type Snapshot,
  type Stores,
  type TargetEntry,
} from '../contract/index.ts';
import { AssertionSigner, type NodeKey, newNodeKey } from '../identity/index.ts';
import { Canceller, VirtualWorld } from '../kernel/index.ts';
import { memoryStores } from '../stores/index.ts';
import { NO_POLICY } from './fixture.ts';
import { Heard } from './heard.ts';
import type { HubWire } from './hubwire.ts';
import { type LinkedNode, type LinkParts, NodeLink } from './link.ts';
import type { Membership } from './membership.ts';
import { NodeHub, type NodeHubParts } from './nodes.ts';
import { RosterKeeper } from './roster.ts';
import { type DocumentKind, type Documents, openSigned } from './sign.ts';
import { Publisher } from './snapshots.ts';
import { Spool } from './spool.ts';
import type { ServerEvent } from './sse.ts';
import type { SumSource } from './sumload.ts';

export const target = (name: string, domain = '', kind: TargetEntry['kind'] = 'agent'): TargetEntry => ({
  tenant: 'default',
  kind,
  name,
  domain,
  labels: {},
  endpoints: [],
  operations: [{ name: 'ask', effect: 'read', idempotent: true }],
  health: null,
  concurrency: 1,
  timeoutMs: null,
});

export const snapshot = (seq: number, more: Partial<Snapshot> = {}): Snapshot => ({
  seq,
  revision: seq,
  createdAtMs: 0,
  targets: [
    target('seller', 'sales'),
    target('closer', 'sales-eu'),
    target('banker', 'finance'),
    target('crm', 'sales', 'tool'),
  ],
  routes: [],
  domains: [
    { tenant: 'default', name: 'sales', parent: '', delegated: false },
    { tenant: 'default', name: 'sales-eu', parent: 'sales', delegated: false },
    { tenant: 'default', name: 'finance', parent: '', delegated: false },
  ],
  keys: [],
  policy: NO_POLICY,
  ...more,
});

export const SIDECAR: JoinGrant = { role: 'sidecar', tenant: 'default', domain: 'sales', agent: 'seller' };
export const DOMAIN: JoinGrant = { role: 'domain', tenant: 'default', domain: 'sales', agent: '' };

export const event = (span: number, more: Partial<CallEvent> = {}): CallEvent => ({
  callId: 'c'.repeat(32),
  trace: 't'.replace('t', 'a').repeat(32),
  span: span.toString(16).padStart(16, '0'),
  tenant: 'default',
  principal: null,
  target: { kind: 'agent', name: 'seller', operation: 'ask' },
  lineage: { root: 'c'.repeat(32), depth: 0 },
  node: 'whoever',
  role: 'sidecar-in',
  startedAtMs: span,
  durationMs: 1,
  status: 'ok',
  code: '',
  httpStatus: 200,
  requestBytes: 0,
  replyBytes: 0,
  snapshotSeq: 1,
  attributes: {},
  steps: [],
  ...more,
});

/** Everything of a hub that the node link touches. */
export class HubBench {
  readonly world = new VirtualWorld(7);
  readonly stores = memoryStores();
  readonly key: NodeKey = newNodeKey();
  readonly publisher = new Publisher(this.key);
  readonly rosters: Roster[] = [];
  /** Kinds of which a node held more than the hub has. */
  readonly ahead: DocumentKind[] = [];
  readonly keeper: RosterKeeper;
  readonly hub: NodeHub;
  readonly #parts: NodeHubParts;

  constructor(clock = this.world.clock) {
    this.keeper = new RosterKeeper({
      clock,
      nextSeq: () => this.stores.nodes.next('roster'),
      publish: (roster) => {
        this.rosters.push(roster);
        this.publisher.publish('roster', roster);
      },
    });
    this.#parts = {
      hub: 'hub',
      ahead: (kind) => void this.ahead.push(kind),
      store: this.stores.nodes,
      traces: this.stores.traces,
      audit: this.stores.nodeAudit,
      sums: { store: this.stores.sums, onward: true },
      keeper: this.keeper,
      publisher: this.publisher,
      clock,
      ids: this.world.ids,
    };
    this.hub = new NodeHub(this.#parts);
  }

  /** Another hub over the same nodes, with more parts. */
  hubWith(more: Partial<NodeHubParts>): NodeHub {
    return new NodeHub({ ...this.#parts, ...more });
  }

  publish(document: Snapshot): void {
    this.hub.use(document);
    this.publisher.publish('snapshot', document);
  }

  /** Lets virtual time pass. */
  async pass(ms: number): Promise<void> {
    await this.world.run(this.world.clock.nowMs() + ms);
  }

  async join(
    grant: JoinGrant = SIDECAR,
    key: NodeKey = newNodeKey(),
  ): Promise<{ readonly node: NodeEntry; readonly key: NodeKey }> {
    const { token } = await this.hub.issueJoinToken(grant);
    const proof = key.sign(`join\n${token}`).toString('base64');
    const { node } = await this.hub.join({ token, publicKey: key.publicKey, url: 'http://127.0.0.1:7801', proof });
    return { node, key };
  }
}

/** Calls the port as the admin door does; can be cut, and notes what passed. */
export class DirectWire implements HubWire {
  /** Set: the hub is away. */
  isCut = false;
  /** Set: streams stay open and bring nothing. */
  isDeaf = false;
  /** Set: what is posted to paths with this end arrives, and nobody hears the answer. */
  losing: string | undefined;
  readonly posts: { readonly path: string; readonly body: unknown }[] = [];
  streams = 0;
  #open = new Canceller();
  readonly #hub: NodeHub;

  constructor(hub: NodeHub) {
    this.#hub = hub;
  }

  cut(): void {
    this.isCut = true;
    this.#open.cancel(new Fault('unreachable', 'cut'));
  }

  mend(): void {
    this.isCut = false;
    this.#open = new Canceller();
  }

  async post(path: string, body: unknown, authorization?: string): Promise<unknown> {
    const reply = await this.#passed(path, body, authorization);
    if (this.losing !== undefined && path.endsWith(this.losing)) throw new Fault('unreachable', 'the answer was lost');
    return reply;
  }

  async #passed(path: string, body: unknown, authorization?: string): Promise<unknown> {
    if (this.isCut) throw new Fault('unreachable', 'cut');
    this.posts.push({ path, body: structuredClone(body) });
    if (path === '/v1/nodes:join') return this.#hub.join(body);
    const node = this.#hub.authenticate((authorization ?? '').slice('airspace-node '.length));
    if (path === `/v1/nodes/${node.id}:heartbeat`) return this.#hub.heartbeat(node, body);
    if (path === `/v1/nodes/${node.id}/events`) return this.#hub.events(node, body);
    if (path === `/v1/nodes/${node.id}/sums`) return this.#hub.sums(node, body);
    if (path === `/v1/nodes/${node.id}/audit`) return this.#hub.audit(node, body);
    if (path === `/v1/nodes/${node.id}:leave`) return this.#hub.leave(node);
    throw new Fault('bad_request', `no such path: ${path}`);
  }

  async *stream(
    path: string,
    authorization: string,
    signal: CancelSignal,
  ): AsyncGenerator<ServerEvent, void, undefined> {
    if (this.isCut) throw new Fault('unreachable', 'cut');
    this.streams += 1;
    const both = Canceller.childOf(signal);
    this.#open.onCancel((reason) => both.cancel(reason));
    if (this.isDeaf) await new Promise<void>((resolve) => both.onCancel(() => resolve()));
    const node = this.#hub.authenticate(authorization.slice('airspace-node '.length));
    const query = new URL(path, 'http://hub').searchParams;
    const seqOf = (kind: DocumentKind): number => Number(query.get(`${kind}Seq`));
    const held = {
      snapshotSeq: seqOf('snapshot'),
      rosterSeq: seqOf('roster'),
      killsSeq: seqOf('kills'),
      deltas: query.has('deltas'),
    };
    for await (const signed of this.#hub.documents(node, held, both)) {
      if (this.isCut) throw new Fault('unreachable', 'cut');
      yield { event: 'base' in signed ? `${signed.kind}-delta` : signed.kind, data: JSON.stringify(signed) };
    }
  }
}

/** Last good documents that survive the link, but no real power loss. */
export class MemoryKept {
  readonly files = new Map<DocumentKind, Signed>();
  readonly #publicKey: string;

  constructor(publicKey: string) {
    this.#publicKey = publicKey;
  }

  async load<K extends DocumentKind>(
    kind: K,
  ): Promise<{ readonly document: Documents[K]; readonly signed: Signed } | undefined> {
    const signed = this.files.get(kind);
    if (signed === undefined) return undefined;
    return { signed, document: openSigned(signed, { kind, publicKey: this.#publicKey, above: 0 }) };
  }

  async keep(kind: DocumentKind, signed: Signed): Promise<void> {
    this.files.set(kind, signed);
  }
}

/** A node that runs what it is told, and remembers the order. */
export class RecordingNode implements LinkedNode {
  readonly enforced: string[] = [];
  /** Set: snapshots are refused with this reason. */
  refusal: string | undefined;
  state: 'ready' | 'draining' = 'ready';
  readonly sums?: SumSource;
  /** Set: the calls themselves stay here. */
  isQuiet = false;

  /** `sums`: of a domain hub. */
  constructor(sums?: SumSource['store']) {
    if (sums !== undefined) this.sums = { store: sums, homeOf: (domain) => domain, only: () => this.isQuiet };
  }

  prepareSnapshot({ seq }: Snapshot): () => void {
    if (this.refusal !== undefined) throw new Fault('bad_request', this.refusal);
    return () => void this.enforced.push(`snapshot ${seq}`);
  }

  prepareRoster({ seq }: Roster): () => void {
    return () => void this.enforced.push(`roster ${seq}`);
  }

  enforceKills({ seq }: KillList): void {
    this.enforced.push(`kills ${seq}`);
  }

  instances(): ReturnType<LinkedNode['instances']> {
    return [{ id: '9000', kind: 'agent', name: 'seller', version: '1', labels: {}, state: this.state }];
  }
}

export interface JoinedNode {
  readonly link: NodeLink;
  readonly wire: DirectWire;
  readonly node: RecordingNode;
  readonly kept: MemoryKept;
  readonly spool: Spool;
  /** Its own disk. */
  readonly stores: Stores;
  readonly problems: string[];
  readonly entry: NodeEntry;
  readonly parts: LinkParts;
}

/** A sidecar of `seller`, joined and not yet started. */
export const joinedNode = async (
  bench: HubBench,
  stores = memoryStores(),
  grant: JoinGrant = SIDECAR,
): Promise<JoinedNode> => {
  const { node: entry, key } = await bench.join(grant);
  const membership: Membership = { node: entry, hub: 'hub', controlKey: bench.key.publicKey, hubUrl: 'http://hub' };
  const problems: string[] = [];
  const { clock, random, ids } = bench.world;
  const wire = new DirectWire(bench.hub);
  const node = new RecordingNode(grant.role === 'domain' ? stores.sums : undefined);
  const kept = new MemoryKept(bench.key.publicKey);
  const { marks, audit } = stores;
  const heard = await Heard.open({ clock, marks });
  const spool = await Spool.open({ store: stores.spool, marks, random, most: () => 10_000 });
  const parts: LinkParts = {
    membership,
    wire,
    signer: new AssertionSigner(entry.id, key, clock),
    lastGood: kept,
    spool,
    heard,
    epoch: ids.callId(),
    audit,
    marks,
    node,
    clock,
    random,
    note: (fault) => void problems.push(`${fault.code}: ${fault.message}`),
  };
  return { link: new NodeLink(parts), wire, node, kept, spool, stores, problems, entry, parts };
};
