/** A node's side of the link: follows the newest documents, says what it runs, and hands over what its calls left behind. */
import {
  type AuditStore,
  type BreakerReport,
  type Clock,
  Fault,
  HEADERS,
  type Heartbeat,
  type InstanceReport,
  type KillList,
  type LeaseReply,
  type LeaseRequest,
  type MarkStore,
  type Roster,
  type Signed,
  type Snapshot,
  type Timer,
} from '../contract/index.ts';
import { type AssertionSigner, nodePrincipal } from '../identity/index.ts';
import { Canceller } from '../kernel/index.ts';
import { backoffMs, jittered, pause } from './backoff.ts';
import { Chain } from './delta.ts';
import { Handing } from './handing.ts';
import type { Heard } from './heard.ts';
import type { HubWire } from './hubwire.ts';
import type { LastGood } from './lastgood.ts';
import type { LogLoad } from './logload.ts';
import type { Membership } from './membership.ts';
import { parseLeaseReply } from './reports.ts';
import { HEARTBEAT_MS } from './roster.ts';
import type { Saying } from './saying.ts';
import { DOCUMENT_KINDS, type DocumentKind, type Documents, openSigned } from './sign.ts';
import { Soon } from './soon.ts';
import type { Spool } from './spool.ts';
import type { SumSource } from './sumload.ts';

export type Enforce = () => void | Promise<void>;

/** The node behind the link. `prepare...` does all that can fail and throws to refuse; what it returns puts the document in force and must not throw. */
export interface LinkedNode {
  prepareSnapshot(snapshot: Snapshot): Enforce | Promise<Enforce>;
  prepareRoster(roster: Roster): Enforce | Promise<Enforce>;
  /** Puts orders to stop in force, at once and whatever else is going on. Must not throw; may come again with the same list. */
  enforceKills(list: KillList): void;
  /** All instances that run behind this node now. */
  instances(): readonly InstanceReport[];
  /** `name/operation` that a domain hub exports. */
  capabilities?(): readonly string[];
  /** What there is to say of breakers, already cut. */
  breakers?(): readonly BreakerReport[];
  /** Sums of its calls. Absent: its hub takes them from the calls themselves. */
  readonly sums?: SumSource;
}

export interface LinkParts {
  readonly membership: Membership;
  readonly wire: HubWire;
  readonly signer: AssertionSigner;
  readonly lastGood: Pick<LastGood, 'load' | 'keep'>;
  readonly spool: Spool;
  /** What agents said here and the hub gets. Absent: nothing. */
  readonly said?: Saying;
  /** Absent: its logs stay with it. */
  readonly logs?: LogLoad;
  /** Random, new with each start. */
  readonly epoch: string;
  readonly heard: Heard;
  /** The node's own, which the hub gets a copy of. */
  readonly audit: Pick<AuditStore, 'heads' | 'read'>;
  readonly marks: MarkStore;
  readonly node: LinkedNode;
  readonly clock: Clock;
  readonly random: () => number;
  /** Default 2 s; the hub's answers may change it. */
  readonly heartbeatMs?: number;
  /** Hears of everything that went wrong and was dealt with. */
  readonly note?: (problem: Fault) => void;
  /** Where other nodes reach this one now. */
  readonly url?: string;
  /** What it shows them now. */
  readonly certificate?: () => { readonly serial: string; readonly expiresAtMs: number } | undefined;
}

/** One beat behind is a document on its way; so many are a dead stream. */
const DEAF_BEATS = 5;
/** So few a hub takes back at once. Of more each adds to the time over which they come. */
const FEW_NODES = 8;
const SPREAD_MS = 500;
const LONGEST_SPREAD_MS = 30_000;
/** Between two beats that a change asked for. */
const LEAST_BETWEEN_MS = 1_000;

