/** Requests of the versions with sessions: up to 2025-11-25. */
import { Fault } from '../../contract/index.ts';
import { CLOSE, CODES, eraOf, LEGACY, META, MODERN, SESSION_HEADER, STREAM } from '../../dialects/mcp/index.ts';
import { Canceller } from '../../kernel/index.ts';
import { pour } from '../http/index.ts';
import { type Asked, invoke } from './asked.ts';
import { capabilitiesAt, SERVER_INFO } from './discover.ts';
import type { Entering } from './entering.ts';
import { errorOf, REFUSED } from './faults.ts';
import { onToolsChanged } from './listen.ts';
import { errorMessage, type Id, isJson, type Json, type Message, Refusal, resultMessage } from './message.ts';
import { fieldIn } from './mirror.ts';
import { LEGACY_METHODS, notThere, perform, respond } from './perform.ts';
import { heardIn } from './reply.ts';
import type { Session, Sessions } from './sessions.ts';
import { type Last, type Spoken, spoken } from './spoken.ts';
import type { EventStream } from './stream.ts';
import { serverAt } from './tools.ts';
import { eventHeaders, writeJson, writeNothing, writeSpoken } from './write.ts';

type Request = Extract<Message, { readonly kind: 'request' }>;

/** Throws Refusal. */
export const answerLegacy = async (
  entering: Entering,
  sessions: Sessions,
  messages: readonly Message[],
  isBatch: boolean,
): Promise<void> => {
  const begins = messages.find((message) => message.kind === 'request' && message.method === 'initialize');
  if (begins?.kind === 'request') {
    if (isBatch) throw invalid('`initialize` comes alone');
    return initialize(entering, sessions, begins);
  }
  const session = sessionOf(entering, sessions);
  if (isBatch && !allowsBatches(session.begun.version)) throw invalid('this version takes one message at a time');
  for (const message of messages) if (message.kind !== 'request') await heard(entering, session, message);
  const requests = messages.filter((message) => message.kind === 'request');
  const [only] = requests;
  if (only === undefined) return writeNothing(entering.res, 202);
  if (isBatch) return batch(entering, session, requests);
  return single(entering, session, only);
};

const invalid = (text: string): Refusal => new Refusal(400, { code: CODES.invalidRequest, message: text });

/** Lists of messages are of one version, and of the one before it. */
const allowsBatches = (version: string): boolean => version === '2025-03-26' || version === '2024-11-05';

const sessionOf = ({ client }: Entering, sessions: Sessions): Session => {
  const id = fieldIn(client.inbound, SESSION_HEADER);
  if (id === undefined) throw invalid(`header \`${SESSION_HEADER}\` is missing; begin with \`initialize\``);
  const session = sessions.find(id, client.principal, client.place);
  const version = fieldIn(client.inbound, 'mcp-protocol-version');
  if (version !== undefined && eraOf(version) !== 'legacy')
    throw new Refusal(400, { code: REFUSED, message: `this session speaks ${session.begun.version}` });
  return session;
};

const initialize = async (entering: Entering, sessions: Sessions, { id, params }: Request): Promise<void> => {
  const { client, parts, res } = entering;
  const { protocolVersion, capabilities, clientInfo } = params;
  if (typeof protocolVersion !== 'string')
    throw new Refusal(200, { code: CODES.invalidParams, message: '`protocolVersion` must name a version' });
  const version = eraOf(protocolVersion) === 'legacy' ? protocolVersion : LEGACY[0];
  const declared = isJson(capabilities) ? capabilities : {};
  const canceller = new Canceller();
  entering.onGone((reason) => canceller.cancel(reason));
  const asked: Asked = {
    ...client,
    ...{ parts, version, isModern: false, capabilities: declared, method: 'initialize', takesEvents: false, canceller },
    params: { ...params, protocolVersion: version },
    meta: metaOf({ version, capabilities: declared, clientInfo }),
    occurrence: {},
  };
  const opened = await openedAt(asked).catch((thrown: unknown) => {
    if (thrown instanceof Refusal) throw thrown;
    throw new Refusal(200, errorOf(Fault.from(thrown), asked.occurrence));
  });
  const session = sessions.begin({
    ...{ principal: client.principal, place: client.place, version, capabilities: declared, clientInfo },
    target: opened?.session,
  });
  writeJson(res, 200, resultMessage(id, { ...(await offered(asked, opened?.result)), protocolVersion: version }), [
    SESSION_HEADER,
    session.id,
  ]);
};

