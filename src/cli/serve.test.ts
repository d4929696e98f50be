import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { contextOf } from './context.ts';
import { startHub } from './node/hub.ts';
import { nodeOptions } from './node-words.ts';
import { Output } from './output.ts';
import { localUrlOf, writeRunning } from './running.ts';
import { line } from './testing/line.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

/** Removed when all is over: what a test stops behind itself still writes there. */
const folders: string[] = [];
after(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true }))));

const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'airspace-serve-'));
  folders.push(dir);
  return dir;
};

/** For 127.0.0.1. Undefined where there is no openssl: Node itself cannot make certificates. */
const certificate = (dir: string): { readonly key: string; readonly cert: string } | undefined => {
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const where = ['-subj', '/CN=hub', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert];
  return spawnSync('openssl', [...words, ...where]).status === 0 ? { key, cert } : undefined;
};

test('a node that other machines reach is not started without TLS by accident', async () => {
  const dir = await folder();
  const serve = (...more: string[]) => line(['serve', '--port', '0', '--data', join(dir, 'data'), ...more]);
  const garbage = join(dir, 'garbage.pem');
  await writeFile(garbage, 'no key');
  for (const [words, said] of [
    [['--host', '0.0.0.0'], /can be reached from other machines/],
    [['--host', '0.0.0.0', '--public'], /needs --tls-key and --tls-cert(.|\n)*--insecure-public/],
    [['--public', '--tls-key', garbage], /both --tls-key and --tls-cert/],
    [['--public', '--tls-key', garbage, '--tls-cert', join(dir, 'none')], /--tls-cert `.*none` cannot be read: ENOENT/],
    [['--public', '--tls-key', garbage, '--tls-cert', garbage], /no private key and its certificate/],
    [['--role', 'domain', '--parent', 'http://127.0.0.1:1', '--host', '::', '--insecure-public'], /--advertise/],
    [['--advertise', 'hub.example'], /--advertise `hub.example` must be an absolute URL/],
    [['--grpc', 'nowhere'], /--grpc must be such as 127.0.0.1:7443, not `nowhere`/],
    [['--grpc', '0.0.0.0:0'], /can be reached from other machines/],
  ] as const) {
    const { exit, stderr } = await serve(...words);
    assert.equal(exit, 2, words.join(' '));
    assert.match(stderr, said);
  }
  await assert.rejects(readdir(join(dir, 'data')), 'nothing was made before the words were understood');
});

test('a join token comes from one place only', async () => {
  const dir = await folder();
  const words = ['sidecar', 'run', '--hub', 'http://127.0.0.1:1', '--data', join(dir, 'data')];
  const both = await line([...words, '--token', 'a', '--token-file', 'b']);
  assert.deepEqual([both.exit, /give one/.test(both.stderr)], [2, true]);
  const gone = await line([...words, '--token-file', join(dir, 'none')]);
  assert.deepEqual([gone.exit, /--token-file .* cannot be read/.test(gone.stderr)], [2, true]);
});

test('gRPC for an agent is refused beside a tool, which calls nobody', async () => {
  const dir = await folder();
  const words = ['sidecar', 'run', '--hub', 'http://127.0.0.1:1', '--data', join(dir, 'data'), '--token', 'a'];
  const { exit, stderr } = await line([...words, '--stdio', '--app-grpc', '--', 'server']);
  assert.deepEqual([exit, /--app-grpc is for agents/.test(stderr)], [2, true]);
});

test('output is kept of an agent that the sidecar starts, and of nothing else', async () => {
  const dir = await folder();
  const words = ['sidecar', 'run', '--hub', 'http://127.0.0.1:1', '--data', join(dir, 'data'), '--token', 'a'];
  for (const more of [[], ['--agent-url', 'http://127.0.0.1:2'], ['--stdio', '--', 'server']]) {
    const { exit, stderr } = await line([...words, '--keep-output', ...more]);
    assert.deepEqual([exit, /--keep-output is for what an agent writes/.test(stderr)], [2, true], more.join(' '));
  }
});

