/** Logging in from a terminal, with a provider that is real and a browser that is plain. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { type RunningHub, startHub } from './node/hub.ts';
import { run } from './run.ts';
import { ADMIN_KEY_FILE, writeRunning } from './running.ts';
import { line } from './testing/line.ts';
import { Browser, startProvider, type TestProvider } from './testing/provider.ts';

let root = '';
let hub: RunningHub;
let provider: TestProvider;
let env: Record<string, string> = {};

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'airspace-login-'));
  const data = join(root, 'node');
  provider = await startProvider();
  hub = await startHub({
    dir: data,
    host: '127.0.0.1',
    port: 0,
    level: 'error',
    log: (text) => process.stderr.write(text),
    allowPrivateEgress: true,
  });
  await writeRunning(data, { url: hub.url, pid: process.pid });
  assert.equal((await line(['bootstrap', '--data', data])).exit, 0);
  env = { XDG_CONFIG_HOME: join(root, 'home') };
  const admin = (await readFile(join(data, ADMIN_KEY_FILE), 'utf8')).trim();
  await writeFile(
    join(root, 'idp.yaml'),
    `
apiVersion: airspace.dev/v1
kind: User
metadata: { name: ada }
spec: { roles: [viewer] }
---
apiVersion: airspace.dev/v1
kind: IdentityProvider
metadata: { name: corp }
spec:
  issuer: ${provider.issuer}
  audience: [airspace]
  clientId: airspace
  users: { claim: email, suffix: '@corp.example' }
  groups: { roles: { staff: [operator] } }
`,
  );
  const applied = await line(['apply', '-f', join(root, 'idp.yaml'), '--url', hub.url, '--key', admin]);
  assert.equal(applied.exit, 0, applied.stderr);
});
after(async () => {
  await hub.stop(false);
  await provider[Symbol.asyncDispose]();
  await rm(root, { recursive: true });
});

/** Runs a command that tells an address to open, and opens it as somebody. */
const loggingIn = async (name: string, home: string, ...argv: string[]): Promise<number> => {
  const told = Promise.withResolvers<string>();
  let said = '';
  const stderr = {
    write: (text: string) => {
      said += text;
      const found = /open (http\S*(?:auth\?|user_code=)\S*)/.exec(said);
      if (found !== null) told.resolve(found[1]!);
    },
  };
  const stdin = Readable.from(['']);
  const words = ['login', '--issuer', provider.issuer, '--url', hub.url, ...argv];
  const ended = run(words, { stdout: { write: () => {} }, stderr, stdin, env: { XDG_CONFIG_HOME: home }, cwd: root });
  void ended.then((exit) => told.reject(new Error(`ended with ${exit}: ${said}`)));
  await new Browser().logIn(await told.promise, name);
  return ended;
};

const fileIn = (home: string): string => join(home, 'airspace', 'config.json');

test('a browser on this machine logs in, and commands are that person from then on', async () => {
  const home = join(root, 'by-browser');
  assert.equal(await loggingIn('ada', home), 0);
  assert.equal((await stat(fileIn(home))).mode & 0o777, 0o600);
  const who = await line(['whoami'], { env: { XDG_CONFIG_HOME: home } });
  assert.equal(who.stdout, 'who     user/ada\ntenant  default\nroles   viewer, operator\nmay     viewer, operator\n');
  assert.equal((await line(['status'], { env: { XDG_CONFIG_HOME: home } })).exit, 0);
  assert.equal((await line(['logout'], { env: { XDG_CONFIG_HOME: home } })).exit, 0);
  assert.doesNotMatch(await readFile(fileIn(home), 'utf8'), /eyJ|oken/);
  assert.equal((await line(['status'], { env: { XDG_CONFIG_HOME: home } })).exit, 5);
});

test('a code that is typed elsewhere logs in too', async () => {
  const home = join(root, 'by-device');
  assert.equal(await loggingIn('ada', home, '--device'), 0);
  assert.match((await line(['whoami'], { env: { XDG_CONFIG_HOME: home } })).stdout, /user\/ada/);
});

test('somebody who has no User resource is at the provider and not here', async () => {
  const home = join(root, 'stranger');
  assert.equal(await loggingIn('eve', home), 0);
  assert.equal((await line(['whoami'], { env: { XDG_CONFIG_HOME: home } })).exit, 5);
});

test('a login that ends is renewed on the way, and one that cannot be says so', async () => {
  const home = join(root, 'ending');
  assert.equal(await loggingIn('ada', home), 0);
  const file = JSON.parse(await readFile(fileIn(home), 'utf8')) as { login: Record<string, unknown> };
  const first = 'the one before';
  assert.equal(typeof file.login['refreshToken'], 'string');
  await writeFile(fileIn(home), JSON.stringify({ ...file, login: { ...file.login, idToken: first, expiresAtMs: 1 } }));
  assert.equal((await line(['whoami'], { env: { XDG_CONFIG_HOME: home } })).exit, 0);
  const renewed = JSON.parse(await readFile(fileIn(home), 'utf8')) as { login: Record<string, unknown> };
  assert.notEqual(renewed.login['idToken'], first);
  assert.ok(Number(renewed.login['expiresAtMs']) > Date.now());
  const { refreshToken: _, ...without } = renewed.login;
  await writeFile(fileIn(home), JSON.stringify({ ...file, login: { ...without, expiresAtMs: 1 } }));
  const ended = await line(['whoami'], { env: { XDG_CONFIG_HOME: home } });
  assert.equal(ended.exit, 5);
  assert.match(ended.stderr, /the login has ended/);
});

test('a login goes to no address but its own', async () => {
  const elsewhere = await line(['whoami', '--url', 'http://127.0.0.1:9'], { env });
  assert.equal(elsewhere.exit, 3);
});