const metaOf = ({
  version,
  capabilities,
  clientInfo,
}: {
  version: string;
  capabilities: Json;
  clientInfo: unknown;
}): Json => ({
  [META.version]: version,
  [META.capabilities]: capabilities,
  ...(isJson(clientInfo) ? { [META.clientInfo]: clientInfo } : {}),
});

/** The session of the server behind this place; undefined where there is none, or the caller may not have one. */
const openedAt = async (asked: Asked) => {
  const server = await serverAt(asked.parts.directory, asked.principal, asked.place);
  if (server?.speech?.protocol !== 'mcp' || !server.operations.some(({ name }) => name === 'mcp.session'))
    return undefined;
  const { _meta: _, ...params } = asked.params;
  const reply = await invoke(asked, {
    target: { kind: 'tool', name: server.name, operation: 'mcp.session' },
    form: 'mcp',
    body: { method: 'initialize', params },
    stream: false,
  });
  const id = reply.headers.find(([name]) => name === SESSION_HEADER)?.[1];
  for await (const end of heardIn(reply, 'mcp.session')) {
    if (end.kind === 'error') throw new Refusal(200, end.error);
    if (end.kind === 'result')
      return { result: end.result, session: id === undefined ? undefined : { id, pin: reply.pin } };
  }
  return undefined;
};

const offered = async (asked: Asked, theirs: Json | undefined): Promise<Json> => {
  const server = await serverAt(asked.parts.directory, asked.principal, asked.place);
  if (server === undefined || theirs === undefined)
    return { capabilities: { tools: { listChanged: true }, logging: {} }, serverInfo: SERVER_INFO };
  const { extensions: _, ...capabilities } = capabilitiesAt(server, theirs['capabilities'], {});
  const { instructions, serverInfo } = theirs;
  return {
    capabilities,
    serverInfo: isJson(serverInfo) ? serverInfo : SERVER_INFO,
    ...(typeof instructions === 'string' ? { instructions } : {}),
  };
};

/** Notifications and answers of the client. What nobody waits for is taken and forgotten, as the protocol says. */
const heard = async (entering: Entering, session: Session, message: Exclude<Message, Request>): Promise<void> => {
  if (message.kind === 'response') {
    session.answer(message.id, message.answer);
    return;
  }
  if (message.method === 'notifications/cancelled') session.cancel(message.params['requestId']);
  else if (message.method === 'notifications/roots/list_changed')
    await told(entering, session, message.method, message.params);
};

/** Tells the server behind this place. */
const told = async (entering: Entering, session: Session, method: string, params: Json): Promise<void> => {
  const { target } = session.begun;
  const server = await serverAt(entering.parts.directory, entering.client.principal, entering.client.place);
  if (target === undefined || server === undefined) return;
  await invoke(askedIn(entering, session, { method, params }, new Canceller()), {
    target: { kind: 'tool', name: server.name, operation: 'mcp.session' },
    form: 'mcp',
    body: { method, params },
    stream: false,
    session: target.id,
    pin: target.pin,
  }).catch(() => {});
};

/**
 * A server's own session speaks for the client in its version. Without one the server is asked in the new manner, and what it wants
 * to know is asked here.
 */
