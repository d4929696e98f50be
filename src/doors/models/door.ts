/** How calls enter in the words of a model API: one payload that names its model, and lists of what may be named. */
import type { IncomingMessage } from 'node:http';
import { type Call, documentIn, eventsIn, Fault, type Principal } from '../../contract/index.ts';
import { type Members, memberIn, membersIn, withMembers } from '../../dialects/index.ts';
import { callFrom, type Inbound, isStreamed, limitsOf, readBody, readInbound, run } from '../http/index.ts';
import type { Entering } from './entering.ts';
import { writeAnswer, writeFault, writeReply } from './reply.ts';
import { listed, targetOf } from './target.ts';
import type { Api, Asked, Forwarded, ModelDoor, ModelDoorOptions, Route } from './words.ts';

export const modelDoor = (options: ModelDoorOptions, api: Api): ModelDoor => {
  const limits = limitsOf(options.limits);
  const { collecting = { bytes: 0 } } = options;
  return (req, res) => {
    const route = api.routeOf(req);
    if (route === undefined) return false;
    void enter({ options, api, limits, collecting, req, res }, route);
    return true;
  };
};

/** Never throws: whatever happens becomes an answer or a closed connection. */
const enter = async (entering: Entering, route: Route): Promise<void> => {
  const { options, api, req, res } = entering;
  const occurrence = { callId: options.world.ids.callId(), traceId: '' };
  try {
    if (options.known !== undefined && req.headers.origin !== undefined)
      throw new Fault('denied', 'web pages cannot call through this listener');
    if (route.kind === 'nowhere') throw new Fault('not_found', 'nothing is served at this path');
    if (route.kind === 'wrong method')
      throw new Fault('bad_request', `this path takes ${route.allow} only`, { facts: { allow: route.allow } });
    const inbound = keyed(readInbound(req.rawHeaders), req);
    const credential = options.known?.(inbound) ?? inbound.credential;
    const trace = inbound.trace ?? { trace: options.world.ids.traceId(), sampled: true };
    occurrence.traceId = trace.trace;
    const principal = await options.directory.identify(credential);
    if (route.kind === 'list' || route.kind === 'model') {
      writeAnswer(entering, await modelsIn(entering, route, principal), occurrence);
      return;
    }
    const asked = route.kind === 'ask' ? await askedOf(entering, route, inbound, principal) : null;
    const forwarded = route.kind === 'kept' ? keptOf(api, route, principal) : forwardedOf(api, asked!);
    await answer(entering, { id: occurrence.callId, inbound, credential, trace, asked, forwarded, principal });
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (fault.code === 'internal') options.onInternal?.(fault, occurrence);
    // What is left of a request that nobody read would be taken for the next one's beginning.
    if (!req.complete) res.shouldKeepAlive = false;
    writeFault(entering, fault, occurrence);
  }
};

/** The SDKs send keys as bearer tokens or in a header of their own; two different ones are an attempt to be read in two ways. */
const keyed = (inbound: Inbound, req: IncomingMessage): Inbound => {
  if (inbound.node !== null)
    throw new Fault('unauthenticated', 'nodes speak the native protocol with each other; send an API key');
  const key = req.headers['x-api-key'];
  if (key === undefined) return inbound;
  if (typeof key !== 'string' || !/^[A-Za-z0-9._~+/-]{1,4096}=*$/.test(key))
    throw new Fault('unauthenticated', 'the header `x-api-key` must be one API key');
  const { credential } = inbound;
  if (credential.kind === 'bearer' && credential.token !== key)
    throw new Fault('unauthenticated', '`authorization` and `x-api-key` hold different keys; send one of them');
  return { ...inbound, credential: { kind: 'bearer', token: key } };
};

