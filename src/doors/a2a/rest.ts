/** A2A over REST: `HTTP+JSON` of 1.0, and the paths of 0.3 below `/v1`. */
import { Fault } from '../../contract/index.ts';
import { MEDIA_TYPE, rpcErrorOf03, statusDocumentOf } from '../../dialects/a2a/index.ts';
import type { Entering } from './entering.ts';
import { extensionsOut } from './extensions.ts';
import { isObject } from './json.ts';
import { paramsFrom03 } from './old.ts';
import { refusal } from './refuse.ts';
import { answerOfRest03, eventOfRest03, paramsOfRest03 } from './rest-old.ts';
import type { Match, Route } from './route.ts';
import { errorOf } from './status.ts';
import { type Version, versionOf } from './version.ts';
import { CHALLENGE, writeEvents, writeJson } from './write.ts';

export const answerRest = async (entering: Entering, route: Extract<Route, { kind: 'rest' }>): Promise<void> => {
  let version: Version = route.version ?? '1.0';
  const type = typeFor(entering, version);
  try {
    version = spoken(entering.version, route.version);
    const match = matchOf(entering, route.matches);
    const { method } = match.facts;
    const performed = await entering.service.perform({
      method,
      params: await paramsOf(entering, match, version),
      addressed: route.addressed,
      inbound: entering.inbound,
      version,
      extensions: entering.extensions,
      left: entering.left,
    });
    const writing = { ...entering, headers: extensionsOut(entering.extensions, version) };
    if (performed.kind === 'many')
      return await writeEvents(writing, performed.events, {
        event: (event) => (version === '1.0' ? event : eventOfRest03(event)),
        fault: (fault) => errorDocument(fault, version),
      });
    const value = version === '1.0' ? performed.value : answerOfRest03(method, performed.value);
    if (method === 'DeleteTaskPushNotificationConfig' && version === '0.3')
      return writeJson(writing, 204, type, undefined);
    writeJson(writing, method === 'CreateTaskPushNotificationConfig' && version === '0.3' ? 201 : 200, type, value);
  } catch (thrown) {
    refuse(entering, type, version, Fault.from(thrown));
  }
};

/** `application/a2a+json`, unless somebody wants plain JSON by name. */
const typeFor = ({ inbound }: Entering, version: Version): string =>
  version === '1.0' && !(inbound.accept.includes('application/json') && !inbound.accept.includes(MEDIA_TYPE))
    ? MEDIA_TYPE
    : 'application/json';

/** Paths below `/v1` are of 0.3, the others of 1.0: whoever says otherwise is told. */
const spoken = (said: string, ofPath: Version | null): Version => {
  if (ofPath !== null) {
    if (said !== '' && versionOf(said) !== ofPath)
      throw refusal(
        'VERSION_NOT_SUPPORTED',
        `paths below /v1 are of A2A ${ofPath}, and A2A-Version says ${said.slice(0, 32)}`,
      );
    return ofPath;
  }
  if (versionOf(said) === '1.0') return '1.0';
  throw refusal(
    'VERSION_NOT_SUPPORTED',
    'this path is of A2A 1.0: send A2A-Version: 1.0; a request without it is one of 0.3, whose paths begin with /v1',
  );
};

const matchOf = ({ req }: Entering, matches: readonly Match[]): Match => {
  const found = matches.find(({ verbs }) => verbs.includes(req.method ?? ''));
  if (found !== undefined) return found;
  const allowed = matches.flatMap(({ verbs }) => verbs).join(', ');
  throw new Fault('bad_request', `this path takes ${allowed} only`, { facts: { status: 405, allow: allowed } });
};

const paramsOf = async (entering: Entering, { facts, named }: Match, version: Version): Promise<unknown> => {
  const body = facts.verb === 'POST' ? ((await entering.body()) ?? {}) : queryIn(entering.query);
  if (!isObject(body)) throw new Fault('bad_request', 'the payload must be an object');
  for (const [name, value] of Object.entries(named))
    if (body[name] !== undefined && body[name] !== value)
      throw new Fault('bad_request', `\`${name}\` of the payload is not the one of the path`);
  if (version === '1.0') return { ...body, ...named };
  return paramsFrom03(facts.method, paramsOfRest03(facts.method, body, named));
};

const NUMBERS: ReadonlySet<string> = new Set(['historyLength', 'pageSize']);
const FLAGS: ReadonlySet<string> = new Set(['includeArtifacts']);
const HEADERS: ReadonlySet<string> = new Set(['a2a-version', 'a2a-extensions', 'x-a2a-extensions']);

const queryIn = (query: URLSearchParams): Record<string, unknown> => {
  const params: Record<string, unknown> = {};
  for (const [name, value] of query) {
    if (HEADERS.has(name.toLowerCase())) continue;
    if (Object.hasOwn(params, name)) throw new Fault('bad_request', `\`${name.slice(0, 64)}\` is in the query twice`);
    if (name === '__proto__') throw new Fault('bad_request', 'a parameter would change prototypes');
    params[name] = NUMBERS.has(name) ? wholeNumber(name, value) : FLAGS.has(name) ? flag(name, value) : value;
  }
  return params;
};

const wholeNumber = (name: string, value: string): number => {
  if (!/^-?\d{1,10}$/.test(value)) throw new Fault('bad_request', `\`${name}\` must be a whole number`);
  return Number(value);
};

const flag = (name: string, value: string): boolean => {
  if (value !== 'true' && value !== 'false') throw new Fault('bad_request', `\`${name}\` must be true or false`);
  return value === 'true';
};

const errorDocument = (fault: Fault, version: Version): object =>
  version === '1.0' ? statusDocumentOf(errorOf(fault)) : rpcErrorOf03(errorOf(fault));

const refuse = (entering: Entering, type: string, version: Version, fault: Fault): void => {
  const { req, res, service } = entering;
  if (fault.code === 'internal') service.options.onInternal?.(fault.cause ?? fault, { path: req.url });
  if (!req.complete) res.shouldKeepAlive = false;
  const { status, allow } = fault.facts;
  const headers: string[] = fault.code === 'unauthenticated' ? [...CHALLENGE] : [];
  if (typeof allow === 'string') headers.push('allow', allow);
  if (fault.retryAfterMs !== undefined) headers.push('retry-after', String(Math.ceil(fault.retryAfterMs / 1_000)));
  const { http } = errorOf(fault);
  writeJson(
    { ...entering, headers },
    status === 405 || (status === 415 && version === '0.3') ? status : http,
    type,
    errorDocument(fault, version),
  );
};