const askedIn = (
  { client, parts, takesEvents }: Entering,
  session: Session,
  { method, params }: { readonly method: string; readonly params: Json },
  canceller: Canceller,
): Asked => {
  const { version, capabilities, target } = session.begun;
  const said = isJson(params['_meta']) ? params['_meta'] : {};
  return {
    ...client,
    ...{ parts, version, isModern: false, capabilities, method, params, takesEvents, canceller, session: target },
    meta: {
      ...said,
      ...metaOf({ ...session.begun, version: target === undefined ? MODERN : version }),
      ...(target === undefined && session.logLevel !== undefined ? { [META.logLevel]: session.logLevel } : {}),
    },
    // Whoever takes no events before the answer could not hear a question.
    ...(takesEvents ? { ask: (question: string, about: Json) => session.ask(question, about, canceller) } : {}),
    sessionOver: () => {
      session.isLost = true;
    },
    occurrence: {},
  };
};

const single = async (entering: Entering, session: Session, request: Request): Promise<void> => {
  const { res, parts, takesEvents } = entering;
  const canceller = new Canceller();
  const done = session.begin(request.id, canceller);
  const messages = ended(answersTo(entering, session, request, canceller), done);
  if (!takesEvents)
    return writeSpoken(
      { res, clock: parts.world.clock, id: request.id, takesEvents, cancel: (reason) => canceller.cancel(reason) },
      messages,
    );
  // Whoever loses the connection has not cancelled: the request goes on, and its events wait.
  const stream = session.stream();
  if (session.begun.version >= '2025-11-25') stream.prime();
  drained(messages, stream).catch(() => {});
  await pourStream(entering, stream, 0);
};

async function* ended(messages: Spoken, done: () => void): Spoken {
  try {
    return yield* messages;
  } finally {
    done();
  }
}

const answersTo = (entering: Entering, session: Session, request: Request, canceller: Canceller): Spoken => {
  const { id, method, params } = request;
  if (method === 'ping') return only(resultMessage(id, {}));
  if (!LEGACY_METHODS.has(method)) return only(errorMessage(id, notThere(method).error));
  const asked = askedIn(entering, session, request, canceller);
  if (method === 'logging/setLevel') {
    session.logLevel = typeof params['level'] === 'string' ? params['level'] : undefined;
    if (asked.session === undefined) return only(resultMessage(id, {}));
  }
  return spoken(asked, id, perform(asked), entering.challenge);
};

// biome-ignore lint/correctness/useYield: nothing comes before its end.
async function* only(message: Json): Spoken {
  return { status: 200, headers: [], message };
}

const drained = async (messages: Spoken, stream: EventStream): Promise<void> => {
  try {
    let step: IteratorResult<Json, Last>;
    do {
      step = await messages.next();
      stream.push(step.done === true ? step.value.message : step.value);
    } while (step.done !== true);
  } finally {
    stream.end();
  }
};

const pourStream = ({ res, parts }: Entering, stream: EventStream, seen: number): Promise<void> =>
  pour(
    { res, clock: parts.world.clock, cancel: () => {}, onFault: () => '' },
    200,
    eventHeaders([]),
    { kind: 'stream', chunks: stream.after(seen) },
    true,
  );

/** All at once, and one list of answers: nothing can be said in between. */
const batch = async (entering: Entering, session: Session, requests: readonly Request[]): Promise<void> => {
  const quiet: Entering = { ...entering, takesEvents: false };
  const answers = await Promise.all(
    requests.map(async (request) => {
      const canceller = new Canceller();
      const done = session.begin(request.id, canceller);
      const messages = ended(answersTo(quiet, session, request, canceller), done);
      let step = await messages.next();
      while (step.done !== true) step = await messages.next();
      return step.value.message;
    }),
  );
  writeJson(entering.res, 200, answers);
};

