/** Brings each call to its MCP server in a version that both understand, and what the server says back to the client. */
import { DEFAULT_STREAM_TIMEOUT_MS, Fault } from '../../contract/index.ts';
import {
  CALL_TOOL,
  CLOSE,
  CODES,
  LEGACY,
  META,
  membersOf,
  notificationText,
  objectOf,
  RESPONSE,
  STREAM,
} from '../../dialects/mcp/index.ts';
import { remainingMs, rootScope, silentSpan, type World } from '../../kernel/index.ts';
import type { Talk } from './answering.ts';
import { askable, canAsk, canAskAnything, expect, holding, mediated, passing } from './asked.ts';
import type { Asking } from './asking.ts';
import { Eras } from './eras.ts';
import { Followers } from './followers.ts';
import { HeldCalls, isOurs } from './held.ts';
import type { Inbox } from './inbox.ts';
import { Leash } from './leash.ts';
import { announced, askLegacy, closeSession, openSession, tell } from './legacy.ts';
import { listenToLegacy, listenToModern, quietMs } from './listen.ts';
import { Mirrors } from './mirrors.ts';
import { askModern, OURSELVES, type Telling } from './modern.ts';
import { Pins } from './pins.ts';
import { failed, type Said } from './said.ts';
import { over, type Session, Sessions } from './sessions.ts';
import { EMPTY, local, once, tied, using } from './talks.ts';
import { Tasks } from './tasks.ts';
import { begunWith, discoverOf, follow, initOf, virtualSession } from './virtual.ts';
import type { Sender, Wire } from './wire.ts';

const PLAINLY = { era: 'modern', session: '', meta: {}, capabilities: {}, stream: false } as const;

const TOOLS_CHANGED = 'notifications/tools/list_changed';

export class Speaker {
  readonly #mirrors = new Mirrors();
  readonly #tasks = new Tasks();
  readonly #followers = new Followers();
  readonly #pins: Pins;
  readonly #eras: Eras;
  readonly #sessions: Sessions;
  readonly #held: HeldCalls;
  #nextId = 1;

