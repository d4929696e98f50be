/** The pages: what an agent wrote can do nothing in them, and nothing but their own forms can do anything to them. */
import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type ApprovalView, Fault, type PlanCheck, type Principal } from '../../contract/index.ts';
import { VirtualWorld } from '../../kernel/index.ts';
import { APPROVAL } from '../admin/testing/served.ts';
import { indented, visible } from './html.ts';
import { Logins, pagesDoor } from './index.ts';

const ANN: Principal = { kind: 'user', tenant: 'default', id: 'ann', roles: ['finance'] };
const { clock } = new VirtualWorld(1);
const resolve = (credential: { kind: string; token?: string }): Principal => {
  if (credential.token !== 'air_key' || revoked) throw new Fault('unauthenticated', 'no');
  return ANN;
};
let revoked = false;
let view: ApprovalView = APPROVAL;
let asked: unknown[] = [];
let fault: Fault | undefined;
let url = '';

const note = async (what: unknown): Promise<ApprovalView> => {
  asked.push(what);
  if (fault !== undefined) throw fault;
  return view;
};
const logins = new Logins(resolve as never, clock);
const door = pagesDoor({
  approvals: {
    list: async () => [view],
    get: async (_, id) => {
      if (id !== view.id) throw new Fault('not_found', `there is no approval \`${id}\``);
      return view;
    },
    vote: (who, id, ballot) => note({ who: who.id, id, ...ballot }),
    edit: (who, id, change) => note({ who: who.id, id, ...change }),
  },
  clock,
  logins,
  whoIs: (req) => logins.whoIs(req),
  signOut: (req) => logins.end(req, false),
});
const server = http.createServer((req, res) => {
  if (!door(req, res)) res.writeHead(404).end();
});

before(async () => {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  [revoked, view, asked, fault] = [false, APPROVAL, [], undefined];
});

const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(`${url}${path}`, { method: 'POST', redirect: 'manual', headers, body: new URLSearchParams(fields) });

const signIn = async (): Promise<string> => {
  const response = await post('/approvals/login', { key: 'air_key' });
  assert.equal(response.status, 303);
  return response.headers.get('set-cookie')!;
};

/** A cookie, and what a page that was loaded with it holds. */
const session = async (): Promise<{ cookie: string; csrf: string; page: string }> => {
  const cookie = (await signIn()).split(';')[0]!;
  const page = await (await fetch(`${url}/approvals/${view.id}`, { headers: { cookie } })).text();
  return { cookie, page, csrf: /name="csrf" value="([^"]+)"/.exec(page)![1]! };
};

const PATH = `/approvals/${APPROVAL.id}`;
const BALLOT = { act: 'approve', digest: APPROVAL.digest, comment: ' fine ' };

test('whoever has no key sees a form and nothing else; a wrong key opens nothing', async () => {
  for (const path of ['/approvals', PATH, '/approvals/nowhere']) {
    const response = await fetch(`${url}${path}`);
    assert.equal(response.status, 401);
    assert.ok(!(await response.text()).includes('orders'));
  }
  assert.equal((await post('/approvals/login', { key: 'air_other' })).status, 401);
  assert.equal((await post(PATH, BALLOT)).status, 401);
  assert.deepEqual(asked, []);
});

test('the cookie is for these pages, for no script and no other site; a revoked key and a sign-out end it', async () => {
  assert.match(await signIn(), /^airspace-pages=[\w-]{43}; Path=\/approvals; HttpOnly; SameSite=Strict; Max-Age=3600$/);
  const { cookie, csrf } = await session();
  assert.equal((await post('/approvals/logout', { csrf }, { cookie })).status, 303);
  assert.equal((await fetch(`${url}${PATH}`, { headers: { cookie } })).status, 401);
  const other = await session();
  revoked = true;
  assert.equal((await fetch(`${url}${PATH}`, { headers: { cookie: other.cookie } })).status, 401);
});

test('every page says what it may do: nothing', async () => {
  const { cookie } = await session();
  for (const path of ['/approvals', PATH, `/approvals/${'0'.repeat(32)}`, '/approvals/style.css']) {
    const { headers } = await fetch(`${url}${path}`, { headers: { cookie } });
    assert.match(
      headers.get('content-security-policy')!,
      /^default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'$/,
    );
    assert.deepEqual(
      ['x-frame-options', 'x-content-type-options', 'cache-control'].map((name) => headers.get(name)),
      ['DENY', 'nosniff', 'no-store'],
    );
  }
});

test('a vote says who, what and on which bytes', async () => {
  const { cookie, csrf } = await session();
  const response = await post(PATH, { ...BALLOT, csrf }, { cookie, origin: url });
  assert.deepEqual([response.status, response.headers.get('location')], [303, PATH]);
  await post(PATH, { ...BALLOT, act: 'edit', body: '{"a":1}', csrf }, { cookie });
  const { digest } = APPROVAL;
  const same = { who: 'ann', id: APPROVAL.id, digest, comment: 'fine' };
  assert.deepEqual(asked, [
    { ...same, verdict: 'approve' },
    { ...same, body: '{"a":1}' },
  ]);
});

