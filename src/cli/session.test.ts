/** Logging in at a browser: the trip to a provider that is real, a key that is typed in, and what other sites cannot do. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type RunningHub, startHub } from './node/hub.ts';
import { ADMIN_KEY_FILE, writeRunning } from './running.ts';
import { line } from './testing/line.ts';
import { Browser, startProvider, type TestProvider } from './testing/provider.ts';

let root = '';
let hub: RunningHub;
let provider: TestProvider;
let admin = '';

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'airspace-session-'));
  provider = await startProvider();
  const options = { dir: root, host: '127.0.0.1', port: 0, level: 'error' as const, allowPrivateEgress: true };
  hub = await startHub({ ...options, log: (text) => process.stderr.write(text) });
  await writeRunning(root, { url: hub.url, pid: process.pid });
  assert.equal((await line(['bootstrap', '--data', root])).exit, 0);
  admin = (await readFile(join(root, ADMIN_KEY_FILE), 'utf8')).trim();
  const spec = {
    issuer: provider.issuer,
    audience: ['airspace'],
    clientId: 'airspace',
    provision: true,
    users: {},
    groups: { roles: { staff: ['operator'] } },
  };
  const resource = { apiVersion: 'airspace.dev/v1', kind: 'IdentityProvider', metadata: { name: 'corp' }, spec };
  await writeFile(join(root, 'idp.json'), JSON.stringify(resource));
  assert.equal((await line(['apply', '-f', join(root, 'idp.json'), '--data', root])).exit, 0);
});
after(async () => {
  await hub.stop(false);
  await provider[Symbol.asyncDispose]();
  await rm(root, { recursive: true });
});

const start = (to = '/session'): string => `${hub.url}/login?provider=default/corp&to=${encodeURIComponent(to)}`;
const sessionIn = async (browser: Browser) =>
  JSON.parse((await browser.open(`${hub.url}/session`)).text) as { id: string; csrf: string; roles: string[] };
const form = (fields: Record<string, string>, origin = hub.url): RequestInit => ({
  method: 'POST',
  headers: { origin, 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields).toString(),
});

test('a person comes back from the provider with a session, and is who the claims say', async () => {
  const browser = new Browser();
  const page = await browser.logIn(start(), 'grace');
  assert.equal(page.status, 200, page.text);
  assert.match(page.text, /url=\/session"/);
  assert.match(browser.cookies(hub.url), /^airspace-session=[\w-]{43}$/);
  const { id, roles } = await sessionIn(browser);
  assert.deepEqual([id, roles], ['grace', ['operator']]);
});

test('a session reads the admin interface, and changes something only with its token', async () => {
  const browser = new Browser();
  await browser.logIn(start(), 'grace');
  assert.equal((await browser.open(`${hub.url}/v1/status`)).status, 200);
  const { csrf } = await sessionIn(browser);
  const order = (headers: Record<string, string>) =>
    browser.open(`${hub.url}/v1/kills`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ kind: 'agent', name: 'orders', reason: 'it loops' }),
    });
  assert.equal((await order({})).status, 403);
  assert.equal((await order({ 'x-airspace-csrf': 'guess' })).status, 403);
  assert.equal((await order({ 'x-airspace-csrf': csrf, origin: 'https://evil.example' })).status, 403);
  assert.equal((await order({ 'x-airspace-csrf': csrf, origin: hub.url })).status, 201);
});

test('a key that is typed in on this machine is a session, and logging out ends it', async () => {
  const browser = new Browser();
  assert.equal((await browser.open(`${hub.url}/login`, form({ key: admin }))).status, 200);
  const { id, csrf } = await sessionIn(browser);
  assert.equal(id, 'admin');
  assert.equal((await browser.open(`${hub.url}/logout`, form({ csrf: 'guess' }))).status, 403);
  assert.equal((await browser.open(`${hub.url}/logout`, form({ csrf }, 'https://evil.example'))).status, 403);
  assert.equal((await sessionIn(browser)).id, 'admin');
  assert.equal((await browser.open(`${hub.url}/logout`, form({ csrf }))).status, 200);
  assert.equal((await browser.open(`${hub.url}/session`)).status, 401);
});

test('forms of other sites and ways back to other sites are not taken', async () => {
  const browser = new Browser();
  assert.equal((await browser.open(`${hub.url}/login`, form({ key: admin }, 'https://evil.example'))).status, 403);
  for (const to of [
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    '/"><script>',
  ]) {
    const page = await new Browser().open(`${hub.url}/login?to=${encodeURIComponent(to)}`);
    assert.doesNotMatch(page.text, /evil|javascript|<script/, to);
  }
});

test('an answer of the provider is taken once, and only from the browser that asked', async () => {
  const browser = new Browser();
  const begun = await fetch(start(), { redirect: 'manual' });
  const state = new URL(begun.headers.get('location')!).searchParams.get('state')!;
  const stolen = await browser.open(`${hub.url}/login/callback?code=x&state=${state}`);
  assert.equal(stolen.status, 401);
  assert.equal(browser.cookies(hub.url).includes('airspace-session'), false);
  assert.equal((await browser.open(`${hub.url}/login?provider=default/none`)).status, 404);
});

test('a stranger who wants to log in again and again does not make us ask the provider again', async () => {
  await fetch(start(), { redirect: 'manual' });
  const before = provider.discoveries();
  const tries = await Promise.all(Array.from({ length: 20 }, () => fetch(start(), { redirect: 'manual' })));
  assert.ok(tries.every(({ headers }) => headers.get('location')!.startsWith(provider.issuer)));
  assert.equal(provider.discoveries(), before);
});

test('a browser says with the form of the login page where it comes from', async () => {
  const page = await fetch(`${hub.url}/login`);
  await page.body?.cancel();
  // What browsers make of the policy of the page that a form is on.
  const origin = page.headers.get('referrer-policy') === 'no-referrer' ? 'null' : hub.url;
  assert.equal((await new Browser().open(`${hub.url}/login`, form({ key: admin }, origin))).status, 200);
});
