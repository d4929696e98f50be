/** Pages for people who decide about calls: drawn on the node, without a script, and deaf to every other site. */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ApprovalView, type Clock, Fault, MAX_BODY_LIMIT } from '../../contract/index.ts';
import { type ApprovalPort, isFromThisMachine, refuseForeignPages } from '../admin/index.ts';
import { PROBLEMS } from '../native/index.ts';
import { BRAND, documentOf, frame, STYLE_PATH, type Visitor } from './frame.ts';
import { type Html, html, visible } from './html.ts';
import type { Logins } from './logins.ts';
import { oneOf } from './one.ts';
import { STYLE } from './style.ts';

export interface PagesOptions {
  readonly approvals: ApprovalPort;
  readonly clock: Clock;
  readonly whoIs: (req: IncomingMessage) => Visitor | undefined | Promise<Visitor | undefined>;
  /** Ends the session of a request. Answers the `set-cookie` that takes the cookie away. */
  readonly signOut: (req: IncomingMessage) => string;
  /** Lets people in by their key, from this machine only. Absent: they come from somewhere else. */
  readonly logins?: Logins;
  readonly onInternal?: (thrown: unknown, path: string) => void;
}

export const pagesDoor =
  (options: PagesOptions) =>
  (req: IncomingMessage, res: ServerResponse): boolean => {
    const [path = ''] = (req.url ?? '').split('?', 1);
    if (path !== '/approvals' && !path.startsWith('/approvals/')) return false;
    void enter({ options, req, res, path });
    return true;
  };

interface Entering {
  readonly options: PagesOptions;
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly path: string;
}

/** Never throws. */
const enter = async (entering: Entering): Promise<void> => {
  try {
    await serve(entering);
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (fault.code === 'internal') entering.options.onInternal?.(thrown, entering.path);
    if (!entering.req.complete) entering.res.shouldKeepAlive = false;
    writePage(entering.res, PROBLEMS[fault.code].status, documentOf('Airspace', plain(fault.message)));
  }
};

const plain = (message: string): Html =>
  html`<div class="login">${BRAND}<p>${visible(message)}</p><a class="sub" href="/approvals">back to the approvals</a></div>`;

const serve = async (entering: Entering): Promise<void> => {
  const { options, req, res, path } = entering;
  if (req.method !== 'GET' && req.method !== 'POST') throw new Fault('bad_request', 'pages take GET and POST only');
  if (path === STYLE_PATH && req.method === 'GET') return write(res, 200, STYLE, 'text/css; charset=utf-8');
  const form = req.method === 'POST' ? await formOf(req) : undefined;
  if (form !== undefined && path === '/approvals/login') return login(entering, form);
  const visitor = await options.whoIs(req);
  if (visitor === undefined) return askForKey(entering);
  const [, id = ''] = /^\/approvals\/([0-9a-f]{32})$/.exec(path) ?? [];
  if (form === undefined) return id === '' && path !== '/approvals' ? notThere() : show(entering, visitor, id);
  if (!same(form.get('csrf') ?? '', visitor.csrf))
    throw new Fault('denied', 'this form is not of this session; load the page again');
  if (path === '/approvals/logout') return redirect(res, '/approvals', options.signOut(req));
  return id === '' ? notThere() : act(entering, visitor, id, form);
};

const notThere = (): never => {
  throw new Fault('not_found', 'there is no such page');
};

const LISTED = 100;

const show = async ({ options, res }: Entering, visitor: Visitor, id: string, problem?: Fault): Promise<void> => {
  const { approvals, clock } = options;
  const view = id === '' ? undefined : await approvals.get(visitor.principal, id);
  const items = await approvals.list(visitor.principal, undefined, LISTED);
  const nowMs = clock.wallMs();
  const main =
    view === undefined
      ? html`<p class="empty">choose a call on the left: you see exactly what it would send</p>`
      : oneOf(view, visitor, nowMs, problem?.message);
  const page = documentOf(titleOf(view), frame({ visitor, items, selected: id, nowMs, main }));
  writePage(res, problem === undefined ? 200 : PROBLEMS[problem.code].status, page);
};