export class NodeLink {
  readonly #parts: LinkParts;
  readonly #closing = new Canceller();
  readonly #held = new Map<DocumentKind, number>();
  /** Newest that came at all, taken or not. */
  readonly #seen = new Map<DocumentKind, number>();
  #connection: Canceller | undefined;
  /** What came last by stream, and deltas begin from. */
  readonly #chain = new Chain();
  #takesDeltas = true;
  /** Documents that came while another was being taken. */
  readonly #waiting = new Map<DocumentKind, unknown>();
  #isTaking = false;
  #beatsBehind = 0;
  #refused: NonNullable<Heartbeat['refused']> | undefined;
  #heartbeatMs: number;
  #heartbeatTimer: Timer | undefined;
  #beating = false;
  #beatAgain = false;
  readonly #handing: Handing;
  /** Cuts short what waits for the next try. */
  #retrying = new Canceller();
  #isAway = false;
  /** Of the roster in force: who else comes back when the hub does. */
  #siblings = 0;
  #coming: Timer | undefined;
  readonly #soon: Soon;
  readonly #firstConfirmed = Promise.withResolvers<void>();

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#heartbeatMs = parts.heartbeatMs ?? HEARTBEAT_MS;
    const { audit, marks, spool, said, logs, epoch, clock, random, node } = parts;
    this.#soon = new Soon({
      ...{ clock, random, run: () => this.#beat() },
      // Of a hub that wants few beats nobody gets many more.
      spacingMs: () => Math.max(LEAST_BETWEEN_MS, this.#heartbeatMs / 5),
    });
    this.#handing = new Handing({
      ...{ audit, marks, spool, said, logs, epoch, clock, random, sums: node.sums, closing: this.#closing },
      post: (action, body) => this.#post(action, body),
      note: (thrown) => this.#note(thrown),
    });
  }

  /** Puts the last good documents in force, if there are any, and begins to follow the hub. Resolves before the hub has answered. */
  async start(): Promise<void> {
    for (const kind of DOCUMENT_KINDS) await this.#restore(kind);
    void this.#follow();
    this.#beat();
    this.kick();
  }

  /** Says good-bye, if the hub is there, and stops. What still waits is handed over first, one piece of each. */
  async stop(): Promise<void> {
    this.#closing.cancel(new Fault('cancelled', 'this node stops'));
    this.#heartbeatTimer?.cancel();
    this.#coming?.cancel();
    this.#soon.stop();
    try {
      await this.#handing.finish();
      await this.#post(':leave', {});
    } catch (thrown) {
      this.#note(thrown);
    }
    await this.#parts.heard.settled();
  }

  /** Says now what would be said with the next beat: that this node drains, or that its agent is ready. */
  tell(): void {
    this.#beat();
  }

  /** Something changed that the hub should hear sooner than with the next beat, and not once for each change. */
  tellSoon(): void {
    this.#soon.ask();
  }

  /** Monotonic time of the last word from the hub; undefined before the first. Rules about staleness read it (reliability 3.12). */
  get heardAtMs(): number | undefined {
    return this.#parts.heard.lastMs('hub');
  }

  /**
   * Monotonic time at which the hub last confirmed that the orders to stop held here are all there are; undefined before the first.
   * A hub that talks about a newer list than ours confirms nothing.
   */
  get killsConfirmedAtMs(): number | undefined {
    return this.#parts.heard.lastMs('kills');
  }

  /** As the hub wants it at the moment. */
  get heartbeatMs(): number {
    return this.#heartbeatMs;
  }

  /** Records of the audit that the hub does not have yet. */
  unsent(): Promise<number> {
    return this.#handing.unsent();
  }

  /** Why the hub took nothing of the last report of sums; null when it did, or there was none. */
  get sumsRefused(): string | null {
    return this.#handing.sumsRefused;
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

  /** There may be something to hand over. */
  kick(): void {
    this.#handing.kick();
  }

  /** Says what became of leases and asks for one. Rejects with what the hub says; whoever asked decides when to ask again. */
  async lease(request: LeaseRequest): Promise<LeaseReply> {
    const reply = parseLeaseReply(await this.#post('/leases', request));
    this.#heard();
    return reply;
  }

  /** Leaves a signed statement of where the audit of this node ends. */
  checkpoint(signed: object): Promise<unknown> {
    return this.#post('/checkpoints', signed);
  }

  /** Says what the domain of this node can do. Rejects with why the hub takes none of it. */
  exports(report: object): Promise<unknown> {
    return this.#post('/exports', report);
  }

  async #restore(kind: DocumentKind): Promise<void> {
    try {
      const { lastGood, heard } = this.#parts;
      const kept = await lastGood.load(kind);
      if (kept === undefined) return;
      const { seq } = kept.document;
      if (seq < heard.highest(kind)) throw lower(kind, seq, heard.highest(kind));
      const enforce = await this.#prepare(kind, kept.document);
      await heard.keep(kind, seq);
      await enforce();
      this.#held.set(kind, seq);
      this.#chain.note(kind, kept.signed);
    } catch (thrown) {
      // Corrupt, foreign, older or refused by our own newer code: as if there were none, and the hub sends a whole one anyway.
      this.#note(thrown);
    }
  }

  async #follow(): Promise<void> {
    for (let failures = 0; this.#closing.reason === undefined; ) {
      const connection = Canceller.childOf(this.#closing);
      this.#connection = connection;
      const hadDeltas = this.#takesDeltas;
      let askedMs = 0;
      try {
        const events = this.#parts.wire.stream(this.#streamPath(), this.#authorization(), connection);
        for await (const { event, data } of events) {
          failures = 0;
          this.#heard();
          const kind = event.replace(/-delta$/, '');
          if (isKind(kind)) await this.#hear(kind, parse(data), kind !== event);
        }
      } catch (thrown) {
        askedMs = this.#note(thrown).retryAfterMs ?? 0;
      } finally {
        connection.release();
        this.#takesDeltas = hadDeltas ? this.#takesDeltas : true;
      }
      failures += 1;
      await this.#pause(backoffMs(failures, this.#parts.random, askedMs));
    }
  }

  /** Until the next try, or until a heartbeat is answered: then the hub is there. */
  async #pause(delayMs: number): Promise<void> {
    const retrying = Canceller.childOf(this.#closing);
    this.#retrying = retrying;
    await pause(this.#parts.clock, retrying, delayMs);
    retrying.release();
  }

  /** Orders to stop are taken at once. Everything else waits its turn, so that none of it stands in front of the next order. */
  async #hear(kind: DocumentKind, came: unknown, isDelta: boolean): Promise<void> {
    const whole = isDelta ? this.#chain.follow(kind, came) : came;
    if (!isDelta) this.#chain.note(kind, came);
    if (isDelta && whole === undefined) return this.#askForWhole(kind);
    if (kind === 'kills') return this.#take(kind, whole);
    this.#waiting.set(kind, whole);
    if (!this.#isTaking) void this.#takeWaiting();
  }

  /** A gap, or what was put together is not what the hub signed. Deltas are over for this node until its next connection has lasted. */
  #askForWhole(kind: DocumentKind): void {
    if (!this.#takesDeltas) return;
    this.#takesDeltas = false;
    this.#connection?.cancel(new Fault('unreachable', `what changed in a ${kind} does not fit what is here`));
  }

  /** One after the other; of those that came meanwhile only the newest of a kind. */
  async #takeWaiting(): Promise<void> {
    this.#isTaking = true;
    for (let next = firstOf(this.#waiting); next !== undefined; next = firstOf(this.#waiting)) {
      this.#waiting.delete(next.kind);
      if (this.#closing.reason === undefined) await this.#take(next.kind, next.document);
    }
    this.#isTaking = false;
  }

  /**
   * INVARIANT (I14): checked, prepared, kept on disk, then in force, then acknowledged; and never a lower one.
   * Orders to stop are in force before they are on disk: neither a slow nor a full disk may stand in their way. The hub hears that
   * they hold only when they would survive a restart.
   */
  async #take(kind: DocumentKind, signed: unknown): Promise<void> {
    let seq = 0;
    try {
      const document = openSigned(signed, {
        kind,
        publicKey: this.#parts.membership.controlKey,
        above: this.#above(kind),
        read: (whole) => this.#chain.read(whole),
      });
      seq = document.seq;
      this.#seen.set(kind, seq);
      const enforce = await this.#prepare(kind, document);
      if (kind === 'kills') await enforce();
      await this.#parts.lastGood.keep(kind, signed as Signed);
      await this.#parts.heard.keep(kind, seq);
      if (kind !== 'kills') await enforce();
      this.#held.set(kind, seq);
      this.#confirm(kind);
      if (this.#refused?.kind === kind) this.#refused = undefined;
    } catch (thrown) {
      const fault = this.#note(thrown);
      if (fault.code === 'conflict') return;
      if (seq === 0 && this.#chain.hasMade(signed)) this.#askForWhole(kind);
      this.#refused = { kind, seq, reason: fault.message };
    }
    this.#beat();
  }

  /** What was here once and is lost may come again, and nothing lower. */
  #above(kind: DocumentKind): number {
    return Math.max(this.seq(kind), this.#parts.heard.highest(kind) - 1);
  }

  #prepare<K extends DocumentKind>(kind: K, document: Documents[K]): Enforce | Promise<Enforce> {
    const { node } = this.#parts;
    if (kind === 'kills') return () => node.enforceKills(document as KillList);
    if (kind === 'snapshot') return node.prepareSnapshot(document as Snapshot);
    this.#siblings = (document as Roster).nodes.length;
    return this.#prepareRoster(document as Roster);
  }

  /** Another node's part would hide from this one whom it can call, and who may speak to it. */
  #prepareRoster(roster: Roster): (() => void) | Promise<() => void> {
    const { id, tenant } = this.#parts.membership.node;
    const whose = roster.view?.for;
    if (whose !== undefined && whose !== id && whose !== `tenant/${tenant}`)
      throw new Fault('denied', `this part of a roster is for \`${whose}\`, and not for \`${id}\``);
    return this.#parts.node.prepareRoster(roster);
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
      if (this.#isAway) this.#isBack();
      this.#noteNewest(reply);
      this.#takeKills(reply);
      this.#heartbeatMs = numberIn(reply, 'heartbeatMs', 10, 600_000) ?? this.#heartbeatMs;
      this.#noticeDeafness(reply);
    } catch (thrown) {
      this.#isAway = true;
      this.#note(thrown);
      this.#parts.heard.save();
    }
    this.kick();
    this.#beating = false;
    if (this.#beatAgain) this.#beat();
    else if (this.#closing.reason === undefined) {
      const waitMs = jittered(this.#heartbeatMs, this.#parts.random);
      this.#heartbeatTimer = this.#parts.clock.after(waitMs, () => this.#beat());
    }
  }

  /** The hub was away: what waits for the next try need not. Of many nodes each takes its time, so that it is not met by all at once. */
  #isBack(): void {
    this.#isAway = false;
    const { clock, random } = this.#parts;
    const spreadMs = this.#siblings <= FEW_NODES ? 0 : Math.min(LONGEST_SPREAD_MS, this.#siblings * SPREAD_MS);
    this.#coming?.cancel();
    this.#coming = clock.after(spreadMs * random(), () => {
      this.#retrying.cancel(new Fault('cancelled', 'the hub is there again'));
      this.#handing.wake();
    });
  }

  #noteNewest(reply: unknown): void {
    for (const kind of ['kills', 'snapshot'] as const) {
      const newest = numberIn(reply, `${kind}Seq`, 0);
      if (newest !== undefined && newest <= this.seq(kind)) this.#confirm(kind);
    }
  }

  /** Orders to stop that the stream has not brought: it may be away, waiting for its turn, or busy with something large. */
  #takeKills(reply: unknown): void {
    const kills = typeof reply === 'object' && reply !== null ? Reflect.get(reply, 'kills') : undefined;
    const newest = numberIn(reply, 'killsSeq', 0) ?? 0;
    if (kills !== undefined && newest > Math.max(this.seq('kills'), this.#seen.get('kills') ?? 0))
      void this.#take('kills', kills);
  }

  /** The hub said so just now: by an answer that knows of nothing newer, or by sending the list, which it only does with its newest. */
  #confirm(kind: DocumentKind): void {
    if (kind === 'roster') return;
    this.#parts.heard.confirmed(kind);
    if (kind === 'kills') this.#firstConfirmed.resolve();
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
    const { node, spool, url, epoch } = this.#parts;
    const certificate = this.#parts.certificate?.();
    const breakers = node.breakers?.() ?? [];
    return {
      snapshotSeq: this.seq('snapshot'),
      rosterSeq: this.seq('roster'),
      killsSeq: this.seq('kills'),
      ...(this.#refused === undefined ? {} : { refused: this.#refused }),
      instances: node.instances(),
      ...(node.capabilities === undefined ? {} : { capabilities: node.capabilities() }),
      ...(url === undefined ? {} : { url }),
      epoch,
      lostEvents: spool.lost,
      ...(certificate === undefined
        ? {}
        : { certificate: { serial: certificate.serial, expiresAtMs: certificate.expiresAtMs } }),
      ...(breakers.length === 0 ? {} : { breakers }),
    };
  }

  #post(
    action:
      | '/audit'
      | '/checkpoints'
      | '/events'
      | '/exports'
      | '/leases'
      | '/logs'
      | '/said'
      | '/sums'
      | ':heartbeat'
      | ':leave',
    body: unknown,
  ): Promise<unknown> {
    return this.#parts.wire.post(`${this.#path()}${action}`, body, this.#authorization());
  }

  #path(): string {
    return `/v1/nodes/${this.#parts.membership.node.id}`;
  }

  #streamPath(): string {
    const held = DOCUMENT_KINDS.map((kind) => `${kind}Seq=${this.#above(kind)}`);
    return `${this.#path()}/stream?${held.join('&')}${this.#takesDeltas ? '&deltas=1' : ''}`;
  }

  #authorization(): string {
    const { signer, membership } = this.#parts;
    return `${HEADERS.nodeScheme} ${signer.assert(nodePrincipal(membership.node), membership.hub)}`;
  }

  #heard(): void {
    this.#parts.heard.heard();
  }

  #note(thrown: unknown): Fault {
    const fault = Fault.from(thrown);
    if (this.#closing.reason === undefined) this.#parts.note?.(fault);
    return fault;
  }
}

const lower = (kind: DocumentKind, seq: number, highest: number): Fault =>
  new Fault(
    'conflict',
    `the ${kind} on disk has sequence ${seq}, and ${highest} was in force here before: an older file was put in its place; it is not used, and the hub sends the newest`,
    { facts: { expected: highest, actual: seq } },
  );

const isKind = (event: string): event is DocumentKind => (DOCUMENT_KINDS as readonly string[]).includes(event);

/** In the order in which they matter, not in which they came. */
const firstOf = (waiting: ReadonlyMap<DocumentKind, unknown>) => {
  const kind = DOCUMENT_KINDS.find((one) => waiting.has(one));
  return kind === undefined ? undefined : { kind, document: waiting.get(kind) };
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
