/** Requests to a server with a handshake: each in a session, where the server may ask back. */
import { Fault, type Reply } from '../../contract/index.ts';
import {
  LEGACY,
  type Message,
  membersOf,
  namesVersion,
  notificationText,
  objectOf,
  requestText,
  resultText,
} from '../../dialects/mcp/index.ts';
import { wait } from '../../kernel/index.ts';
import type { Asking } from './asking.ts';
import type { Inbox } from './inbox.ts';
import { afterwards } from './leash.ts';
import { answered, failed, isAnswer, reading, type Said } from './said.ts';
import { openerOf, over, type Session } from './sessions.ts';
import { drop, exchange, headerOf, type Incoming, invalid, isEvents, type Wire } from './wire.ts';

/** What is kept of a handshake for as long as its session. */
const MOST_INIT_CHARS = 64 * 1024;

const SID = /^[\x21-\x7e]{1,255}$/;

export type Opened = { readonly session: Session } | { readonly refused: Extract<Said, { kind: 'error' }> };

/** `params` of `initialize`, as JSON text. */
export const openSession = async (wire: Wire, owner: string, params: string): Promise<Opened> => {
  const reply = await exchange(wire, {
    method: 'POST',
    headers: [],
    body: requestText(0, 'initialize', params),
  });
  for await (const { message } of reading(reply, { id: 0, token: undefined, mayAsk: false, mayBatch: false })) {
    if (!isAnswer(message)) continue;
    const answer = answered(message, reply.status);
    if (answer.kind === 'error') return { refused: answer };
    const session = sessionOf(wire, owner, answer.result, headerOf(reply, 'mcp-session-id'));
    await tell(wire, session, notificationText('notifications/initialized'));
    return { session };
  }
  throw invalid('answered nothing to `initialize`');
};

const sessionOf = (wire: Wire, owner: string, init: string, sid: string): Session => {
  const { protocolVersion, serverInfo } = JSON.parse(init) as Readonly<Record<string, unknown>>;
  if (!LEGACY.some((version) => version === protocolVersion))
    throw invalid('wants to speak a version that is not spoken here');
  if (init.length > MOST_INIT_CHARS) throw invalid('says too much of itself');
  if (sid !== '' && !SID.test(sid)) throw invalid('gave a session an id that is none');
  const { clock, ids } = wire.scope;
  return {
    handle: ids.callId(),
    owner,
    endpoint: wire.endpoint,
    era: 'legacy',
    sid,
    version: protocolVersion as string,
    init,
    serverInfo,
    ...openerOf(wire.call),
    nextId: 1,
    asked: new Map(),
    uris: new Set(),
    changed: () => {},
    logLevel: undefined,
    inFlight: 0,
    usedMs: clock.nowMs(),
  };
};

export const sessionHeaders = ({ sid, version }: Session): readonly string[] => [
  ...(sid === '' ? [] : ['mcp-session-id', sid]),
  ...(namesVersion(version) ? ['mcp-protocol-version', version] : []),
];

/** One message that has no answer: a notification, or an answer to the server. Throws `not_found` when the session is over. */
export const tell = async (wire: Wire, session: Session, json: string): Promise<void> => {
  const reply = await exchange(wire, { method: 'POST', headers: sessionHeaders(session), body: json });
  drop(reply);
  if (reply.status === 404 && session.sid !== '') throw over();
  if (reply.status >= 400) throw invalid(`refused a message with status ${reply.status}`);
};

/** Ends a session at the server; how that goes changes nothing. */
export const closeSession = (wire: Omit<Wire, 'call'>, session: Session): void => {
  const { opener, sid } = session;
  if (opener === undefined || sid === '') return;
  const last = { ...wire, call: opener, scope: afterwards(wire.scope) };
  exchange(last, { method: 'DELETE', headers: sessionHeaders(session), body: null }).then(drop, () => {});
};

export interface LegacyTelling {
  readonly wire: Wire;
  readonly session: Session;
  /** What the server asks in the middle of it. Undefined: nobody is there to be asked. */
  readonly ask?: (request: Extract<Message, { kind: 'request' }>, json: string) => AsyncGenerator<Said> | undefined;
  /** What it asks elsewhere meanwhile. */
  readonly inbox?: Inbox;
  readonly quietMs: number;
}

/** Throws `not_found` when the session is over: then the request did not run. */
export async function* askLegacy(asking: Asking, telling: LegacyTelling): AsyncGenerator<Said> {
  const { wire, session } = telling;
  const id = session.nextId++;
  let isOver = false;
  session.inFlight++;
  try {
    for await (const { reply, incoming } of withInbox(asked(asking, telling, id), telling.inbox)) {
      const { message, json } = incoming;
      if (isAnswer(message)) {
        const answer = answered(message, reply?.status ?? 200);
        isOver = true;
        if (answer.kind === 'error' && isGone(answer.status, answer.error.message, session)) throw over();
        yield answer;
        return;
      }
      if (message.kind === 'notification') {
        if (json !== '') yield { kind: 'message', json };
      } else yield* questioned(telling, message, json);
    }
  } catch (thrown) {
    // Whoever never heard of the request needs not forget it.
    if (thrown instanceof Fault && thrown.executed === 'no') isOver = true;
    throw thrown;
  } finally {
    session.inFlight--;
    if (!isOver) cancelled(wire, session, id);
  }
}

interface Heard {
  /** Undefined: it came another way. */
  readonly reply?: Reply;
  readonly incoming: Incoming;
}