test('a domain hub refuses what only a hub without a parent does', async () => {
  const dir = await folder();
  const words = ['serve', '--role', 'domain', '--parent', 'http://127.0.0.1:1', '--data', join(dir, 'data')];
  for (const more of [['--audit-reads'], ['--store', 'postgres://db/airspace']]) {
    const { exit, stderr } = await line([...words, ...more]);
    assert.equal(exit, 2, more.join(' '));
    assert.match(stderr, new RegExp(`${more[0]} is for hubs that have no parent`));
  }
  await assert.rejects(readdir(join(dir, 'data')));
});

test('a root key that others may read is refused before anything is opened with it', async () => {
  const dir = await folder();
  const path = join(dir, 'root');
  await writeFile(path, `${Buffer.alloc(32, 7).toString('base64')}\n`);
  for (const mode of [0o644, 0o640, 0o604]) {
    await chmod(path, mode);
    const { exit, stderr } = await line(['serve', '--port', '0', '--data', join(dir, 'data'), '--root-key-file', path]);
    assert.notEqual(exit, 0);
    assert.match(stderr, /can be read by others, and opens every secret; run: chmod 600/, mode.toString(8));
  }
});

test('a store is an address without a password, and of a hub without a parent', async () => {
  const dir = await folder();
  const serve = (words: readonly string[], env = {}) =>
    line(['serve', '--port', '0', '--data', join(dir, 'data'), ...words], { env });
  for (const [words, env, said] of [
    [['--store', 'postgres://ada:hunter2@db.example/airspace'], {}, /holds a password(.|\n)*pgpass/],
    [['--store', 'postgres://ada@db.example/airspace?password=hunter2'], {}, /holds a password/],
    [['--store', 'sqlite:here'], {}, /postgres:\/\/user@host/],
    [[], { AIRSPACE_STORE: 'mysql://ada:hunter2@db.example/x' }, /postgres:\/\/user@host/],
    [
      ['--role', 'domain', '--parent', 'http://127.0.0.1:1', '--store', 'postgres://db.example/x'],
      {},
      /--store is for hubs/,
    ],
    [
      [],
      { AIRSPACE_STORE: 'postgres://ada:hunter2@127.0.0.1:1/airspace' },
      /`127\.0\.0\.1\/airspace` cannot be reached/,
    ],
  ] as const) {
    const { exit, stderr } = await serve(words, env);
    assert.equal(exit, 2, stderr);
    assert.match(stderr, said);
    assert.doesNotMatch(stderr, /hunter2/);
  }
});

test('commands on the machine of a node reach it by loopback, or are told that they cannot', () => {
  assert.equal(localUrlOf('http://127.0.0.1:4600'), 'http://127.0.0.1:4600');
  assert.equal(localUrlOf('http://[::1]:4600'), 'http://[::1]:4600');
  assert.equal(localUrlOf('https://0.0.0.0:4600'), 'https://127.0.0.1:4600');
  assert.equal(localUrlOf('https://[::]:443'), 'https://127.0.0.1:443');
  assert.equal(localUrlOf('http://192.0.2.7:4600'), undefined);
  assert.equal(localUrlOf('https://hub.example:4600'), undefined);
});

test('a hub that cannot be what was asked for says why, lets go of everything and ends', async (t) => {
  const dir = await folder();
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  t.after(() => holder.close());
  const { port } = holder.address() as AddressInfo;
  await writeFile(join(dir, 'wrong.yaml'), 'kind: Nothing\n');
  // A process that keeps something open never ends: then the time limit makes the status null.
  const ends = (...more: string[]) =>
    spawnSync(process.execPath, [MAIN, 'serve', '--data', join(dir, 'data'), ...more], {
      encoding: 'utf8',
      timeout: 15_000,
    });
  const taken = ends('--port', String(port));
  assert.deepEqual([taken.status, /is taken by another process/.test(taken.stderr)], [6, true], taken.stderr);
  const wrong = ends('--port', '0', '--config', join(dir, 'wrong.yaml'));
  assert.deepEqual([wrong.status, /wrong\.yaml/.test(wrong.stderr)], [2, true], wrong.stderr);
});

