/** Nobody can aim us: no URL that a stranger writes down makes us connect to a place that we would not go to by ourselves. */
import assert from 'node:assert/strict';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Fault } from '../../src/contract/index.ts';
import { guardedFetch } from '../../src/egress/index.ts';
import { systemWorld } from '../../src/kernel/index.ts';
import { FIELDS } from './fields.ts';
import { HANDED_IN, OPENERS, OPENS } from './openers.ts';
import { openScene, type Scene } from './scene.ts';
import { type HostileUrl, hostileUrls, LEADS_TO } from './urls.ts';

const { clock } = systemWorld();
const root = fileURLToPath(new URL('../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'airspace-ssrf-'));
let connections = 0;
let canary: Server;
let port = 0;
let scene: Scene;

before(async () => {
  canary = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  await new Promise<void>((listening) => canary.listen({ host: '::', port: 0, ipv6Only: false }, listening));
  port = (canary.address() as AddressInfo).port;
  scene = await openScene(scratch);
});

after(async () => {
  await scene.close();
  canary.close();
  rmSync(scratch, { recursive: true, force: true });
});

/** Nothing of ours is under way any more when a field has answered, so a connection would be here before one that we make now. */
const noKnock = async (what: string): Promise<void> => {
  const before = connections;
  await fetch(`http://127.0.0.1:${port}/`).catch(() => {});
  assert.equal(connections, before + 1, what);
  assert.equal(before, 0, `${what} made us connect`);
  connections = 0;
};

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'ok';
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown;
    return thrown.code;
  }
};

const resolve = async (name: string): Promise<readonly string[]> => LEADS_TO[name] ?? ['127.0.0.1'];

test('there are at least 150 hostile URLs, each once', () => {
  const urls = hostileUrls(port).map(({ url }) => url);
  assert.ok(urls.length >= 150, String(urls.length));
  assert.equal(new Set(urls).size, urls.length);
});

test('the guard goes to none of them', async () => {
  const fetch = guardedFetch({ clock, resolve });
  for (const { url, why } of hostileUrls(port)) assert.equal(await codeOf(fetch(url)), 'denied', `${why}: ${url}`);
  await noKnock('the guard');
});

test('it is the address that is refused, not only its scheme or port', async () => {
  const fetch = guardedFetch({ clock, resolve });
  for (const { url, why } of hostileUrls(port)) {
    const host = URL.parse(url)?.hostname ?? '';
    if (host === '' || host === 'example.com' || host === '93.184.216.34') continue;
    assert.equal(await codeOf(fetch(`https://${host}/`)), 'denied', `${why}: ${host}`);
  }
  await noKnock('the guard');
});

test('in development nothing that is off limits to operators is reached either', async () => {
  const fetch = guardedFetch({
    clock,
    allowPrivate: true,
    resolve: async (name) => LEADS_TO[name] ?? ['169.254.169.254'],
  });
  for (const { url, operator, why } of hostileUrls(port)) {
    if (operator === 'may') continue;
    const code = await codeOf(fetch(url));
    // An enormous one is only too long to be written down.
    if (why !== 'enormous') assert.equal(code, 'denied', `${why}: ${url}`);
  }
  connections = 0;
});

test('a name that is good when it is checked and bad afterwards is not asked twice', async () => {
  let asked = 0;
  const rebinding = async (): Promise<readonly string[]> => (asked++ === 0 ? ['93.184.216.34'] : ['127.0.0.1']);
  const fetch = guardedFetch({ clock, resolve: rebinding });
  await codeOf(fetch('https://rebinding.example/', { timeoutMs: 20 }));
  assert.equal(asked, 1);
  await noKnock('rebinding');
});

const someOfEach = (entries: readonly HostileUrl[]): readonly HostileUrl[] =>
  [...Map.groupBy(entries, ({ why }) => why).values()].flatMap((group) => group.slice(0, 2));

for (const { name, comesWith, put, takes, skips, settle } of FIELDS) {
  const isThere = comesWith === undefined || existsSync(join(root, comesWith));
  test(`${name}: takes what it says and goes nowhere`, {
    skip: isThere ? false : `${comesWith} is not there`,
  }, async () => {
    // What is passed on is looked at by nobody here, so that some of each kind say as much as all.
    const all = takes === undefined ? someOfEach(hostileUrls(port)) : hostileUrls(port);
    const entries = all.filter((entry) => skips?.(entry) !== true);
    const outcomes = await put(
      scene,
      entries.map(({ url }) => url),
    );
    for (const [at, entry] of entries.entries())
      if (takes !== undefined)
        assert.equal(outcomes[at], takes(entry) ? 'taken' : 'refused', `${entry.why}: ${entry.url.slice(0, 100)}`);
    await settle?.(scene);
    await noKnock(name);
  });
}

test('a redirect takes us nowhere, whoever sends it', async () => {
  const targets = [`http://127.0.0.1:${port}/`, `//127.0.0.1:${port}/`, 'http://169.254.169.254/'];
  for (const status of [301, 302, 303, 307, 308])
    for (const location of targets) {
      const server = createHttpServer(
        (_, res) =>
          void res.writeHead(status, { location, refresh: `0;url=${location}`, 'set-cookie': 'a=b' }).end('{}'),
      );
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
      try {
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        const fetch = guardedFetch({ clock, allowPrivate: true });
        assert.equal((await fetch(url)).status, status);
        const reply = await scene.callAt(url);
        assert.equal(reply.status, status);
        // The caller's own client would follow it.
        for (const name of ['location', 'refresh', 'set-cookie']) assert.equal(reply.headers.get(name), null, name);
      } finally {
        server.closeAllConnections();
        server.close();
      }
    }
  await noKnock('a redirect');
});

test('every file that can open a connection is known, with whose word it follows', () => {
  const files = globSync('src/**/*.ts', { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !/\.test\.ts$|\/testing[./]|^src\/lab\//.test(path));
  const found = files.filter((path) => {
    const text = readFileSync(join(root, path), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
    return OPENS.some((pattern) => pattern.test(text));
  });
  const unknown = found.filter((path) => !(path in OPENERS) && !HANDED_IN.includes(path));
  assert.deepEqual(unknown, [], 'opens connections and is not in test/ssrf/openers.ts');
  assert.deepEqual(
    Object.keys(OPENERS).filter((path) => !found.includes(path)),
    [],
    'opens none any more',
  );
});
