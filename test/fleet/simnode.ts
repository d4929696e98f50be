/**
 * A sidecar that only speaks the protocol of nodes: joins, follows the stream, verifies, acknowledges, beats, uploads. A hundred of
 * them share one process, so what a document says is checked once for all that were sent the same bytes.
 */
import { randomBytes } from 'node:crypto';
import { type CallEvent, Fault, HEADERS, type JoinReply, type Signed } from '../../src/contract/index.ts';
import { backoffMs, Chain, type DocumentKind, HttpHubWire, openSigned } from '../../src/control/index.ts';
import { AssertionSigner, joinProofText, newNodeKey, nodePrincipal } from '../../src/identity/index.ts';
import { Canceller, type World } from '../../src/kernel/index.ts';

export interface Counters {
  /** Characters of documents that came by stream. */
  bytes: number;
  documents: number;
  refused: number;
  problems: number;
}

type Seqs = Record<DocumentKind, number>;

/** What was put together and opened last: the same text is worked on once for all that were sent it, because they stand for other machines. */
export class Opened {
  readonly #seen = new Map<string, { readonly payload: string; readonly seq: number }>();
  readonly #came = new Map<string, unknown>();
  readonly #followed = new WeakMap<Signed, { readonly data: string; readonly whole: Signed | undefined }>();