/** GET: what is about no request, or the rest of a stream that broke. DELETE: the end. */
export const answerWithoutBody = async (entering: Entering, sessions: Sessions): Promise<void> => {
  const { req, res, client } = entering;
  const isSession = fieldIn(client.inbound, SESSION_HEADER) !== undefined;
  if (!isSession || (req.method !== 'GET' && req.method !== 'DELETE'))
    throw new Refusal(405, { code: REFUSED, message: 'this path takes POST only, but for sessions' }, [
      'allow',
      'POST',
    ]);
  const session = sessionOf(entering, sessions);
  if (req.method === 'DELETE') {
    sessions.end(session);
    await told(entering, session, CLOSE, {});
    return writeNothing(res, 204);
  }
  if (!entering.takesEvents)
    throw new Refusal(406, { code: REFUSED, message: 'accept `text/event-stream` to follow a session' });
  const last = fieldIn(client.inbound, 'last-event-id');
  if (last !== undefined) return resume(entering, session, last);
  if (session.standing.isRead) throw new Refusal(409, { code: REFUSED, message: 'this session is followed already' });
  return follow(entering, session, session.standing.read);
};

const resume = async (entering: Entering, session: Session, last: string): Promise<void> => {
  const [, id = '', at = ''] = /^(\d{1,9})\.(\d{1,9})$/.exec(last) ?? [];
  const stream = session.streamOf(id);
  if (stream === undefined || !stream.has(Number(at)))
    throw new Refusal(404, { code: REFUSED, message: 'what came after that event is not here any more' });
  return stream === session.standing ? follow(entering, session, Number(at)) : pourStream(entering, stream, Number(at));
};

/** As long as somebody reads: changes of the own list, and what the server says by itself. */
const follow = async (entering: Entering, session: Session, seen: number): Promise<void> => {
  const canceller = new Canceller();
  const forget = session.over.onCancel((reason) => canceller.cancel(reason));
  entering.onGone((reason) => canceller.cancel(reason));
  const asked = askedIn({ ...entering, takesEvents: true }, session, { method: STREAM, params: {} }, canceller);
  const stop = await onToolsChanged(asked, () =>
    session.standing.push({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }),
  );
  const forgetLeaving = entering.goingAway?.onCancel(() => session.standing.end());
  void keptUp(asked, session);
  try {
    await pourStream(entering, session.standing, seen);
  } finally {
    stop();
    forget();
    forgetLeaving?.();
    canceller.cancel(new Fault('cancelled', 'nobody follows the session any more'));
  }
};

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** A server's stream has an end, if only that of its time, and its client's has none. Never throws. */
const keptUp = async (asked: Asked, session: Session): Promise<void> => {
  const { clock } = asked.parts.world;
  let pauseMs = FIRST_PAUSE_MS;
  while (asked.session !== undefined && asked.canceller.reason === undefined) {
    const fromMs = clock.nowMs();
    await announced(asked, session).catch(() => {});
    pauseMs = clock.nowMs() - fromMs > LONGEST_PAUSE_MS ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
    await paused(asked, pauseMs);
  }
};

/** Resolves early when nobody waits any more. */
const paused = ({ parts, canceller }: Asked, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    const timer = parts.world.clock.after(delayMs, () => {
      forget();
      resolve();
    });
    const forget = canceller.onCancel(() => {
      timer.cancel();
      resolve();
    });
  });

/** The server's own stream, where there is one. */
const announced = async (asked: Asked, session: Session): Promise<void> => {
  const server = await serverAt(asked.parts.directory, asked.principal, asked.place);
  if (asked.session === undefined || server === undefined) return;
  const reply = await invoke(asked, {
    target: { kind: 'tool', name: server.name, operation: 'mcp.listen' },
    form: 'mcp',
    body: { method: STREAM, params: {} },
    stream: true,
    session: asked.session.id,
    pin: asked.session.pin,
  });
  for await (const message of heardIn(reply, 'mcp.listen')) {
    if (message.kind === 'notification')
      session.standing.push({ jsonrpc: '2.0', method: message.method, params: message.params });
    else if (message.kind === 'request') void questioned(asked, session, server.name, message);
  }
};

const questioned = async (
  asked: Asked,
  session: Session,
  server: string,
  { id, method, params }: { readonly id: Id; readonly method: string; readonly params: Json },
): Promise<void> => {
  const { message, answered } = session.ask(method, params, session.over);
  session.standing.push({ jsonrpc: '2.0', ...message });
  await respond(asked, server, id, await answered).catch(() => {});
};
