/** How a person at a browser enters: a page, a trip to the provider or a key, and from then on a session. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Fault } from '../../contract/index.ts';
import { isFromThisMachine } from '../admin/index.ts';
import { writeProblem } from '../native/index.ts';
import { arrivedPage, loginPage, SAFE_HEADERS, writePage } from './pages.ts';
import type { LoginPorts, SessionView } from './port.ts';

/** True when the request is this door's and will be answered by it. */
export type LoginDoor = (req: IncomingMessage, res: ServerResponse) => boolean;

type Serve = (asked: Asked) => Promise<void>;

interface Asked {
  readonly ports: LoginPorts;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly query: URLSearchParams;
}

export const loginDoor =
  (ports: LoginPorts, random: () => number): LoginDoor =>
  (req, res) => {
    const [path = '', search = ''] = (req.url ?? '').split('?', 2);
    const serve = ROUTES.get(`${req.method} ${path}`);
    if (serve === undefined) return false;
    serve({ ports, req, res, query: new URLSearchParams(search) }).catch((thrown: unknown) => {
      if (!req.complete) res.shouldKeepAlive = false;
      writeProblem(res, Fault.from(thrown), {}, random, {});
    });
    return true;
  };

const TICKET = 'airspace-login';
/** Lax, unlike the session's: the browser comes back from another site with it. It opens nothing by itself. */
const ticketCookie = (value: string, secure: boolean): string =>
  `${TICKET}=${value}; Path=/login; HttpOnly; SameSite=Lax; Max-Age=${value === '' ? 0 : 600}${secure ? '; Secure' : ''}`;

/** Only a path of ours: whoever writes the link must not choose another site. */
const pathIn = (to: string | null): string => (to !== null && /^\/(?![/\\])[\w\-./~%?&=]*$/.test(to) ? to : '/session');

const showLogin: Serve = async ({ ports, req, res, query }) => {
  const to = pathIn(query.get('to'));
  const chosen = query.get('provider');
  if (chosen === null) {
    writePage(res, loginPage(ports.providers(), ports.keys && isFromThisMachine(req), to));
    return;
  }
  const { url, ticket } = await ports.begin(chosen, callbackOf(ports, req));
  const value = `${ticket}.${Buffer.from(to).toString('base64url')}`;
  res.writeHead(302, { ...SAFE_HEADERS, location: url, 'set-cookie': ticketCookie(value, ports.secure) }).end();
};

const originOf = ({ secure }: LoginPorts, { headers: { host = '' } }: IncomingMessage): string =>
  `${secure ? 'https' : 'http'}://${host}`;
const callbackOf = (ports: LoginPorts, req: IncomingMessage): string => `${originOf(ports, req)}/login/callback`;

const comeBack: Serve = async ({ ports, req, res }) => {
  const [ticket = '', to = ''] = (cookieOf(req, TICKET) ?? '').split('.');
  const session = await ports.finish(ticket, new URL(req.url ?? '/', originOf(ports, req)));
  const cookies = [ports.cookie(session), ticketCookie('', ports.secure)];
  writePage(res, arrivedPage(pathIn(Buffer.from(to, 'base64url').toString())), { cookies });
};

const cookieOf = ({ headers: { cookie = '' } }: IncomingMessage, name: string): string | undefined =>
  cookie
    .split(';')
    .map((pair) => pair.trim())
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);

const loginByKey: Serve = async ({ ports, req, res }) => {
  refuseForeignForm(ports, req);
  if (!ports.keys || !isFromThisMachine(req))
    throw new Fault('denied', 'API keys are taken on the machine of the node only');
  const fields = await formOf(req);
  const session = ports.byKey(fields.get('key') ?? '', req.socket.remoteAddress ?? '');
  writePage(res, arrivedPage(pathIn(fields.get('to'))), { cookies: [ports.cookie(session)] });
};

const logout: Serve = async ({ ports, req, res }) => {
  refuseForeignForm(ports, req);
  const fields = await formOf(req);
  const session = sessionOf(ports, req);
  if (!ports.isCsrf(session, fields.get('csrf') ?? undefined))
    throw new Fault('denied', 'the form has no token of this session');
  ports.end(req);
  writePage(res, loginPage(ports.providers(), ports.keys && isFromThisMachine(req), '/session'), {
    cookies: [ports.cookie('')],
  });
};

const showSession: Serve = async ({ ports, req, res }) => {
  const { principal, csrf } = sessionOf(ports, req);
  const { kind, tenant, id, roles } = principal;
  const body = JSON.stringify({ kind, tenant, id, roles, csrf });
  res.writeHead(200, { ...SAFE_HEADERS, 'content-type': 'application/json' }).end(body);
};

const sessionOf = (ports: LoginPorts, req: IncomingMessage): SessionView => {
  const session = ports.session(req);
  if (session === undefined) throw new Fault('unauthenticated', 'nobody is logged in here; open /login');
  return session;
};

/** A browser names the page that a form is on. Who names none is no browser of today, and logs in with a header instead. */
const refuseForeignForm = (ports: LoginPorts, req: IncomingMessage): void => {
  if (req.headers.origin !== originOf(ports, req))
    throw new Fault('denied', 'this form is on a page of another origin');
};

const MOST_BYTES = 4_096;

const formOf = async (req: IncomingMessage): Promise<URLSearchParams> => {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(req.headers['content-type'] ?? ''))
    throw new Fault('bad_request', 'send `content-type: application/x-www-form-urlencoded`');
  let text = '';
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    text += (chunk as Buffer).toString('latin1');
    if (text.length > MOST_BYTES) throw new Fault('too_large', `a form has at most ${MOST_BYTES} bytes`);
  }
  return new URLSearchParams(text);
};

const ROUTES: ReadonlyMap<string, Serve> = new Map([
  ['GET /login', showLogin],
  ['POST /login', loginByKey],
  ['GET /login/callback', comeBack],
  ['GET /session', showSession],
  ['POST /logout', logout],
]);
