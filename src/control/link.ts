/** A node's side of the link: follows the newest documents, says what it runs, and hands over what its calls left behind. */
import {
  type CallEvent,
  type Clock,
  type EventSink,
  Fault,
  HEADERS,
  type Heartbeat,
  type InstanceReport,
  type KillList,
  type LeaseReply,
  type LeaseRequest,
  type Roster,
  type Signed,
  type Snapshot,
  type Timer,
} from '../contract/index.ts';
import { type AssertionSigner, nodePrincipal } from '../identity/index.ts';
import { Canceller } from '../kernel/index.ts';
import { backoffMs, pause } from './backoff.ts';
import type { HubWire } from './hubwire.ts';
import type { LastGood } from './lastgood.ts';
import type { Membership } from './membership.ts';
import { parseLeaseReply } from './reports.ts';
import { HEARTBEAT_MS } from './roster.ts';
import { DOCUMENT_KINDS, type DocumentKind, type Documents, openSigned } from './sign.ts';
import type { Spool } from './spool.ts';
import { Uploader } from './upload.ts';

/** The node behind the link. `prepare...` does all that can fail and throws to refuse; what it returns puts the document in force and must not throw. */
export interface LinkedNode {
  prepareSnapshot(snapshot: Snapshot): (() => void) | Promise<() => void>;
  prepareRoster(roster: Roster): (() => void) | Promise<() => void>;
  /** Puts orders to stop in force, at once and whatever else is going on. Must not throw; may come again with the same list. */
  enforceKills(list: KillList): void;
  /** All instances that run behind this node now. */
  instances(): readonly InstanceReport[];
  /** `name/operation` that a domain hub exports. */
  capabilities?(): readonly string[];
}

export interface LinkParts {
  readonly membership: Membership;
  readonly wire: HubWire;
  readonly signer: AssertionSigner;
  readonly lastGood: Pick<LastGood, 'load' | 'keep'>;
  readonly spool: Spool;
  readonly node: LinkedNode;
  readonly clock: Clock;
  readonly random: () => number;
  /** Default 2 s; the hub's answers may change it. */
  readonly heartbeatMs?: number;
  /** Hears of everything that went wrong and was dealt with. */
  readonly note?: (problem: Fault) => void;
  /** Where other nodes reach this one now. */
  readonly url?: string;
}

/** One beat behind is a document on its way; so many are a dead stream. */
const DEAF_BEATS = 5;

