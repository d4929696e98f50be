/** Sessions with legacy servers, and those that legacy clients have here with modern ones: whose they are, how many, until when. */
import { type Call, type Clock, type Endpoint, Fault, type Timer } from '../../contract/index.ts';
import type { Era } from '../../dialects/mcp/index.ts';

export interface Session {
  /** What callers know it by: 128 random bits, never the id that the server gave. */
  readonly handle: string;
  readonly owner: string;
  readonly endpoint: Endpoint;
  /** Of the server. `modern`: it knows nothing of this session. */
  readonly era: Era;
  /** The server's own id; empty when it keeps none. */
  readonly sid: string;
  readonly version: string;
  /** JSON text of what `initialize` answered. */
  readonly init: string;
  readonly serverInfo: unknown;
  /** With the call that opened it, it may be closed. Absent: the server has to find out by itself. */
  readonly opener?: Call;
  nextId: number;
  /** Requests of the server that wait for the client, by their id in JSON. */
  readonly asked: Map<string, (answer: string) => void>;
  /** Resources that a legacy client follows on a modern server; `changed` wakes its stream. */
  readonly uris: Set<string>;
  changed: () => void;
  logLevel: unknown;
  inFlight: number;
  usedMs: number;
}

export const IDLE_MS = 10 * 60_000;
const MOST = 2_000;
const MOST_OF_OWNER = 100;
/** Whoever opened a session with more than that has its payload forgotten, and the session is not closed politely. */
const MOST_OPENER_BYTES = 64 * 1024;

export class Sessions {
  readonly #clock: Clock;
  readonly #close: (session: Session) => void;
  /** In the order of their last use. */
  readonly #byHandle = new Map<string, Session>();
  readonly #shared = new Map<string, Promise<Session>>();
  /** Under which key a session is shared. */
  readonly #keys = new WeakMap<Session, string>();
  #timer: Timer | undefined;

  constructor(clock: Clock, close: (session: Session) => void) {
    this.#clock = clock;
    this.#close = close;
  }

  get size(): number {
    return this.#byHandle.size;
  }

  /** Throws `not_found` for one that is over, or that is somebody else's, or another server's. */
  find(handle: string, owner: string, endpoint: Endpoint): Session {
    const session = this.#byHandle.get(handle);
    if (session === undefined || session.owner !== owner || !isAt(session, endpoint)) throw over();
    return this.#touch(session);
  }

  /** Throws `overloaded` when there are too many and all of them are busy. */
  add(session: Session): Session {
    const owned = [...this.#byHandle.values()].filter(({ owner }) => owner === session.owner);
    if (owned.length >= MOST_OF_OWNER) this.#evict(owned);
    if (this.#byHandle.size >= MOST) this.#evict([...this.#byHandle.values()]);
    this.#byHandle.set(session.handle, session);
    this.#arm();
    return this.#touch(session);
  }

  /** One for everybody who asks with the same key, opened by whoever comes first. */
  async shared(key: string, open: () => Promise<Session>): Promise<Session> {
    const known = this.#shared.get(key);
    if (known !== undefined) {
      const session = await known.catch(() => undefined);
      if (session !== undefined && this.#byHandle.has(session.handle)) return this.#touch(session);
      // Whoever came first was cancelled, or it is over: everybody tries again, and the first of them is the next one.
      if (this.#shared.get(key) === known) this.#shared.delete(key);
      return this.shared(key, open);
    }
    const opening = open().then((session) => {
      this.#keys.set(session, key);
      return this.add(session);
    });
    this.#shared.set(key, opening);
    opening.catch(() => {
      if (this.#shared.get(key) === opening) this.#shared.delete(key);
    });
    return opening;
  }

  /** The server knows it no more, or nobody needs it. */
  drop(session: Session): void {
    this.#byHandle.delete(session.handle);
    const key = this.#keys.get(session);
    this.#keys.delete(session);
    if (key !== undefined) this.#shared.delete(key);
    for (const answer of session.asked.values()) answer('');
    session.asked.clear();
  }

  stop(): void {
    this.#timer?.cancel();
    for (const session of [...this.#byHandle.values()]) this.#end(session);
  }

  #touch(session: Session): Session {
    session.usedMs = this.#clock.nowMs();
    this.#byHandle.delete(session.handle);
    this.#byHandle.set(session.handle, session);
    return session;
  }

  #evict(sessions: readonly Session[]): void {
    const oldest = sessions.find(({ inFlight }) => inFlight === 0);
    if (oldest === undefined) throw new Fault('overloaded', 'too many sessions with MCP servers are in use; try later');
    this.#end(oldest);
  }

  #end(session: Session): void {
    this.drop(session);
    this.#close(session);
  }

  #arm(): void {
    this.#timer ??= this.#clock.after(IDLE_MS / 4, () => {
      this.#timer = undefined;
      const since = this.#clock.nowMs() - IDLE_MS;
      for (const session of [...this.#byHandle.values()])
        if (session.inFlight === 0 && session.usedMs < since) this.#end(session);
      if (this.#byHandle.size > 0) this.#arm();
    });
  }
}

const isAt = ({ endpoint }: Session, { id, url }: Endpoint): boolean => endpoint.id === id && endpoint.url === url;

export const over = (): Fault =>
  new Fault('not_found', 'this MCP session is over, or it is not yours; open a new one', {
    facts: { session: 'over' },
  });

/** The call to close a session with, if it is small enough to be kept. */
export const openerOf = (call: Call): { readonly opener?: Call } =>
  call.body.kind === 'bytes' && call.body.bytes.byteLength <= MOST_OPENER_BYTES ? { opener: call } : {};