const modelsIn = async (
  { options, api, req }: Entering,
  route: Extract<Route, { kind: 'list' | 'model' }>,
  principal: Principal,
): Promise<unknown> => {
  const all = await listed(options.directory, principal);
  if (route.kind === 'list') return api.list(all, new URLSearchParams((req.url ?? '').split('?')[1] ?? ''));
  const found = all.find(({ id }) => id === route.id);
  if (found !== undefined) return api.model(found);
  await targetOf(options.directory, principal, route.id, 'chat');
  throw new Fault('not_found', 'there is no such model for you', { facts: { model: route.id.slice(0, 80) } });
};

const askedOf = async (
  { options, limits, collecting, req }: Entering,
  route: Extract<Route, { kind: 'ask' }>,
  inbound: Inbound,
  principal: Principal,
): Promise<Asked> => {
  if (inbound.contentEncoding !== '' && inbound.contentEncoding !== 'identity')
    throw new Fault('bad_request', 'compressed payloads are not taken; send it as it is');
  if (!/^application\/json\s*(;|$)/i.test(inbound.contentType) || isStreamed(inbound))
    throw new Fault('bad_request', 'the payload must be sent as `application/json`');
  const body = await readBody(req, inbound, limits, collecting);
  const bytes = body.kind === 'bytes' ? body.bytes : new Uint8Array(0);
  const members = membersIn(bytes);
  if (members === undefined) throw new Fault('bad_request', 'the payload must be one JSON object');
  const model = memberIn(bytes, members, 'model');
  if (typeof model !== 'string' || model === '')
    throw new Fault('bad_request', '`model` must be the name of a model', { facts: { param: 'model' } });
  return {
    route,
    bytes,
    members,
    principal,
    target: await targetOf(options.directory, principal, model, route.operation),
  };
};

/** What a policy reads of the payload is the model's own name, however the caller called it. */
const forwardedOf = (api: Api, asked: Asked): Forwarded => {
  const { route, bytes, members, target } = asked;
  const stream = isTrue(bytes, members, 'stream');
  const { changes, pin } = api.forward?.(asked) ?? {};
  const named = target.kind === 'model' ? { model: target.name } : {};
  return {
    target,
    form: route.form,
    stream,
    bytes: withMembers(bytes, members, { ...named, ...changes }),
    ...(pin === undefined ? {} : { pin }),
  };
};

const isTrue = (bytes: Uint8Array, members: Members, name: string): boolean => {
  const value = memberIn(bytes, members, name);
  if (value !== undefined && value !== null && typeof value !== 'boolean')
    throw new Fault('bad_request', `\`${name}\` must be true or false`, { facts: { param: name } });
  return value === true;
};

const keptOf = (api: Api, route: Extract<Route, { kind: 'kept' }>, principal: Principal): Forwarded => {
  if (api.kept === undefined) throw new Fault('not_found', 'nothing is served at this path');
  return api.kept(route, principal);
};

interface Answering {
  readonly id: string;
  readonly inbound: Inbound;
  readonly credential: Call['credential'];
  readonly trace: Call['trace'];
  readonly asked: Asked | null;
  readonly forwarded: Forwarded;
  readonly principal: Principal;
}

const answer = ({ options, api, res, ...entering }: Entering, answering: Answering): Promise<void> => {
  const { world, goingAway } = options;
  const { asked, forwarded, principal } = answering;
  const call = callOf(api, answering);
  return run({ world, handler: options.handler(), res, goingAway }, call, async (reply, cancel) => {
    const revised = (await api.revise?.(reply, { forwarded, asked, principal })) ?? reply;
    await writeReply({ options, api, res, ...entering }, { call, form: forwarded.form, cancel }, revised);
  });
};

const callOf = (api: Api, { id, inbound, credential, trace, forwarded }: Answering): Call =>
  callFrom(inbound, {
    id,
    credential,
    target: forwarded.target,
    contentType: documentIn(forwarded.form),
    accept: forwarded.stream ? eventsIn(forwarded.form) : documentIn(forwarded.form),
    body: { kind: 'bytes', bytes: forwarded.bytes },
    headers: inbound.passed.filter(([name]) => api.passes.has(name)),
    trace,
    stream: forwarded.stream,
    pin: forwarded.pin,
  });