async function* withInbox(heard: AsyncGenerator<Heard>, inbox: Inbox | undefined): AsyncGenerator<Heard> {
  if (inbox === undefined) {
    yield* heard;
    return;
  }
  let next = heard.next();
  for (;;) {
    const question = inbox.take();
    if (question !== undefined) {
      yield { incoming: question };
      continue;
    }
    // Whoever is asked may never come back: then nobody looks at what the server said meanwhile.
    next.catch(() => {});
    const isHeard = await Promise.race([next.then(() => true), inbox.arrived().then(() => false)]);
    if (!isHeard) continue;
    const { done, value } = await next;
    if (done === true) return;
    yield value;
    next = heard.next();
  }
}

/** 404 is the answer for it; some servers say 400. */
const isGone = (status: number, message: string, { sid }: Session): boolean =>
  sid !== '' && (status === 404 || status === 400) && /session|status 404/i.test(message);

async function* questioned(
  { wire, session, ask }: LegacyTelling,
  message: Extract<Message, { kind: 'request' }>,
  json: string,
): AsyncGenerator<Said> {
  if (message.method === 'ping') return await tell(wire, session, resultText(message.id, '{}'));
  const answers = ask?.(message, json);
  if (answers !== undefined) {
    yield* answers;
    return;
  }
  const error = { code: -32601, message: `the client does not do \`${message.method}\`` };
  await tell(wire, session, JSON.stringify({ jsonrpc: '2.0', id: message.id, error }));
}

/** The one version in which several messages may come at once. */
const BATCHES = '2025-03-26';

const MOST_RESUMPTIONS = 5;
/** Before a stream is taken up again, unless its server says otherwise. */
const RESUME_MS = 1_000;
const MOST_RESUME_MS = 30_000;

/** A stream that ends before the answer, and whose events had ids, is taken up again where it broke. */
async function* asked(asking: Asking, { wire, session, quietMs }: LegacyTelling, id: number): AsyncGenerator<Heard> {
  const rules = { id, token: asking.meta['progressToken'], mayAsk: true, mayBatch: session.version === BATCHES };
  let reply = await exchange(wire, {
    method: 'POST',
    headers: sessionHeaders(session),
    body: (traceparent) => requestText(id, asking.method, withMeta(asking, traceparent)),
    quietMs,
  });
  let last: string | undefined;
  let retryMs = RESUME_MS;
  for (let tries = 0; tries <= MOST_RESUMPTIONS; tries++) {
    try {
      for await (const incoming of reading(reply, rules)) {
        if (incoming.retryMs !== undefined) retryMs = Math.min(incoming.retryMs, MOST_RESUME_MS);
        if (incoming.eventId !== undefined) {
          last = incoming.eventId;
          tries = 0;
        }
        yield { reply, incoming };
        if (isAnswer(incoming.message)) return;
      }
    } catch (thrown) {
      if (last === undefined || !(thrown instanceof Fault) || thrown.code !== 'upstream_broken') throw thrown;
    }
    if (last === undefined || !SID.test(last)) break;
    await wait(wire.scope, retryMs);
    reply = await exchange(wire, {
      method: 'GET',
      headers: [...sessionHeaders(session), 'last-event-id', last],
      body: null,
      quietMs,
    });
    if (!isEvents(reply)) break;
  }
  throw new Fault('upstream_broken', 'the MCP server closed its stream before it answered');
}

const withMeta = ({ params, meta }: Asking, traceparent: string): string => {
  const own = Object.entries(meta).filter(([name]) => !name.startsWith('io.modelcontextprotocol/'));
  const said = { ...Object.fromEntries(own), traceparent };
  return objectOf(new Map(membersOf(params)).set('_meta', JSON.stringify(said)));
};

const cancelled = (wire: Wire, session: Session, id: number): void => {
  const params = JSON.stringify({ requestId: id, reason: 'the caller does not wait any more' });
  const last = { ...wire, scope: afterwards(wire.scope) };
  tell(last, session, notificationText('notifications/cancelled', params)).catch(() => {});
};

const LISTENING: Said = { kind: 'message', json: '' };

/** The stream of a session that has no request behind it. */
export async function* announced(
  wire: Wire,
  session: Session,
  quietMs: number,
  ask: (request: Extract<Message, { kind: 'request' }>, json: string) => void,
): AsyncGenerator<Said> {
  let last = '';
  let retryMs = RESUME_MS;
  for (let tries = 0; tries <= MOST_RESUMPTIONS; tries++) {
    const reply = await exchange(wire, {
      method: 'GET',
      headers: [...sessionHeaders(session), ...(last === '' ? [] : ['last-event-id', last])],
      body: null,
      quietMs,
    });
    if (reply.status === 404 && session.sid !== '') throw over();
    if (!isEvents(reply)) {
      drop(reply);
      yield failed({ code: -32601, message: 'the server announces nothing' }, 405);
      return;
    }
    yield LISTENING;
    const rules = { id: -1, token: null, mayAsk: true, mayBatch: session.version === BATCHES };
    for await (const { message, json, eventId, retryMs: wished } of reading(reply, rules)) {
      if (wished !== undefined) retryMs = Math.min(wished, MOST_RESUME_MS);
      if (eventId !== undefined && SID.test(eventId)) last = eventId;
      tries = 0;
      if (message.kind === 'request') ask(message, json);
      if (json !== '') yield { kind: 'message', json };
    }
    await wait(wire.scope, retryMs);
  }
  yield failed({ code: -32603, message: 'the server closes its stream again and again' }, 502);
}
