/** A2A over JSON-RPC 2.0: one request in a POST, one answer or events that are answers to it. */
import { Fault } from '../../contract/index.ts';
import { byMethod, byMethod03, rpcErrorOf, rpcErrorOf03 } from '../../dialects/a2a/index.ts';
import type { Entering } from './entering.ts';
import { extensionsOut } from './extensions.ts';
import { isObject } from './json.ts';
import { answerIn03, eventIn03, paramsFrom03 } from './old.ts';
import type { Route } from './route.ts';
import { errorOf } from './status.ts';
import { type Version, versionOf } from './version.ts';
import { CHALLENGE, writeEvents, writeJson, writeOneEvent } from './write.ts';

interface Request {
  readonly id: string | number | null;
  readonly method: string;
  readonly params: unknown;
}

const JSON_TYPE = 'application/json';

export const answerRpc = async (entering: Entering, { addressed }: Extract<Route, { kind: 'rpc' }>): Promise<void> => {
  const { req, service } = entering;
  let id: Request['id'] = null;
  let version: Version = '1.0';
  try {
    if (req.method !== 'POST') throw invalid('this path takes POST only');
    const payload = await entering.body();
    id = idIn(payload);
    version = versionOf(entering.version);
    const request = requestIn(payload);
    const facts = version === '1.0' ? byMethod(request.method) : byMethod03(request.method);
    if (facts === undefined) throw unknown(request.method, version, entering.version);
    const { method } = facts;
    const performed = await service.perform({
      method,
      params: version === '1.0' ? named(request.params) : paramsFrom03(method, request.params),
      addressed,
      inbound: entering.inbound,
      version,
      extensions: entering.extensions,
      left: entering.left,
    });
    const writing = { ...entering, headers: extensionsOut(entering.extensions, version) };
    const answer = (result: unknown) => ({ jsonrpc: '2.0', id, result });
    if (performed.kind === 'one')
      return writeJson(
        writing,
        200,
        JSON_TYPE,
        answer(version === '1.0' ? performed.value : answerIn03(method, performed.value)),
      );
    await writeEvents(writing, performed.events, {
      event: (event) => answer(version === '1.0' ? event : eventIn03(event)),
      fault: (fault) => errorAnswer(id, fault, version),
    });
  } catch (thrown) {
    refuse(entering, id, version, Fault.from(thrown));
  }
};

const errorAnswer = (id: Request['id'], fault: Fault, version: Version): object => ({
  jsonrpc: '2.0',
  id,
  error: version === '1.0' ? rpcErrorOf(errorOf(fault)) : rpcErrorOf03(errorOf(fault)),
});

/** Errors of JSON-RPC are answers; only what HTTP itself must know has a status of its own. */
const refuse = (entering: Entering, id: Request['id'], version: Version, fault: Fault): void => {
  const { req, res, service } = entering;
  if (fault.code === 'internal') service.options.onInternal?.(fault.cause ?? fault, { path: req.url });
  if (!req.complete) res.shouldKeepAlive = false;
  const headers: string[] = fault.code === 'unauthenticated' ? [...CHALLENGE] : [];
  if (req.method !== 'POST') headers.push('allow', 'POST');
  const status = statusOf(req.method ?? '', fault);
  const answer = errorAnswer(id, fault, version);
  if (status === 200 && wantsEventsOnly(req)) writeOneEvent({ ...entering, headers }, answer);
  else writeJson({ ...entering, headers }, status, JSON_TYPE, answer);
};

/** Clients that began a stream look into nothing else: a document would only tell them that it is none. */
const wantsEventsOnly = ({ headers: { accept = '' } }: Entering['req']): boolean =>
  accept.includes('text/event-stream') && !/json|\*\/\*/.test(accept);

const statusOf = (method: string, { code, facts }: Fault): number => {
  if (method !== 'POST') return 405;
  if (code === 'unauthenticated') return 401;
  if (code === 'too_large') return 413;
  return typeof facts['status'] === 'number' && facts['status'] === 415 ? 415 : 200;
};

const invalid = (message: string): Fault => new Fault('bad_request', message, { facts: { rpc: 'INVALID_REQUEST' } });

const unknown = (method: string, version: Version, said: string): Fault => {
  const other = (version === '1.0' ? byMethod03(method) : byMethod(method)) !== undefined;
  const hint = other
    ? version === '1.0'
      ? '; it is a method of 0.3, and A2A-Version says 1.0'
      : `; it is a method of 1.0: ${said === '' ? 'a request without A2A-Version is one of 0.3, so ' : ''}send A2A-Version: 1.0`
    : '';
  return new Fault('bad_request', `there is no method \`${method.slice(0, 100)}\` in A2A ${version}${hint}`, {
    facts: { rpc: 'METHOD_NOT_FOUND' },
  });
};

const idIn = (payload: unknown): Request['id'] => {
  const id = isObject(payload) ? payload['id'] : null;
  return typeof id === 'string' || (typeof id === 'number' && Number.isFinite(id)) ? id : null;
};

/** Throws with the reason `INVALID_REQUEST`. Lists of requests are none, and a request without id wants no answer: nothing here is that. */
const requestIn = (payload: unknown): Request => {
  if (!isObject(payload)) throw invalid('the payload must be one JSON-RPC request');
  const { jsonrpc, id, method, params, ...others } = payload;
  if (jsonrpc !== '2.0') throw invalid('`jsonrpc` must be "2.0"');
  if (typeof method !== 'string' || method === '') throw invalid('`method` must be a text');
  if (id !== null && idIn(payload) === null) throw invalid('`id` must be a text or a number');
  const [other] = Object.keys(others);
  if (other !== undefined) throw invalid(`\`${other.slice(0, 64)}\` is no member of a request`);
  return { id: idIn(payload), method, params };
};

const named = (params: unknown): unknown => {
  if (params === undefined || isObject(params)) return params ?? {};
  throw new Fault('bad_request', '`params` must be an object');
};
