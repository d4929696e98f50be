/** How administration enters: one table of routes, one order of checks, and everything else is somebody else's path. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import { DEFAULT_TENANT, Fault, type NodeEntry, type Principal, type Rights } from '../../contract/index.ts';
import { writeProblem } from '../native/index.ts';
import { type Answer, writeAnswer, writeDocuments, writeStream } from './answer.ts';
import { assertionOf, authorise, credentialOf, isFromThisMachine, refuseForeignPages } from './authorise.ts';
import { type Match, matchOf } from './match.ts';
import type { AdminPorts, BrowserSession } from './ports.ts';
import { type OpenRequest, openRequest } from './request.ts';
import type { AdminRoute } from './routes.ts';

/** True when the request is this door's and will be answered by it. */
export type AdminDoor = (req: IncomingMessage, res: ServerResponse) => boolean;

export const adminDoor =
  (ports: AdminPorts): AdminDoor =>
  (req, res) => {
    const [path = '', search = ''] = (req.url ?? '').split('?', 2);
    const match = matchOf(path);
    if (match === undefined) return false;
    void enter(ports, { req, res, match, search });
    return true;
  };

interface Entering {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly match: Match;
  readonly search: string;
}

/** Never throws: whatever happens becomes an answer or a closed connection. */
const enter = async (ports: AdminPorts, entering: Entering): Promise<void> => {
  const { req, match, search } = entering;
  try {
    refuseForeignPages(req);
    const route = match.routes.get(req.method ?? '');
    if (route === undefined) {
      const allow = [...match.routes.keys()].join(', ');
      const detail = { status: 405, headers: ['allow', allow] };
      refuse(ports, entering, new Fault('bad_request', `this path takes ${allow} only`), detail);
      return;
    }
    await finish(ports, entering, await answerOf(ports, req, route, openRequest(ports, req, match.param, search)));
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code === 'internal') ports.onInternal?.(thrown, req.url ?? '');
    refuse(ports, entering, Fault.from(thrown), {});
  }
};

interface Answered {
  readonly answer: Answer;
  /** Asked for as long as the answer goes on. */
  readonly mayGoOn: () => boolean | Promise<boolean>;
}

const answerOf = async (
  ports: AdminPorts,
  req: IncomingMessage,
  route: AdminRoute,
  asked: OpenRequest,
): Promise<Answered> => {
  // Assertions of nodes live shorter than streams; the node link itself ends the stream of a node that was removed.
  if (route.proof === 'node')
    return { answer: await route.serve({ ...asked, node: nodeOf(ports, req, asked.param) }), mayGoOn: yes };
  if (route.proof === 'key') {
    const principal = isLocalScrape(ports, req, route) ? SCRAPER : await resolve(ports, req);
    const rights = authorise(principal, route.access);
    const answer = await route.serve({ ...asked, principal, rights, theirs: ports.belonging(rights) });
    return { answer, mayGoOn: () => reachesStill(ports, req, route, rights) };
  }
  if (route.proof === 'machine' && !isFromThisMachine(req))
    throw new Fault('denied', 'this is answered on the machine of the node only');
  return { answer: await route.serve(asked), mayGoOn: yes };
};

const nodeOf = ({ nodes }: AdminPorts, req: IncomingMessage, id: string): NodeEntry => {
  const node = nodes.authenticate(assertionOf(req));
  if (node.id !== id) throw new Fault('denied', 'a node may ask this about itself only');
  return node;
};

const resolve = ({ resolver, sessions, world }: AdminPorts, req: IncomingMessage): Principal | Promise<Principal> => {
  const session = req.headers.authorization === undefined ? sessions?.resolve(req) : undefined;
  if (session === undefined) return resolver.resolve(credentialOf(req), world.clock.wallMs());
  if (req.method !== 'GET') throwIfForged(session, req);
  return session.principal;
};

/** A browser sends cookies whoever asks it to; the token of a session only a page of ours can know. */
const throwIfForged = (session: BrowserSession, { headers }: IncomingMessage): void => {
  const shown = headers['x-airspace-csrf'];
  if (!session.isCsrf(typeof shown === 'string' ? shown : undefined))
    throw new Fault('denied', 'with a session, send its token in `x-airspace-csrf`; `GET /session` says it');
};

const SCRAPER: Principal = { kind: 'user', tenant: DEFAULT_TENANT, id: 'local-scraper', roles: ['viewer'] };

const isLocalScrape = (ports: AdminPorts, req: IncomingMessage, route: AdminRoute): boolean =>
  ports.openMetrics === true && route.path === '/metrics' && isFromThisMachine(req);

const finish = async (ports: AdminPorts, { req, res }: Entering, { answer, mayGoOn }: Answered): Promise<void> => {
  if (res.destroyed) return;
  const { signal, world } = ports;
  const streaming = { clock: world.clock, signal, mayGoOn };
  if (answer.kind === 'stream') writeStream(res, answer, streaming);
  else if (answer.kind === 'documents') await writeDocuments(res, answer, streaming);
  else {
    if (!req.complete) res.shouldKeepAlive = false;
    writeAnswer(res, answer);
  }
};

/** Is it still somebody, and do they reach as far as when they asked? */
const reachesStill = (
  ports: AdminPorts,
  req: IncomingMessage,
  { access }: Extract<AdminRoute, { proof: 'key' }>,
  rights: Rights,
): boolean | Promise<boolean> => {
  const asFar = (principal: Principal): boolean => isDeepStrictEqual(authorise(principal, access), rights);
  try {
    const found = resolve(ports, req);
    return found instanceof Promise ? found.then(asFar).catch(no) : asFar(found);
  } catch {
    return false;
  }
};

const yes = (): boolean => true;
const no = (): boolean => false;

interface HttpDetail {
  readonly status?: number;
  readonly headers?: readonly string[];
}

const refuse = (ports: AdminPorts, { req, res }: Entering, fault: Fault, detail: HttpDetail): void => {
  // What is left of a request that nobody read would be taken for the next one's beginning.
  if (!req.complete) res.shouldKeepAlive = false;
  writeProblem(res, fault, {}, ports.world.random, detail);
};
