/** Sessions of the versions that have them: one client, one principal, one place. Kept by this node, bounded, and gone when they idle. */
import { Fault, type Principal } from '../../contract/index.ts';
import { CODES } from '../../dialects/mcp/index.ts';
import { Canceller, type World } from '../../kernel/index.ts';
import type { TargetSession } from './asked.ts';
import { type Id, type Json, REFUSED, Refusal } from './message.ts';
import { type Place, pathOf } from './path.ts';
import { ownerOf } from './seal.ts';
import { EventStream } from './stream.ts';

const IDLE_MS = 60 * 60_000;
const MOST = 5_000;
const MOST_OF_ONE = 100;
const MOST_RUNNING = 200;
const MOST_QUESTIONS = 200;
/** Streams of one session that are kept although all of them went out: the connection may have broken on the last yards. */
const MOST_DONE = 8;
/** Streams that ended, and nobody came for the rest yet. */
const MOST_STREAMS = 32;

export interface Begun {
  readonly principal: Principal;
  readonly place: Place;
  readonly version: string;
  readonly capabilities: Json;
  readonly clientInfo: unknown;
  readonly target: TargetSession | undefined;
}

export class Session {
  readonly id: string;
  readonly begun: Begun;
  /** Ends everything that runs in it. */
  readonly over = new Canceller();
  /** What is about no request: changes, and questions of the server's own. */
  readonly standing = new EventStream('0');
  logLevel: string | undefined;
  /** The server's side of it is over: what runs still ends, and nothing more begins. */
  isLost = false;
  usedMs = 0;
  #streams = 0;
  #questions = 0;
  readonly #kept = new Map<string, EventStream>([['0', this.standing]]);
  readonly #running = new Map<Id, Canceller>();
  readonly #waiting = new Map<string, (answer: Json) => void>();

  constructor(id: string, begun: Begun) {
    this.id = id;
    this.begun = begun;
  }

  /** Throws Refusal for an id that is in use. What it answers forgets the request. */
  begin(id: Id, canceller: Canceller): () => void {
    if (this.#running.has(id))
      throw new Refusal(400, { code: CODES.invalidRequest, message: 'a request with this `id` is still running' });
    if (this.#running.size >= MOST_RUNNING)
      throw new Refusal(429, { code: REFUSED, message: 'too many requests of this session are running' });
    this.#running.set(id, canceller);
    const forget = this.over.onCancel((reason) => canceller.cancel(reason));
    return () => {
      forget();
      this.#running.delete(id);
    };
  }

  /** The client does not want it any more. */
  cancel(id: unknown): void {
    if (typeof id !== 'string' && typeof id !== 'number') return;
    this.#running.get(id)?.cancel(new Fault('cancelled', 'the client cancelled the request'));
  }

  stream(): EventStream {
    const stream = new EventStream(String(++this.#streams));
    this.#kept.set(stream.id, stream);
    this.#forget(MOST_DONE, ({ isDone }) => isDone);
    this.#forget(MOST_STREAMS, ({ ended }) => ended);
    return stream;
  }

  /** The oldest first, until there are so many. */
  #forget(most: number, which: (stream: EventStream) => boolean): void {
    for (const [id, one] of this.#kept) {
      if (this.#kept.size <= most) return;
      if (one !== this.standing && !one.isRead && which(one)) this.#kept.delete(id);
    }
  }

  streamOf(id: string): EventStream | undefined {
    return this.#kept.get(id);
  }

  /** A question of ours to the client. Its id is ours; rejects when the session or the request ends first. */
  ask(method: string, params: Json, until: Canceller): { readonly message: Json; readonly answered: Promise<Json> } {
    if (this.#waiting.size >= MOST_QUESTIONS)
      throw new Fault('upstream_invalid', 'too many questions wait for the client');
    const id = `airspace-${++this.#questions}`;
    const answered = new Promise<Json>((resolve, reject) => {
      const forget = until.onCancel((reason) => {
        this.#waiting.delete(id);
        reject(reason);
      });
      this.#waiting.set(id, (answer) => {
        forget();
        resolve(answer);
      });
    });
    // Whoever asked may be gone before it looks.
    answered.catch(() => {});
    return { message: { id, method, params }, answered };
  }

  /** False for an answer to nothing. */
  answer(id: Id, answer: Json): boolean {
    const waiting = this.#waiting.get(String(id));
    this.#waiting.delete(String(id));
    waiting?.(answer);
    return waiting !== undefined;
  }

  end(): void {
    this.over.cancel(new Fault('cancelled', 'the session is over'));
    for (const stream of this.#kept.values()) stream.end();
  }

  get isBusy(): boolean {
    return this.#running.size > 0 || this.standing.isRead;
  }
}

export class Sessions {
  readonly #world: World;
  /** By id; who was used last is last. */
  readonly #all = new Map<string, Session>();

  constructor({ world }: { readonly world: World }) {
    this.#world = world;
  }

  begin(begun: Begun): Session {
    const session = new Session(this.#world.ids.callId(), begun);
    this.#makeRoom(ownerOf(begun.principal));
    this.#all.set(session.id, session);
    session.usedMs = this.#world.clock.nowMs();
    return session;
  }

  /** Throws Refusal: 404 for one that is over, or belongs to somebody else, or to another place. */
  find(id: string, principal: Principal, place: Place): Session {
    const session = this.#all.get(id);
    const isTheirs =
      session !== undefined &&
      ownerOf(session.begun.principal) === ownerOf(principal) &&
      pathOf(session.begun.place) === pathOf(place);
    if (!isTheirs || this.#endIfOver(session))
      throw new Refusal(404, { code: REFUSED, message: 'this session is over; begin another one with `initialize`' });
    session.usedMs = this.#world.clock.nowMs();
    this.#all.delete(id);
    this.#all.set(id, session);
    return session;
  }

  end(session: Session): void {
    this.#all.delete(session.id);
    session.end();
  }

  #endIfOver(session: Session): boolean {
    const isIdle = !session.isBusy && this.#world.clock.nowMs() - session.usedMs >= IDLE_MS;
    if (!isIdle && !session.isLost) return false;
    this.end(session);
    return true;
  }

  /** The one that was not used for longest goes. */
  #makeRoom(owner: string): void {
    for (const session of this.#all.values()) if (!this.#endIfOver(session)) break;
    const theirs = [...this.#all.values()].filter(({ begun }) => ownerOf(begun.principal) === owner);
    if (theirs.length >= MOST_OF_ONE) this.end(theirs.find(({ isBusy }) => !isBusy) ?? theirs[0]!);
    if (this.#all.size >= MOST) this.end(this.#all.values().next().value!);
  }
}