test('a hub that the network can read along with warns, and says so in its status', async (t) => {
  const dir = await folder();
  const warned: string[] = [];
  const io = {
    stdout: { write: () => {} },
    stderr: { write: (text: string) => warned.push(text) },
    stdin: process.stdin,
    env: {},
    cwd: dir,
  };
  const out = new Output({ ...io, format: 'table', color: 'never', headers: true });
  const words = { host: '0.0.0.0', port: '0', data: dir, insecurePublic: true, logLevel: 'error' } as const;
  const hub = await startHub({ ...(await nodeOptions(contextOf(io, out, {}), words)), log: () => {} });
  t.after(() => hub.stop(false));
  assert.match(warned.join(''), /^warning: this node is reached without TLS/);
  await writeRunning(dir, { url: localUrlOf(hub.url)!, pid: process.pid });
  assert.equal((await line(['bootstrap', '--data', dir])).exit, 0);
  const { stdout } = await line(['status', '--data', dir]);
  assert.match(stdout, /weakened +public listener without TLS/);
});

test('a public hub speaks TLS and nothing else, and can be administered and ended', async (t) => {
  const dir = await folder();
  const made = certificate(dir);
  if (made === undefined) {
    assert.ok(process.env['CI'] !== 'true', 'CI must have openssl: without it nobody checks TLS');
    t.skip('TLS IS NOT TESTED HERE: there is no openssl to make a certificate with');
    return;
  }
  const data = join(dir, 'data');
  const words = ['serve', '--host', '0.0.0.0', '--port', '0', '--data', data, '--log-level', 'error'];
  const tls = ['--public', '--tls-key', made.key, '--tls-cert', made.cert];
  const hub = spawn(process.execPath, [MAIN, ...words, ...tls], { stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(hub, 'exit');
  t.after(() => hub.kill('SIGKILL'));
  const [said] = (await once(createInterface({ input: hub.stdout }), 'line')) as [string];
  const port = /https:\/\/0\.0\.0\.0:(\d+)$/.exec(said)?.[1];
  assert.ok(port, said);
  const url = `https://127.0.0.1:${port}`;
  assert.equal(JSON.parse(await readFile(join(data, 'running.json'), 'utf8')).url, url);
  assert.equal((await stat(join(data, 'running.json'))).mode & 0o777, 0o600);

  assert.equal(await healthOver(url, await readFile(made.cert, 'utf8')), 200);
  await assert.rejects(fetch(`http://127.0.0.1:${port}/healthz`), 'plain text is not answered');
  const stranger = await line(['status', '--url', url, '--key', 'x']);
  assert.equal(stranger.exit, 3);
  assert.match(stranger.stderr, /self-signed certificate(.|\n)*NODE_EXTRA_CA_CERTS/);

  const trusting = { ...process.env, NODE_EXTRA_CA_CERTS: made.cert };
  const cli = (...argv: string[]) => spawnSync(process.execPath, [MAIN, ...argv], { env: trusting, encoding: 'utf8' });
  const first = cli('bootstrap', '--data', data);
  assert.equal(first.status, 0, first.stderr);
  const key = (await readFile(join(data, 'admin.key'), 'utf8')).trim();
  const status = cli('status', '--url', url, '--key', key, '-o', 'json');
  assert.deepEqual(JSON.parse(status.stdout).weakened, []);
  assert.equal((await line(['down', '--data', data])).exit, 0);
  await ended;
});

const healthOver = (url: string, ca: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request(`${url}/healthz`, { ca, agent: false }, (res) => resolve(res.resume().statusCode))
      .on('error', reject)
      .end();
  });
