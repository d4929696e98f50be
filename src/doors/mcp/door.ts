/** How calls enter as MCP: every request becomes one call, and what is behind it decides. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CancelSignal, type Credential, Fault, isForCalls, type Principal } from '../../contract/index.ts';
import { CODES, eraOf, META, MODERN } from '../../dialects/mcp/index.ts';
import { type BodyLimits, type Collecting, type Inbound, limitsOf, readBody, readInbound } from '../http/index.ts';
import type { Parts } from './asked.ts';
import type { Entering } from './entering.ts';
import { errorOf } from './faults.ts';
import { answerWithoutBody } from './follow.ts';
import { answerLegacy } from './legacy.ts';
import { errorMessage, isJson, type Message, REFUSED, Refusal, readMessages, unreadable } from './message.ts';
import { challengeOf, metadataOf, stepUpOf } from './metadata.ts';
import { fieldIn } from './mirror.ts';
import { answerModern } from './modern.ts';
import { checkOrigin, originOf } from './origin.ts';
import { type Place, pathOf, type Route, routeOf } from './path.ts';
import { Sessions } from './sessions.ts';
import { Streams } from './streams.ts';
import { serverAt } from './tools.ts';
import { writeJson } from './write.ts';

export interface McpDoorOptions extends Parts {
  /** Issuers of the identity providers whose tokens are taken here, whichever tenant's: who asks has no name yet. Empty: there are keys only. */
  readonly issuers: () => readonly string[];
  /** Where this node is reached, if it was told. */
  readonly publicUrl?: string | undefined;
  readonly limits?: Partial<BodyLimits>;
  /** What is being collected now, by all doors of a listener together: nobody is identified yet. Default: by this one alone. */
  readonly collecting?: Collecting;
  /** A listener that only one known process can reach says here who that is; its word replaces the credential. */
  readonly known?: (inbound: Inbound) => Credential;
  /** Streams that only follow what changes end with it. */
  readonly goingAway?: CancelSignal;
  readonly onInternal?: (fault: Fault, occurrence: object) => void;
}

/** True when the request is this door's and will be answered by it. */
export type McpDoor = (req: IncomingMessage, res: ServerResponse) => boolean;

export const mcpDoor = (options: McpDoorOptions): McpDoor => {
  const door: Door = {
    options,
    limits: limitsOf(options.limits),
    collecting: options.collecting ?? { bytes: 0 },
    sessions: new Sessions(options),
    streams: new Streams(),
  };
  return (req, res) => {
    const route = routeOf(req.url ?? '');
    if (route === undefined) return false;
    void enter(door, route, req, res);
    return true;
  };
};

interface Door {
  readonly options: McpDoorOptions;
  readonly limits: BodyLimits;
  readonly collecting: Collecting;
  readonly sessions: Sessions;
  readonly streams: Streams;
}

/** Never throws: whatever happens becomes an answer or a closed connection. */
const enter = async (door: Door, route: Route, req: IncomingMessage, res: ServerResponse): Promise<void> => {
  try {
    checkOrigin(req);
    if (route.kind === 'mcp') await request(door, route.place, req, res);
    else metadata(door, route.resource, req, res);
  } catch (thrown) {
    refuse(door, req, res, thrown);
  }
};

const refuse = ({ options }: Door, req: IncomingMessage, res: ServerResponse, thrown: unknown): void => {
  if (!req.complete) res.shouldKeepAlive = false;
  if (thrown instanceof Refusal) {
    writeJson(res, thrown.status, errorMessage(null, thrown.error), thrown.headers);
    return;
  }
  const fault = Fault.from(thrown);
  if (fault.code === 'internal') options.onInternal?.(fault, { door: 'mcp' });
  writeJson(res, fault.code === 'bad_request' ? 400 : 500, errorMessage(null, errorOf(fault, {})));
};

const metadata = ({ options }: Door, resource: string, req: IncomingMessage, res: ServerResponse): void => {
  if (req.method !== 'GET' && req.method !== 'HEAD') throw notAllowed('GET');
  writeJson(res, 200, metadataOf(originOf(req, options.publicUrl), resource, options.issuers()));
};