export class NodeLink implements EventSink {
  readonly #parts: LinkParts;
  readonly #closing = new Canceller();
  readonly #held = new Map<DocumentKind, number>();
  /** Newest that came at all, taken or not. */
  readonly #seen = new Map<DocumentKind, number>();
  #connection: Canceller | undefined;
  /** Documents that came while another was being taken. */
  readonly #waiting = new Map<DocumentKind, string>();
  #isTaking = false;
  #beatsBehind = 0;
  #refused: NonNullable<Heartbeat['refused']> | undefined;
  #heartbeatMs: number;
  #heartbeatTimer: Timer | undefined;
  #beating = false;
  #beatAgain = false;
  readonly #uploader: Uploader;
  #heardAtMs: number | undefined;
  #killsConfirmedAtMs: number | undefined;
  readonly #firstConfirmed = Promise.withResolvers<void>();

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#heartbeatMs = parts.heartbeatMs ?? HEARTBEAT_MS;
    this.#uploader = new Uploader({
      spool: parts.spool,
      clock: parts.clock,
      random: parts.random,
      closing: this.#closing,
      send: (batch) => this.#post('/events', batch),
      note: (thrown) => this.#note(thrown),
    });
  }

  /** Puts the last good documents in force, if there are any, and begins to follow the hub. Resolves before the hub has answered. */
  async start(): Promise<void> {
    for (const kind of DOCUMENT_KINDS) await this.#restore(kind);
    void this.#follow();
    this.#beat();
  }

  /** Says good-bye, if the hub is there, and stops. What is still in the spool is handed over first, once. */
  async stop(): Promise<void> {
    this.#closing.cancel(new Fault('cancelled', 'this node stops'));
    this.#heartbeatTimer?.cancel();
    try {
      await this.#uploader.finish();
      await this.#post(':leave', {});
    } catch (thrown) {
      this.#note(thrown);
    }
  }

  /** Says now what would be said with the next beat: that this node drains, or that its agent is ready. */
  tell(): void {
    this.#beat();
  }

  /** Monotonic time of the last word from the hub; undefined before the first. Rules about staleness read it (reliability 3.12). */
  get heardAtMs(): number | undefined {
    return this.#heardAtMs;
  }

  /**
   * Monotonic time at which the hub last confirmed that the orders to stop held here are all there are; undefined before the first.
   * A hub that talks about a newer list than ours confirms nothing.
   */
  get killsConfirmedAtMs(): number | undefined {
    return this.#killsConfirmedAtMs;
  }

  /** Resolves when that has happened for the first time, or the time is over: the hub may be away for long. */
  async confirmed(withinMs: number): Promise<void> {
    const timer = this.#parts.clock.after(withinMs, () => this.#firstConfirmed.resolve());
    await this.#firstConfirmed.promise;
    timer.cancel();
  }

  /** Sequence in force; 0 for none. A node without a snapshot is not ready and denies everything. */
  seq(kind: DocumentKind): number {
    return this.#held.get(kind) ?? 0;
  }

  emit(event: CallEvent): void {
    this.#uploader.add(event);
  }

  /** Says what became of leases and asks for one. Rejects with what the hub says; whoever asked decides when to ask again. */
  async lease(request: LeaseRequest): Promise<LeaseReply> {
    const reply = parseLeaseReply(await this.#post('/leases', request));
    this.#heard();
    return reply;
  }

  async #restore(kind: DocumentKind): Promise<void> {
    try {
      const kept = await this.#parts.lastGood.load(kind);
      if (kept === undefined) return;
      (await this.#prepare(kind, kept.document))();
      this.#held.set(kind, kept.document.seq);
    } catch (thrown) {
      // Corrupt, foreign or refused by our own newer code: as if there were none, and the hub sends a whole one anyway.
      this.#note(thrown);
    }
  }

  async #follow(): Promise<void> {
    for (let failures = 0; this.#closing.reason === undefined; ) {
      const connection = Canceller.childOf(this.#closing);
      this.#connection = connection;
      try {
        const events = this.#parts.wire.stream(this.#streamPath(), this.#authorization(), connection);
        for await (const { event, data } of events) {
          failures = 0;
          this.#heard();
          if (isKind(event)) await this.#hear(event, data);
        }
      } catch (thrown) {
        this.#note(thrown);
      } finally {
        connection.release();
      }
      failures += 1;
      await pause(this.#parts.clock, this.#closing, backoffMs(failures, this.#parts.random));
    }
  }

  /** Orders to stop are taken at once. Everything else waits its turn, so that none of it stands in front of the next order. */
  async #hear(kind: DocumentKind, data: string): Promise<void> {
    if (kind === 'kills') return this.#take(kind, data);
    this.#waiting.set(kind, data);
    if (!this.#isTaking) void this.#takeWaiting();
  }

  /** One after the other; of those that came meanwhile only the newest of a kind. */
  async #takeWaiting(): Promise<void> {
    this.#isTaking = true;
    for (let next = firstOf(this.#waiting); next !== undefined; next = firstOf(this.#waiting)) {
      this.#waiting.delete(next.kind);
      if (this.#closing.reason === undefined) await this.#take(next.kind, next.data);
    }
    this.#isTaking = false;
  }

  /**
   * INVARIANT (I14): checked, prepared, kept on disk, then in force, then acknowledged; and never a lower one.
   * Orders to stop are in force before they are on disk: neither a slow nor a full disk may stand in their way. The hub hears that
   * they hold only when they would survive a restart.
   */
  async #take(kind: DocumentKind, data: string): Promise<void> {
    let seq = 0;
    try {
      const signed = parse(data);
      const document = openSigned(signed, {
        kind,
        publicKey: this.#parts.membership.controlKey,
        above: this.seq(kind),
      });
      seq = document.seq;
      this.#seen.set(kind, seq);
      const enforce = await this.#prepare(kind, document);
      if (kind === 'kills') enforce();
      await this.#parts.lastGood.keep(kind, signed as Signed);
      if (kind !== 'kills') enforce();
      this.#held.set(kind, seq);
      if (kind === 'kills') this.#confirmKills();
      if (this.#refused?.kind === kind) this.#refused = undefined;
    } catch (thrown) {
      const fault = this.#note(thrown);
      if (fault.code === 'conflict') return;
      this.#refused = { kind, seq, reason: fault.message };
    }
    this.#beat();
  }

  #prepare<K extends DocumentKind>(kind: K, document: Documents[K]): (() => void) | Promise<() => void> {
    const { node } = this.#parts;
    if (kind === 'kills') return () => node.enforceKills(document as KillList);
    return kind === 'snapshot' ? node.prepareSnapshot(document as Snapshot) : node.prepareRoster(document as Roster);
  }

  /** One beat at a time; what changes meanwhile is told by one more right after. */
  #beat(): void {
    this.#heartbeatTimer?.cancel();
    if (this.#closing.reason !== undefined) return;
    this.#beatAgain = this.#beating;
    if (!this.#beating) void this.#beatNow();
  }

  async #beatNow(): Promise<void> {
    this.#beating = true;
    try {
      const reply = await this.#post(':heartbeat', this.#heartbeat());
      this.#heard();
      this.#noteKills(reply);
      this.#heartbeatMs = numberIn(reply, 'heartbeatMs', 10, 600_000) ?? this.#heartbeatMs;
      this.#noticeDeafness(reply);
    } catch (thrown) {
      this.#note(thrown);
    }
    this.#beating = false;
    if (this.#beatAgain) this.#beat();
    else if (this.#closing.reason === undefined) {
      this.#heartbeatTimer = this.#parts.clock.after(this.#heartbeatMs, () => this.#beat());
    }
  }

  #noteKills(reply: unknown): void {
    const newest = numberIn(reply, 'killsSeq', 0);
    if (newest !== undefined && newest <= this.seq('kills')) this.#confirmKills();
  }

  /** The hub said so just now: by an answer that knows of nothing newer, or by sending the list, which it only does with its newest. */
  #confirmKills(): void {
    this.#killsConfirmedAtMs = this.#parts.clock.nowMs();
    this.#firstConfirmed.resolve();
  }

  /** A stream can die without a sound. Beats tell what it should have brought; when that stays out, it is opened anew. */
  #noticeDeafness(reply: unknown): void {
    const isBehind = DOCUMENT_KINDS.some(
      (kind) => (numberIn(reply, `${kind}Seq`, 0) ?? 0) > Math.max(this.seq(kind), this.#seen.get(kind) ?? 0),
    );
    this.#beatsBehind = isBehind ? this.#beatsBehind + 1 : 0;
    if (this.#beatsBehind < DEAF_BEATS) return;
    this.#beatsBehind = 0;
    this.#connection?.cancel(new Fault('unreachable', 'the stream of documents fell silent'));
  }

  #heartbeat(): Heartbeat {
    const { node, spool, url } = this.#parts;
    return {
      snapshotSeq: this.seq('snapshot'),
      rosterSeq: this.seq('roster'),
      killsSeq: this.seq('kills'),
      ...(this.#refused === undefined ? {} : { refused: this.#refused }),
      instances: node.instances(),
      ...(node.capabilities === undefined ? {} : { capabilities: node.capabilities() }),
      ...(url === undefined ? {} : { url }),
      epoch: spool.epoch,
      lostEvents: spool.lost,
    };
  }

  #post(action: '/events' | '/leases' | ':heartbeat' | ':leave', body: unknown): Promise<unknown> {
    return this.#parts.wire.post(`${this.#path()}${action}`, body, this.#authorization());
  }

  #path(): string {
    return `/v1/nodes/${this.#parts.membership.node.id}`;
  }

  #streamPath(): string {
    const held = DOCUMENT_KINDS.map((kind) => `${kind}Seq=${this.seq(kind)}`);
    return `${this.#path()}/stream?${held.join('&')}`;
  }

  #authorization(): string {
    const { signer, membership } = this.#parts;
    return `${HEADERS.nodeScheme} ${signer.assert(nodePrincipal(membership.node), membership.hub)}`;
  }

  #heard(): void {
    this.#heardAtMs = this.#parts.clock.nowMs();
  }

  #note(thrown: unknown): Fault {
    const fault = Fault.from(thrown);
    if (this.#closing.reason === undefined) this.#parts.note?.(fault);
    return fault;
  }
}

const isKind = (event: string): event is DocumentKind => (DOCUMENT_KINDS as readonly string[]).includes(event);

/** In the order in which they matter, not in which they came. */
const firstOf = (waiting: ReadonlyMap<DocumentKind, string>) => {
  const kind = DOCUMENT_KINDS.find((one) => waiting.has(one));
  return kind === undefined ? undefined : { kind, data: waiting.get(kind)! };
};

/** A number of the hub's answer, if it is there and within reason. */
const numberIn = (reply: unknown, field: string, least: number, most = Number.MAX_SAFE_INTEGER): number | undefined => {
  const value = typeof reply === 'object' && reply !== null ? Reflect.get(reply, field) : undefined;
  return typeof value === 'number' && value >= least && value <= most ? value : undefined;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