const titleOf = (view: ApprovalView | undefined): string =>
  view === undefined ? 'Approvals' : `${view.target} · Approvals`;

const act = async (entering: Entering, visitor: Visitor, id: string, form: URLSearchParams): Promise<void> => {
  const { approvals } = entering.options;
  const { principal } = visitor;
  const [digest, comment] = [form.get('digest') ?? '', (form.get('comment') ?? '').trim().slice(0, 1_000)];
  const check = form.get('check');
  const seen = check === null ? {} : { check };
  try {
    const verdict = form.get('act');
    if (verdict === 'approve' || verdict === 'deny')
      await approvals.vote(principal, id, { verdict, digest, comment, ...seen });
    else if (verdict === 'edit') await approvals.edit(principal, id, { body: form.get('body') ?? '', digest, comment });
    else throw new Fault('bad_request', 'a form must approve, deny or edit');
  } catch (thrown) {
    const fault = Fault.from(thrown);
    if (fault.code === 'not_found' || fault.code === 'internal') throw thrown;
    return show(entering, visitor, id, fault);
  }
  redirect(entering.res, `/approvals/${id}`);
};

const askForKey = ({ options, req, res }: Entering, problem?: string): void => {
  if (options.logins === undefined) throw new Fault('unauthenticated', 'sign in first');
  if (!isFromThisMachine(req)) throw new Fault('denied', 'signing in with a key works on the machine of the node only');
  const form = html`<form class="login" method="post" action="/approvals/login">${BRAND}<h1>Approvals</h1>
${problem !== undefined && html`<p class="note bad">${problem}</p>`}
<label>Your API key<input type="password" name="key" autocomplete="off" autofocus required></label><button class="yes">Sign in</button>
<span class="sub">it stays in the memory of this node, for an hour</span></form>`;
  writePage(res, 401, documentOf('Sign in', form));
};

const login = async (entering: Entering, form: URLSearchParams): Promise<void> => {
  const { options, req, res } = entering;
  if (options.logins === undefined || !isFromThisMachine(req))
    throw new Fault('denied', 'signing in with a key works on the machine of the node only');
  try {
    redirect(res, '/approvals', await options.logins.begin((form.get('key') ?? '').trim(), isSecure(req)));
  } catch {
    askForKey(entering, 'this key opens nothing');
  }
};

export const isSecure = ({ socket }: IncomingMessage): boolean => 'encrypted' in socket && socket.encrypted === true;

const same = (given: string, expected: string): boolean => {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
};

/** Only of a form of ours: another origin is refused before anything is read. */
const formOf = async (req: IncomingMessage): Promise<URLSearchParams> => {
  refuseForeignPages(req);
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(req.headers['content-type'] ?? ''))
    throw new Fault('bad_request', 'this is no form');
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).byteLength;
    // Escapes make three bytes of one.
    if (size > 3 * MAX_BODY_LIMIT) throw new Fault('too_large', 'this form is too large');
    chunks.push(chunk as Buffer);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
};

/** T33: nothing is loaded but the style, nothing is sent but to us, and nobody puts it into a frame. */
const POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const write = (
  res: ServerResponse,
  status: number,
  text: string,
  contentType: string,
  more: readonly string[] = [],
): void => {
  res.writeHead(status, [
    ...['content-type', contentType, 'content-length', String(Buffer.byteLength(text))],
    ...['content-security-policy', POLICY, 'x-frame-options', 'DENY', 'x-content-type-options', 'nosniff'],
    // Not `no-referrer`: a form would then come from nowhere, and we ask where it comes from.
    ...['referrer-policy', 'same-origin', 'cross-origin-opener-policy', 'same-origin', 'cache-control', 'no-store'],
    ...more,
  ]);
  res.end(text);
};

const writePage = (res: ServerResponse, status: number, page: string): void => {
  if (!res.headersSent) write(res, status, page, 'text/html; charset=utf-8');
};

const redirect = (res: ServerResponse, to: string, cookie?: string): void =>
  write(res, 303, '', 'text/plain', ['location', to, ...(cookie === undefined ? [] : ['set-cookie', cookie])]);