const notAllowed = (allow: string): Refusal =>
  new Refusal(405, { code: REFUSED, message: `this path takes ${allow} only` }, ['allow', allow]);

const request = async (door: Door, place: Place, req: IncomingMessage, res: ServerResponse): Promise<void> => {
  const { options, limits, collecting, sessions, streams } = door;
  const inbound = readInbound(req.rawHeaders);
  const origin = originOf(req, options.publicUrl);
  const credential = options.known?.(inbound) ?? inbound.credential;
  const principal = await identified(options, { credential, origin, place });
  const entering: Entering = {
    ...{ req, res, streams, parts: options },
    client: { principal, credential, inbound, place, origin },
    takesEvents: /(^|,)\s*(text\/event-stream|text\/\*|\*\/\*)\s*(;|,|$)/i.test(inbound.accept),
    onGone: (gone) => onGone(res, gone),
    goingAway: options.goingAway,
    challenge: () => challengeOf(origin, place, true),
  };
  if (place.target !== null && (await serverAt(options.directory, principal, place)) === undefined)
    throw new Refusal(404, { code: REFUSED, message: `there is no server \`${pathOf(place)}\` that you may use` });
  if (req.method !== 'POST') return answerWithoutBody(entering, sessions);
  if (inbound.contentEncoding !== '' && inbound.contentEncoding !== 'identity')
    throw new Refusal(415, { code: REFUSED, message: 'compressed requests are not taken; send it as it is' });
  if (!/^application\/json\s*(;|$)/i.test(inbound.contentType))
    throw new Refusal(415, { code: REFUSED, message: 'send `content-type: application/json`' });
  const body = await readBody(req, inbound, limits, collecting).catch((thrown: unknown) => {
    throw unreadable(Fault.from(thrown));
  });
  if (body.kind !== 'bytes') throw new Refusal(400, { code: CODES.parse, message: 'the request is no JSON' });
  const { messages, isBatch } = readMessages(body.bytes);
  const [first] = messages;
  if (isModern(inbound, messages)) {
    if (isBatch || first === undefined)
      throw new Refusal(400, { code: CODES.invalidRequest, message: 'this version takes one message at a time' });
    return withId(entering, first, () => answerModern(entering, first));
  }
  return withId(entering, first, () => answerLegacy(entering, sessions, messages, isBatch));
};

/** A refusal answers the message that it is about. */
const withId = async ({ res }: Entering, message: Message | undefined, answer: () => Promise<void>): Promise<void> => {
  try {
    await answer();
  } catch (thrown) {
    if (!(thrown instanceof Refusal) || message?.kind !== 'request') throw thrown;
    writeJson(res, thrown.status, errorMessage(message.id, thrown.error), thrown.headers);
  }
};

/** By what the request says of itself: the header alone makes no session of one, and none of a session. */
const isModern = (inbound: Inbound, messages: readonly Message[]): boolean => {
  const header = fieldIn(inbound, 'mcp-protocol-version');
  if (header !== undefined && eraOf(header) !== 'legacy') return true;
  return messages.some((message) => {
    const meta = message.kind === 'response' ? undefined : message.params['_meta'];
    const version = isJson(meta) ? meta[META.version] : undefined;
    return version !== undefined && (typeof version !== 'string' || eraOf(version) !== 'legacy' || version === MODERN);
  });
};

const identified = async (
  { directory }: Parts,
  { credential, origin, place }: { credential: Credential; origin: string; place: Place },
): Promise<Principal> => {
  try {
    const principal = await directory.identify(credential);
    if (isForCalls(principal)) return principal;
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (fault.code === 'unauthenticated')
      throw new Refusal(401, errorOf(fault, {}), challengeOf(origin, place, credential.kind !== 'none'));
    throw new Refusal(fault.code === 'denied' ? 403 : 503, errorOf(fault, {}));
  }
  throw new Refusal(
    403,
    { code: REFUSED, message: 'this key has no scope `call`; use another one' },
    stepUpOf(origin, place, 'call'),
  );
};

const onGone = (res: ServerResponse, gone: (reason: Fault) => void): void => {
  const closed = (): void => {
    if (!res.writableFinished) gone(new Fault('cancelled', 'the caller went away'));
  };
  if (res.destroyed) closed();
  else res.once('close', closed);
};