  constructor(upstream: Sender, world: World) {
    const { clock } = world;
    this.#eras = new Eras(clock, this.#mirrors);
    this.#held = new HeldCalls(clock);
    this.#pins = new Pins(clock);
    this.#sessions = new Sessions(clock, (session) => {
      const { scope } = rootScope(world, silentSpan(world.ids.spanId()));
      closeSession({ upstream, endpoint: session.endpoint, scope }, session);
    });
  }

  stop(): void {
    this.#held.stop();
    this.#sessions.stop();
  }

  /** The conversation for one call, before its first message. */
  async talk(wire: Wire, asking: Asking): Promise<Talk> {
    if (asking.method.startsWith('tasks/') && !this.#mayTask(wire, asking))
      return local('modern', failed({ code: CODES.invalidParams, message: 'there is no such task of yours' }));
    if (asking.method === CALL_TOOL)
      await this.#pins.check(wire.endpoint, wire.call.target, (cursor) => this.#list(wire, asking, cursor));
    const talk = await this.#begun(wire, asking);
    return { ...talk, said: this.#noted(wire, asking, talk) };
  }

  /** A page of the server's tools, for a call of one of them. Always asked in the same way: in another version a server may say it otherwise. */
  async *#list(wire: Wire, asking: Asking, cursor: string): AsyncGenerator<Said> {
    const params = cursor === '' ? '{}' : JSON.stringify({ cursor });
    const listing: Asking = { ...asking, ...PLAINLY, method: 'tools/list', params };
    const { said } = await this.#begun(wire, listing);
    yield* said;
  }

  /** A list would be one of everybody's tasks. */
  #mayTask({ endpoint }: Wire, { method, owner, params }: Asking): boolean {
    return method !== 'tasks/list' && this.#tasks.owns(owner, endpoint, params);
  }

  async *#noted(
    { endpoint }: Wire,
    { method, owner, params, session }: Asking,
    { said, era }: Talk,
  ): AsyncGenerator<Said> {
    for await (const one of said) {
      if (one.kind === 'result' && method === CALL_TOOL) this.#tasks.note(owner, endpoint, one.result);
      if (one.kind === 'result' && method === 'tools/list') {
        if (era === 'modern') this.#mirrors.note(endpoint, one.result);
        // Only what was asked as we ask it can be compared.
        if (session === '') await this.#pins.note(endpoint, one.result, !params.includes('"cursor"'));
      }
      if (one.kind === 'error' && one.error.code === CODES.unsupportedVersion) this.#eras.forget(endpoint);
      if (one.kind === 'message' && one.json.includes(TOOLS_CHANGED)) this.#pins.forget(endpoint);
      yield one;
    }
  }

  async #begun(wire: Wire, asking: Asking): Promise<Talk> {
    const state = stateIn(asking.params);
    if (isOurs(state)) return this.#resumed(wire, asking, state);
    if (asking.method === 'initialize') return this.#opened(wire, asking);
    if (asking.session !== '')
      return this.#inSession(wire, asking, this.#sessions.find(asking.session, asking.owner, wire.endpoint));
    const server = await this.#eras.of(wire);
    if (needsSession(asking.method))
      return local(asking.era, failed({ code: CODES.invalidRequest, message: `\`${asking.method}\` needs a session` }));
    return server.era === 'modern' ? this.#stateless(wire, asking) : this.#shared(wire, asking);
  }

  #stateless(wire: Wire, asking: Asking): Talk {
    const leash = new Leash(wire.scope, false);
    const isListening = asking.method === 'subscriptions/listen';
    const said = askModern(asking, this.#telling({ ...wire, scope: leash.scope }, isListening));
    return { said: tied(leash, said), era: 'modern', stop: (reason) => leash.cancel(reason) };
  }

  #telling(wire: Wire, isListening = false): Telling {
    return {
      wire,
      id: this.#nextId++,
      mirrors: this.#mirrors,
      quietMs: isListening ? quietMs(wire) : patience(wire),
    };
  }

  /** A client without sessions at a server that wants one: it shares one with itself. */
  async #shared(wire: Wire, asking: Asking): Promise<Talk> {
    const isListening = asking.method === 'subscriptions/listen';
    const canHold = asking.era === 'modern' && canAskAnything(asking) && !isListening;
    const leash = new Leash(wire.scope, canHold);
    const tiedWire = { ...wire, scope: leash.scope };
    const session = isListening
      ? await this.#open(tiedWire, asking)
      : await this.#sessions.shared(sharedKey(wire, asking), () => this.#open(wire, asking)).catch(asRefusal);
    if (!('handle' in session)) return local('legacy', session);
    const own = (): Talk => talk;
    const said = isListening
      ? this.#closing(wire, session, listenToLegacy(tiedWire, asking, session))
      : asking.method === 'server/discover'
        ? once({ kind: 'result', result: discoverOf(session) })
        : this.#retried(wire, asking, session, (current) =>
            this.#following(canHold, tiedWire, current, (inbox) =>
              askLegacy(asking, {
                wire: tiedWire,
                session: current,
                ...(inbox === undefined ? {} : { inbox }),
                quietMs: canHold ? DEFAULT_STREAM_TIMEOUT_MS : patience(wire),
                ask: (request) =>
                  canHold && canAsk(asking, request.method)
                    ? holding(
                        {
                          held: this.#held,
                          session: current,
                          asking,
                          operation: wire.call.target.operation,
                          wire: tiedWire,
                          leash,
                          talk: own,
                        },
                        request,
                      )
                    : undefined,
              }),
            ),
          );
    const talk: Talk = {
      said: tied(leash, said),
      era: 'legacy',
      server: session.serverInfo,
      stop: (reason) => leash.cancel(reason),
    };
    return talk;
  }

  /** A session that the server has forgotten is opened anew, once: the request did not run. */
  async *#retried(
    wire: Wire,
    asking: Asking,
    session: Session,
    ask: (session: Session) => AsyncGenerator<Said>,
  ): AsyncGenerator<Said> {
    try {
      yield* ask(session);
    } catch (thrown) {
      if (!isOver(thrown)) throw thrown;
      this.#sessions.drop(session);
      yield* ask(await this.#sessions.shared(sharedKey(wire, asking), () => this.#open(wire, asking)));
    }
  }

  /** With the standing stream of the session beside it, while somebody can be asked. */
  async *#following(
    canHold: boolean,
    wire: Wire,
    session: Session,
    ask: (inbox: Inbox | undefined) => AsyncGenerator<Said>,
  ): AsyncGenerator<Said> {
    if (!canHold) return yield* ask(undefined);
    const inbox = await this.#followers.join(wire, session);
    try {
      yield* ask(inbox);
    } finally {
      this.#followers.leave(session, inbox);
    }
  }

  async *#closing(wire: Wire, session: Session, said: AsyncGenerator<Said>): AsyncGenerator<Said> {
    try {
      yield* said;
    } finally {
      closeSession(wire, session);
    }
  }

  /** Throws what `asRefusal` understands when the server wants no session. */
  async #open(wire: Wire, asking: Asking): Promise<Session> {
    const { speech } = wire.endpoint;
    const version = speech === undefined || speech.version === '' ? LEGACY[0] : speech.version;
    const params = { protocolVersion: version, capabilities: askable(asking), clientInfo: OURSELVES };
    const opened = await openSession(wire, asking.owner, JSON.stringify(params));
    if ('session' in opened) return opened.session;
    this.#eras.forget(wire.endpoint);
    throw new Refused(opened.refused);
  }

  #resumed(wire: Wire, asking: Asking, state: string): Talk {
    const held = this.#held.take(state, asking.owner, wire.endpoint, wire.call.target.operation);
    if (held === undefined)
      return local(
        'modern',
        failed({ code: CODES.invalidParams, message: 'this `requestState` is over; call again without it' }),
      );
    const answers = membersOf(membersOf(asking.params)?.get('inputResponses') ?? '{}');
    held.back = { wire, answers: answers ?? new Map() };
    held.leash.tie(wire.scope);
    return held.talk;
  }

  /** `initialize` of a legacy client: at the server itself where it has sessions, and here where it has none. */
  async #opened(wire: Wire, asking: Asking): Promise<Talk> {
    const pinned = this.#eras.pinned(wire.endpoint);
    const opened = pinned === 'modern' ? undefined : await openSession(wire, asking.owner, asking.params);
    if (opened !== undefined && 'session' in opened) return begunWith(this.#sessions.add(opened.session));
    if (opened !== undefined && (pinned === 'legacy' || (await this.#eras.of(wire)).era === 'legacy'))
      return local('legacy', opened.refused);
    const init = initOf(await this.#eras.discovered(wire), asking.params);
    return begunWith(this.#sessions.add(virtualSession(wire, asking.owner, init)));
  }

  #inSession(wire: Wire, asking: Asking, session: Session): Talk | Promise<Talk> {
    const { method } = asking;
    if (method === CLOSE) {
      this.#sessions.drop(session);
      closeSession(wire, session);
      return local(session.era, EMPTY);
    }
    if (method === RESPONSE) return this.#response(wire, asking, session);
    if (method.startsWith('notifications/')) return this.#notification(wire, asking, session);
    return session.era === 'legacy' ? this.#withServer(wire, asking, session) : this.#virtual(wire, asking, session);
  }

  async #response(wire: Wire, { params }: Asking, session: Session): Promise<Talk> {
    const members = new Map(membersOf(params));
    const key = JSON.stringify(JSON.parse(members.get('id') ?? 'null'));
    const answer = session.asked.get(key);
    if (answer === undefined || members.has('result') === members.has('error'))
      return local(session.era, failed({ code: CODES.invalidParams, message: 'nothing was asked that this answers' }));
    session.asked.delete(key);
    const json = objectOf([['jsonrpc', '"2.0"'], ...[...members].filter(([name]) => ANSWERS.has(name))]);
    if (session.era === 'legacy') await tell(wire, session, json);
    answer(json);
    return local(session.era, EMPTY);
  }

  /** Cancelling is closing the call here, and a session begins when it is opened. */
  async #notification(wire: Wire, { method, params }: Asking, session: Session): Promise<Talk> {
    const isOurs = method === 'notifications/initialized' || method === 'notifications/cancelled';
    if (session.era === 'legacy' && !isOurs) await tell(wire, session, notificationText(method, params));
    return local(session.era, EMPTY);
  }

  #withServer(wire: Wire, asking: Asking, session: Session): Talk {
    const leash = new Leash(wire.scope, false);
    const own = { ...wire, scope: leash.scope };
    const said =
      asking.method === STREAM
        ? announced(own, session, quietMs(wire), (request) => expect(session, request.id))
        : askLegacy(asking, {
            wire: own,
            session,
            quietMs: canAskAnything(asking) ? DEFAULT_STREAM_TIMEOUT_MS : patience(wire),
            ask: (request, json) => (asking.stream ? passing(session, request, json) : undefined),
          });
    return {
      said: tied(leash, this.#dropping(session, said)),
      era: 'legacy',
      server: session.serverInfo,
      stop: (reason) => leash.cancel(reason),
    };
  }

  async *#dropping(session: Session, said: AsyncGenerator<Said>): AsyncGenerator<Said> {
    try {
      yield* said;
    } catch (thrown) {
      if (isOver(thrown)) this.#sessions.drop(session);
      throw thrown;
    }
  }

  #virtual(wire: Wire, asking: Asking, session: Session): Talk {
    const { method, params } = asking;
    if (method === 'ping') return local('modern', EMPTY);
    if (method === 'logging/setLevel') {
      session.logLevel = (JSON.parse(params) as { readonly level?: unknown }).level;
      return local('modern', EMPTY);
    }
    if (method === 'resources/subscribe' || method === 'resources/unsubscribe') return follow(session, method, params);
    const leash = new Leash(wire.scope, false);
    const own = { ...wire, scope: leash.scope };
    const logged =
      session.logLevel === undefined
        ? asking
        : { ...asking, meta: { ...asking.meta, [META.logLevel]: session.logLevel } };
    const said =
      method === STREAM
        ? listenToModern(asking, session, (changed) => this.#listening(own, changed))
        : mediated(logged, session, () => this.#telling(own));
    return {
      said: tied(leash, using(session, said)),
      era: 'modern',
      stop: (reason) => leash.cancel(reason),
    };
  }

  #listening(wire: Wire, changed: Promise<void>): { readonly telling: Telling; readonly stop: () => void } {
    const leash = new Leash(wire.scope, false);
    const stop = (): void => leash.cancel(new Fault('cancelled', 'the client follows other resources by now'));
    void changed.then(stop);
    return { telling: this.#telling({ ...wire, scope: leash.scope }, true), stop };
  }
}

const ANSWERS = new Set(['id', 'result', 'error']);

/** Carries what a server said to `initialize` past those who wait for a session. */
class Refused extends Error {
  readonly said: Extract<Said, { kind: 'error' }>;
  constructor(said: Extract<Said, { kind: 'error' }>) {
    super('the server wants no session');
    this.said = said;
  }
}

const asRefusal = (thrown: unknown): Extract<Said, { kind: 'error' }> => {
  if (thrown instanceof Refused) return thrown.said;
  throw thrown;
};

const isOver = (thrown: unknown): boolean =>
  thrown instanceof Fault && thrown.facts['session'] === over().facts['session'];

const needsSession = (method: string): boolean =>
  method.startsWith('$') ||
  method.startsWith('notifications/') ||
  method === 'resources/subscribe' ||
  method === 'resources/unsubscribe';

const sharedKey = ({ endpoint }: Wire, asking: Asking): string =>
  JSON.stringify([endpoint.id, endpoint.url, asking.owner, askable(asking)]);

const stateIn = (params: string): string => {
  const state: unknown = JSON.parse(membersOf(params)?.get('requestState') ?? 'null');
  return typeof state === 'string' ? state : '';
};

/** A tool may work for long without a word: the deadline of the call ends it. */
const patience = ({ scope }: Wire): number => Math.max(1, Math.min(remainingMs(scope), DEFAULT_STREAM_TIMEOUT_MS));
