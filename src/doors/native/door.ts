/** How a call enters in Airspace's own protocol: one POST per call, its answer or a problem document, and records to poll. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Call, type CancelSignal, Fault, formOf, unresolvedTarget } from '../../contract/index.ts';
import type { Handler, World } from '../../kernel/index.ts';
import {
  type BodyLimits,
  type Collecting,
  callFrom,
  type Inbound,
  isStreamed,
  limitsOf,
  type NodeSays,
  readBody,
  readInbound,
  run,
} from '../http/index.ts';
import type { AsyncCalls } from './port.ts';
import { type HttpDetail, type Occurrence, writeProblem } from './problem.ts';
import { answerRecord } from './records.ts';
import { writeReply } from './reply.ts';
import { allowedMethods, PATHS, type Route, routeOf } from './route.ts';

export interface NativeDoorOptions {
  /** Asked once per call, so that a new snapshot takes effect with the next call. */
  readonly handler: () => Handler;
  readonly world: World;
  /** Answers about calls that asked for `prefer: respond-async` (`detach`). Absent: such calls are refused. */
  readonly calls?: AsyncCalls;
  readonly limits?: Partial<BodyLimits>;
  /** What is being collected now, by all doors of a listener together: nobody is identified yet. Default: by this one alone. */
  readonly collecting?: Collecting;
  /** Takes faults whose causes only the operator may see: those with code `internal`. */
  readonly onInternal?: (fault: Fault, occurrence: Occurrence) => void;
  /**
   * A listener that only one known process can reach says here who that is; its word replaces the credential.
   * Such a door refuses requests of web pages: a browser on the same machine is not that process.
   */
  readonly known?: (inbound: Inbound) => Call['credential'];
  /** Cancelled late in a drain (3.9): what is still open then ends with that reason instead of a broken connection. */
  readonly goingAway?: CancelSignal;
}

/** True when the request is this door's and will be answered by it. */
export type NativeDoor = (req: IncomingMessage, res: ServerResponse) => boolean;

export const nativeDoor = (options: NativeDoorOptions): NativeDoor => {
  const limits = limitsOf(options.limits);
  const { collecting = { bytes: 0 } } = options;
  return (req, res) => {
    const route = routeOf(req.method ?? '', req.url ?? '');
    if (route === undefined) return false;
    void enter({ options, limits, collecting, req, res }, route);
    return true;
  };
};

interface Entering {
  readonly options: NativeDoorOptions;
  readonly limits: BodyLimits;
  readonly collecting: Collecting;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** Never throws: whatever happens becomes an answer or a closed connection. */
const enter = async (entering: Entering, route: Route): Promise<void> => {
  const occurrence: { callId?: string; traceId?: string } = {};
  try {
    checkMethod(entering.req, route);
    if (entering.options.known !== undefined && entering.req.headers.origin !== undefined)
      throw new Fault('denied', 'web pages cannot call through this listener');
    const inbound = readInbound(entering.req.rawHeaders);
    if (route.kind === 'record') await record(entering, route, inbound);
    else if (route.kind === 'call') await call(entering, { target: route.target }, inbound, occurrence);
    else if (route.kind === 'capability') await call(entering, forCapability(route, inbound), inbound, occurrence);
  } catch (thrown) {
    refuse(entering, thrown, occurrence);
  }
};

/** A refusal that HTTP has its own status for. */
class HttpRefusal extends Error {
  readonly fault: Fault;
  readonly detail: HttpDetail;

