/** The files of the dashboard: what is served, with which fences, and what is not there. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { dashboardDoor, readPages } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'airspace-dashboard-'));
const servers: http.Server[] = [];
let url = '';
let bare = '';

const serve = async (at: string): Promise<string> => {
  const door = dashboardDoor(readPages(at));
  const server = http.createServer((req, res) => {
    if (!door(req, res)) res.writeHead(404, { 'x-nobody': 'yes' }).end();
  });
  servers.push(server);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

before(async () => {
  mkdirSync(join(folder, 'dist', 'assets'), { recursive: true });
  writeFileSync(join(folder, 'dist', 'index.html'), '<!doctype html><title>x</title>');
  writeFileSync(join(folder, 'dist', 'assets', 'main-1.js'), 'export {};');
  writeFileSync(join(folder, 'dist', 'assets', 'main-1.js.map'), '{}');
  writeFileSync(join(folder, 'dist', 'secret.txt'), 'no');
  url = await serve(join(folder, 'dist'));
  bare = await serve(join(folder, 'nothing'));
});
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  rmSync(folder, { recursive: true });
});

test('every answer says what the page may do: load our own, ask us, and make markup of no text', async () => {
  for (const at of [
    `${url}/ui`,
    `${url}/ui/requests/abc?sel=1`,
    `${url}/ui/assets/main-1.js`,
    `${bare}/ui`,
    `${url}/`,
  ]) {
    const { headers } = await fetch(at, { redirect: 'manual' });
    const policy = headers.get('content-security-policy') ?? '';
    for (const part of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"])
      assert.ok(policy.includes(part), `${at}: ${part}`);
    assert.ok(policy.includes("require-trusted-types-for 'script'; trusted-types 'none'"), at);
    assert.ok(!/unsafe|https?:|\*/.test(policy), policy);
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.equal(headers.get('x-frame-options'), 'DENY');
  }
});

test('a screen is the page, a file is kept for ever, and only what a build makes is a file', async () => {
  const screen = await fetch(`${url}/ui/approvals/1`);
  assert.deepEqual([screen.status, screen.headers.get('cache-control')], [200, 'no-store']);
  assert.match(await screen.text(), /<title>x/);
  const script = await fetch(`${url}/ui/assets/main-1.js`);
  assert.deepEqual([script.status, script.headers.get('content-encoding')], [200, 'gzip']);
  assert.match(script.headers.get('cache-control') ?? '', /immutable/);
  assert.equal(await script.text(), 'export {};');
  const home = await fetch(`${url}/`, { redirect: 'manual' });
  assert.deepEqual([home.status, home.headers.get('location')], [302, '/ui']);
});

describe('not there', () => {
  for (const path of [
    '/ui/assets/main-1.js.map',
    '/ui/assets/../secret.txt',
    '/ui/assets/..%2fsecret.txt',
    '/ui/assets/',
  ])
    test(path, async () => {
      const { status, body } = await raw(path);
      assert.ok(status === 404 || body.includes('<title>x'), `${status}`);
      assert.ok(!body.includes('no\n') && body !== 'no');
    });
  test('anything but reading, and paths that only look like it', async () => {
    for (const [method, path] of [
      ['POST', '/ui'],
      ['DELETE', '/ui/assets/main-1.js'],
      ['GET', '/uix'],
    ] as const) {
      const { headers } = await fetch(`${url}${path}`, { method });
      assert.equal(headers.get('x-nobody'), 'yes', `${method} ${path}`);
    }
  });
  test('what was never built, and the answer says how', async () => {
    const answer = await fetch(`${bare}/ui`);
    assert.equal(answer.status, 503);
    assert.match(await answer.text(), /airspace up/);
  });
});

/** As it is: `fetch` tidies paths up before it sends them. */
const raw = (path: string): Promise<{ readonly status: number; readonly body: string }> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(url);
    http
      .get({ host: '127.0.0.1', port, path }, (res) => {
        let body = '';
        res.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk;
        });
        res.on('end', () => resolve({ status: res.statusCode ?? 0, body }));
      })
      .on('error', reject);
  });