test('a run of a plan is shown with what it would do, and a vote says which check was seen', async () => {
  const answer = 'a'.repeat(64);
  const step: PlanCheck['steps'][number] = {
    ...{ step: 'pay', target: 'agent/<bank>/pay', effect: 'irreversible', idempotent: false, domain: '', needs: [] },
    ...{ policy: 'allow', reason: '', rules: [], costMicros: 2_000_000, mostMicros: 2_000_000, items: null },
    compensatedBy: '',
  };
  const check = {
    ...{ plan: 'trip', digest: 'b'.repeat(64), problems: [], warnings: ['budget `cap` is short'], remarks: [] },
    ...{ steps: [step], estimateMicros: 2_000_000, mostMicros: null, budgets: [], depth: 1 },
  };
  view = { ...APPROVAL, plan: { check, answer, changes: ['step `<pay>` is new'] } };
  const { cookie, csrf, page } = await session();
  for (const text of ['b'.repeat(64), 'irreversible: cannot be undone', '$2.00 per item', 'at most unknown'])
    assert.ok(page.includes(text), text);
  assert.ok(page.includes('Since people were asked: step `&lt;pay&gt;` is new'));
  assert.ok(page.includes('agent/&lt;bank&gt;/pay') && page.includes('budget `cap` is short'));
  assert.ok(page.includes(`<input type="hidden" name="check" value="${answer}">`));
  await post(PATH, { ...BALLOT, csrf, check: answer }, { cookie, origin: url });
  const { digest, id } = APPROVAL;
  assert.deepEqual(asked, [{ who: 'ann', id, digest, comment: 'fine', verdict: 'approve', check: answer }]);
});

describe('nothing happens', () => {
  const cases: readonly [string, Record<string, string>, Record<string, string>, number][] = [
    ['without the word of the session', {}, {}, 403],
    ["with another session's word", { csrf: 'x'.repeat(43) }, {}, 403],
    ['from another site', { csrf: 'own' }, { origin: 'https://evil.example' }, 403],
    ['from a page that hides where it is', { csrf: 'own' }, { origin: 'null' }, 403],
    ['from another site, as browsers say it', { csrf: 'own' }, { 'sec-fetch-site': 'cross-site' }, 403],
    ['for another verdict', { csrf: 'own', act: 'perhaps' }, {}, 400],
  ];
  for (const [name, fields, headers, status] of cases)
    test(name, async () => {
      const { cookie, csrf } = await session();
      const own = fields['csrf'] === 'own' ? { csrf } : {};
      assert.equal((await post(PATH, { ...BALLOT, ...fields, ...own }, { ...headers, cookie })).status, status);
      assert.deepEqual(asked, []);
    });
});

test('what stands against a vote is said on the page', async () => {
  const { cookie, csrf } = await session();
  fault = new Fault('conflict', 'this is not what you looked at');
  const response = await post(PATH, { ...BALLOT, csrf }, { cookie });
  assert.equal(response.status, 409);
  assert.match(await response.text(), /this is not what you looked at/);
  view = { ...APPROVAL, obstacle: 'it is your own call' };
  const page = await (await fetch(`${url}${PATH}`, { headers: { cookie } })).text();
  assert.ok(page.includes('it is your own call') && !page.includes('name="act"'));
});

test('whatever an agent writes is text, and nothing of it is hidden or turned', async () => {
  const nasty = '<script>alert(1)</script>"\'&\u202e\u200b\u0007\u{e0041}</pre>';
  view = {
    ...APPROVAL,
    ...{ body: nasty, contentType: nasty, session: nasty, caller: nasty, target: nasty, reason: nasty, effect: nasty },
    ...{ rules: [nasty], behind: [nasty], roles: [nasty], editedBy: [nasty] },
    votes: [{ user: nasty, verdict: 'approve', roles: [], comment: nasty, atMs: 1 }],
  };
  const { page } = await session();
  const shown = page.replace(/<textarea class="mono"[\s\S]*?<\/textarea>/, '');
  assert.ok(
    !page.includes('<script') && !shown.includes('\u202e') && !shown.includes('\u200b') && !shown.includes('\u{e0041}'),
  );
  assert.ok(shown.includes('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;<span class="unseen">U+202E</span>'));
  for (const mark of ['U+200B', 'U+0007', 'U+E0041']) assert.ok(shown.includes(mark), mark);
  assert.equal(page.match(/<form/g)?.length, 3, 'no form more than ours');
});

test('indented JSON is the same JSON, digit by digit', () => {
  for (const text of ['{"a":[1.0,{"b":"x,{\\"}"},[]],"c":{},"d":-1e5,"e":null}', '[]', '"x"', '{"a" : [ 1 , 2 ] }'])
    assert.equal(indented(text).replace(/\s+(?=(?:[^"]*"[^"]*")*[^"]*$)/g, '').length > 0, true);
  assert.equal(indented('{"a":[1.0,{}],"b":"x, y"}'), '{\n  "a": [\n    1.0,\n    {}\n  ],\n  "b": "x, y"\n}');
  assert.equal(visible('a\nb\u2028', '\n').text, 'a\nb<span class="unseen">U+2028</span>');
});