  constructor(fault: Fault, detail: HttpDetail) {
    super(fault.message);
    this.fault = fault;
    this.detail = detail;
  }
}

const checkMethod = (req: IncomingMessage, route: Route): void => {
  if (route.kind === 'nowhere') throw new Fault('not_found', `nothing is served at this path; there is ${PATHS}`);
  const allowed = allowedMethods(route);
  if (allowed.includes(req.method ?? '')) return;
  const allow = allowed.join(', ');
  throw new HttpRefusal(new Fault('bad_request', `this path takes ${allow} only`), {
    status: 405,
    headers: ['allow', allow],
  });
};

const refuse = ({ options, req, res }: Entering, thrown: unknown, occurrence: Occurrence): void => {
  const fault = thrown instanceof HttpRefusal ? thrown.fault : Fault.from(thrown);
  if (fault.code === 'internal') options.onInternal?.(fault, occurrence);
  // What is left of a request that nobody read would be taken for the next one's beginning.
  if (!req.complete) res.shouldKeepAlive = false;
  writeProblem(res, fault, occurrence, options.world.random, thrown instanceof HttpRefusal ? thrown.detail : {});
};

/** Whom a call is for. */
type For = Pick<Call, 'target' | 'capability'>;

/** A range that is said twice must be the same one: otherwise somebody reads another call in it than we do. */
const forCapability = ({ name, ranges }: Extract<Route, { kind: 'capability' }>, { range }: Inbound): For => {
  const said = new Set([...ranges, ...(range === undefined ? [] : [range])]);
  if (said.size > 1)
    throw new Fault('bad_request', `the range of \`${name}\` is said in two ways; say it once, as \`${name}@^2\``);
  const asked = { name, range: [...said][0] ?? null };
  return { target: unresolvedTarget(asked), capability: { asked } };
};

const call = async (
  entering: Entering,
  whom: For,
  inbound: Inbound,
  occurrence: { callId?: string; traceId?: string },
): Promise<void> => {
  const { options, limits, collecting, req } = entering;
  const { ids } = options.world;
  const id = inbound.node?.callId ?? ids.callId();
  const trace = inbound.trace ?? { trace: ids.traceId(), sampled: true };
  occurrence.callId = id;
  occurrence.traceId = trace.trace;
  if (inbound.node === null && (formOf(inbound.contentType) !== 'plain' || formOf(inbound.accept) !== 'plain'))
    throw new Fault('bad_request', 'forms of payloads are between nodes; call through the door of that protocol');
  if (inbound.contentEncoding !== '' && inbound.contentEncoding !== 'identity')
    throw new HttpRefusal(new Fault('bad_request', 'compressed payloads are not taken; send it as it is'), {
      status: 415,
      headers: ['accept-encoding', 'identity'],
    });
  if (inbound.respondAsync && (options.calls === undefined || isStreamed(inbound)))
    throw new Fault('bad_request', '`prefer: respond-async` needs a collected payload and a node that keeps calls');
  const body = await readBody(req, inbound, limits, collecting);
  await answer(entering, callOf(options, { id, trace, whom, body, inbound }));
};

interface Parts {
  readonly id: string;
  readonly trace: Call['trace'];
  readonly whom: For;
  readonly body: Call['body'];
  readonly inbound: Inbound;
}

const callOf = (options: NativeDoorOptions, { id, trace, whom, body, inbound }: Parts): Call => {
  const { contentType, accept, passed, node } = inbound;
  const call = callFrom(inbound, {
    id,
    credential: options.known?.(inbound) ?? inbound.credential,
    target: whom.target,
    contentType,
    accept,
    body,
    headers: passed,
    trace,
    stream: accept.includes('text/event-stream'),
    pin: node?.pin,
  });
  return {
    ...call,
    ...(whom.capability === undefined ? {} : { capability: whom.capability }),
    ...(inbound.respondAsync ? { detach: true } : {}),
    ...(node === null ? {} : saidBy(node)),
  };
};

/** What only another node may say of a call. */
const saidBy = ({ lineage, via, retriedElsewhere, approval, decided }: NodeSays): Partial<Call> => ({
  lineage,
  via,
  retriedElsewhere,
  ...(approval === undefined ? {} : { grant: { kind: 'told', token: approval } }),
  ...(decided === undefined ? {} : { decided }),
});

const answer = ({ options, res }: Entering, entered: Call): Promise<void> => {
  const { world, goingAway } = options;
  return run({ world, handler: options.handler(), res, goingAway }, entered, (reply, cancel) =>
    writeReply({ res, call: entered, clock: world.clock, cancel }, reply),
  );
};

const record = async (
  { options, res }: Entering,
  route: Extract<Route, { kind: 'record' }>,
  inbound: Inbound,
): Promise<void> => {
  const credential = options.known?.(inbound) ?? inbound.credential;
  if (credential.kind === 'none') throw new Fault('unauthenticated', 'send `authorization: Bearer` and an API key');
  const found = await (res.req.method === 'DELETE'
    ? options.calls?.cancel(credential, route.id)
    : options.calls?.get(credential, route.id));
  if (found === undefined) throw new Fault('not_found', `there is no call \`${route.id}\` of yours`);
  // Whoever has the answer here would otherwise get it again for the next call that is the same.
  if (route.reply && found.reply !== null) await options.calls?.collected?.(credential, route.id);
  answerRecord(res, found, route.reply, options.world.random);
};