  seqOf(kind: DocumentKind, signed: Signed, publicKey: string): number {
    const before = this.#seen.get(signed.signature);
    if (before?.payload === signed.payload) return before.seq;
    const { seq } = openSigned(signed, { kind, publicKey, above: 0 });
    if (this.#seen.size > 64) this.#seen.delete(this.#seen.keys().next().value!);
    this.#seen.set(signed.signature, { payload: signed.payload, seq });
    return seq;
  }

  /** The whole that a document of the stream leads to from `last`; undefined when it does not fit. */
  follow(kind: DocumentKind, last: Signed | undefined, data: string, isDelta: boolean): Signed | undefined {
    if (!isDelta) return this.#parse(data) as Signed;
    if (last === undefined) return undefined;
    const before = this.#followed.get(last);
    if (before?.data === data) return before.whole;
    const chain = new Chain();
    chain.note(kind, last);
    const whole = chain.follow(kind, this.#parse(data));
    this.#followed.set(last, { data, whole });
    return whole;
  }

  #parse(data: string): unknown {
    let came = this.#came.get(data);
    if (came === undefined) {
      came = JSON.parse(data);
      if (this.#came.size > 64) this.#came.delete(this.#came.keys().next().value!);
      this.#came.set(data, came);
    }
    return came;
  }
}

export interface SimParts {
  readonly world: World;
  readonly hubUrl: string;
  readonly token: string;
  readonly name: string;
  /** Where calls to its agent would go. */
  readonly url: string;
  readonly opened: Opened;
  readonly counters: Counters;
}

export class SimNode {
  readonly #parts: SimParts;
  readonly #key = newNodeKey();
  readonly #wire: HttpHubWire;
  readonly #signer: (reply: JoinReply) => AssertionSigner;
  #joined: JoinReply | undefined;
  #said: AssertionSigner | undefined;
  #run = new Canceller();
  #held: Seqs = { kills: 0, snapshot: 0, roster: 0 };
  /** As on a disk. */
  readonly #last = new Map<DocumentKind, Signed>();
  #epoch = randomBytes(16).toString('hex');
  /** Number of the next call that it hands over. */
  #from = 1;
  #heartbeatMs = 2_000;
  #turn = 0;

  constructor(parts: SimParts) {
    this.#parts = parts;
    this.#wire = new HttpHubWire(parts.hubUrl);
    this.#signer = ({ node }) => new AssertionSigner(node.id, this.#key, parts.world.clock);
  }

  async join(): Promise<void> {
    const { token, url } = this.#parts;
    const proof = this.#key.sign(joinProofText(token)).toString('base64');
    this.#joined = (await this.#wire.post('/v1/nodes:join', {
      token,
      publicKey: this.#key.publicKey,
      url,
      proof,
    })) as JoinReply;
    this.#said = this.#signer(this.#joined);
    this.#heartbeatMs = this.#joined.heartbeatMs;
  }

  /** Follows from now on, as a process that has just started with what it had on disk. */
  start(): void {
    this.#run = new Canceller();
    this.#epoch = randomBytes(16).toString('hex');
    this.#from = 1;
    void this.#follow(this.#run);
    this.#beat(this.#run);
  }

  /** Leaves as a process does that ends in order. */
  async stop(): Promise<void> {
    this.#run.cancel(new Fault('cancelled', 'this node stops'));
    await this.#post(':leave', {}).catch(() => {});
  }

  async close(): Promise<void> {
    this.#run.cancel(new Fault('cancelled', 'this node stops'));
    await this.#wire.close();
  }

  /** Hands over a finished call. */
  async upload(event: CallEvent): Promise<void> {
    const from = this.#from++;
    await this.#post('/events', { epoch: this.#epoch, from, events: [event] });
  }

  async #follow(run: Canceller): Promise<void> {
    const { counters, world } = this.#parts;
    for (let failures = 1; run.reason === undefined; failures += 1) {
      try {
        const held = Object.entries(this.#held).map(([kind, seq]) => `${kind}Seq=${seq}`);
        const path = `/v1/nodes/${this.#joined!.node.id}/stream?${held.join('&')}&deltas=1`;
        for await (const { event, data } of this.#wire.stream(path, this.#authorization(), run)) {
          // What was on its way to a run that is over belongs to nobody.
          if (run.reason !== undefined) return;
          failures = 0;
          counters.bytes += data.length;
          counters.documents += 1;
          this.#take(event, data);
          this.#beat(run);
        }
      } catch {
        if (run.reason === undefined) counters.problems += 1;
      }
      await new Promise<void>((resolve) => world.clock.after(backoffMs(Math.max(1, failures), world.random), resolve));
    }
  }

  #take(event: string, data: string): void {
    const { counters, opened } = this.#parts;
    const kind = event.replace(/-delta$/, '') as DocumentKind;
    const whole = opened.follow(kind, this.#last.get(kind), data, kind !== event);
    if (whole === undefined) throw new Fault('conflict', `a ${kind} did not fit`);
    this.#last.set(kind, whole);
    const seq = opened.seqOf(kind, whole, this.#joined!.controlKey);
    if (seq > this.#held[kind]) this.#held[kind] = seq;
    else counters.refused += 1;
  }

  /** One beat now, and the next when it is due; only the newest chain of beats goes on. */
  #beat(run: Canceller): void {
    if (run.reason !== undefined) return;
    this.#turn += 1;
    const turn = this.#turn;
    const { world, counters } = this.#parts;
    void this.#post(':heartbeat', this.#heartbeat())
      .then((reply) => {
        this.#heartbeatMs = (reply as { heartbeatMs: number }).heartbeatMs;
      })
      .catch(() => {
        if (run.reason === undefined) counters.problems += 1;
      })
      .then(() => {
        if (turn === this.#turn) world.clock.after(this.#heartbeatMs, () => turn === this.#turn && this.#beat(run));
      });
  }

  #heartbeat(): unknown {
    return {
      snapshotSeq: this.#held.snapshot,
      rosterSeq: this.#held.roster,
      killsSeq: this.#held.kills,
      instances: [{ id: '1', kind: 'agent', name: this.#parts.name, version: '1', labels: {}, state: 'ready' }],
      epoch: this.#epoch,
      lostEvents: 0,
    };
  }

  #post(action: string, body: unknown): Promise<unknown> {
    return this.#wire.post(`/v1/nodes/${this.#joined!.node.id}${action}`, body, this.#authorization());
  }

  #authorization(): string {
    const { node, hub } = this.#joined!;
    return `${HEADERS.nodeScheme} ${this.#said!.assert(nodePrincipal(node), hub)}`;
  }
}
