/** Requests of the versions with sessions: up to 2025-11-25. */
import { Fault } from '../../contract/index.ts';
import { CODES, eraOf, LEGACY, SESSION_HEADER } from '../../dialects/mcp/index.ts';
import { Canceller } from '../../kernel/index.ts';
import { type Asked, invoke } from './asked.ts';
import { capabilitiesAt, ownCapabilities, SERVER_INFO } from './discover.ts';
import type { Entering } from './entering.ts';
import { errorOf } from './faults.ts';
import { errorMessage, isJson, type Json, type Message, Refusal, resultMessage } from './message.ts';
import { LEGACY_METHODS, notThere, perform } from './perform.ts';
import { heardIn } from './reply.ts';
import type { Session, Sessions } from './sessions.ts';
import { type Last, type Spoken, spoken } from './spoken.ts';
import type { EventStream } from './stream.ts';
import { serverAt } from './tools.ts';
import { askedIn, metaOf, pourStream, sessionOf, told } from './within.ts';
import { writeJson, writeNothing, writeSpoken } from './write.ts';

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
    return { capabilities: { ...(await ownCapabilities(asked)), logging: {} }, serverInfo: SERVER_INFO };
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
