/** Named places: which of them is asked, what is never read or shown, and that production says so before anything is changed there. */
import assert from 'node:assert/strict';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { served } from '../../doors/admin/testing/served.ts';
import { ADMIN_KEY_FILE, writeRunning } from '../running.ts';
import { findSettings } from '../settings.ts';
import { line } from '../testing/line.ts';

const root = await mkdtemp(join(tmpdir(), 'airspace-contexts-'));
const home = join(root, 'home', 'airspace');
const file = join(home, 'config.yaml');
const ENV = { XDG_CONFIG_HOME: join(root, 'home') };

const SOME = `# mine
current: dev
contexts:
  dev: { url: "http://127.0.0.1:4601", keyFile: dev.key }
  prod:
    url: https://hub.example
    keyFile: prod.key # careful
    production: true
`;

const written = async (path: string, text: string, mode = 0o600): Promise<void> => {
  await writeFile(path, text);
  await chmod(path, mode);
};

beforeEach(async () => {
  await rm(join(root, 'home'), { recursive: true, force: true });
  await mkdir(home, { recursive: true });
  await written(file, SOME);
  for (const name of ['dev', 'prod']) await written(join(home, `${name}.key`), `key-of-${name}\n`);
});
after(() => rm(root, { recursive: true }));

const folder = async (text?: string): Promise<string> => {
  const dir = await mkdtemp(join(root, 'folder-'));
  if (text !== undefined) await written(join(dir, 'airspace.yaml'), text, 0o644);
  return dir;
};

const find = (env: Record<string, string> = {}, flags = {}, cwd = root) =>
  findSettings({ flags, env: { ...ENV, ...env }, cwd });

const DEV = { url: 'http://127.0.0.1:4601', key: 'key-of-dev' };
const PROD = { url: 'https://hub.example', key: 'key-of-prod', production: 'prod' };

test('flags win over the environment, that over the folder, that over the context in use, that over the login', async () => {
  await written(join(home, 'config.json'), '{"url":"https://login.example","key":"key-of-login"}');
  const project = await folder('context: prod\n');
  const running = await folder();
  await writeRunning(join(running, '.airspace'), { url: 'http://127.0.0.1:4600', pid: 1 });
  await writeFile(join(running, '.airspace', ADMIN_KEY_FILE), 'key-of-node', { mode: 0o600 });
  const without = (settings: object): object => ({ ...settings, origin: '' });
  assert.deepEqual(without(await find()), { ...DEV, origin: '' });
  assert.deepEqual(await find({}, {}, project), { ...PROD, origin: 'context prod of ./airspace.yaml' });
  assert.equal((await find({}, {}, running)).key, 'key-of-node');
  await written(join(running, 'airspace.yaml'), 'context: prod');
  assert.equal((await find({}, {}, running)).key, 'key-of-prod');
  assert.equal((await find({ AIRSPACE_CONTEXT: 'dev' }, {}, project)).key, 'key-of-dev');
  assert.equal((await find({ AIRSPACE_CONTEXT: 'dev', AIRSPACE_URL: 'http://10.0.0.1:1' })).url, 'http://10.0.0.1:1');
  assert.equal(
    (await find({ AIRSPACE_URL: 'http://10.0.0.1:1' }, { url: 'http://10.0.0.2:2' })).url,
    'http://10.0.0.2:2',
  );
  await written(file, SOME.replace('current: dev\n', ''));
  assert.equal((await find()).key, 'key-of-login');
});

test('the key of a context goes to its own address only, and there by whatever way', async () => {
  assert.equal((await find({}, { url: 'https://hub.example:444' })).key, '');
  assert.equal((await find({}, { url: 'http://hub.example' })).key, '');
  assert.deepEqual(await find({ AIRSPACE_URL: 'https://hub.example/' }), { ...PROD, origin: 'AIRSPACE_URL' });
  // Whatever said so: production is production.
  assert.equal((await find({}, { url: 'https://hub.example', key: 'k' })).production, 'prod');
  await written(
    file,
    `${SOME.replace('current: dev', 'current: safe')}  safe: { url: "https://hub.example", keyFile: dev.key }\n`,
  );
  const safe = await find();
  assert.deepEqual([safe.key, safe.production], ['key-of-dev', 'prod'], 'a second name takes nothing away');
});

test('a folder leads no key anywhere: it names a context of the user, and nothing else', async () => {
  for (const [text, said] of [
    ['url: http://evil.example', /Unrecognized key: "url"|is not right/],
    ['context: prod\nkeyFile: /etc/passwd', /is not right/],
    ['context: nobody', /there is no context `nobody` \(\.\/airspace\.yaml\)/],
    ['context: "\\u001b[2J"', /must be letters/],
    ['{', /is not YAML/],
  ] as const)
    await assert.rejects(find({}, {}, await folder(text)), said, text);
  const resources = await folder('apiVersion: airspace.dev/v1\nkind: Agent\n---\nkind: Agent\n');
  assert.equal((await find({}, {}, resources)).key, 'key-of-dev', 'resources of that name are none of ours');
  const open = await folder('context: prod');
  await chmod(join(open, 'airspace.yaml'), 0o666);
  await assert.rejects(find({}, {}, open), /others can write/);
});

test('a file that others can write or own, and a key that others can read, are refused', async () => {
  for (const mode of [0o620, 0o602, 0o666]) {
    await chmod(file, mode);
    await assert.rejects(find({}, { url: 'http://127.0.0.1:1', key: 'k' }), /others can write .*config\.yaml/);
  }
  await chmod(file, 0o644);
  assert.equal((await find()).key, 'key-of-dev');
  await chmod(join(home, 'dev.key'), 0o640);
  await assert.rejects(find(), /others can read .*dev\.key/);
  await rm(join(home, 'dev.key'));
  await assert.rejects(find(), /the key of context `dev` cannot be read from/);
  await symlink('/etc/hostname', join(home, 'dev.key'));
  await assert.rejects(find(), /cannot be read/);
  await written(join(home, 'config.json'), '{"url":"https://login.example"}', 0o666);
  await written(file, 'contexts: {}');
  await assert.rejects(find(), /others can write .*config\.json/);
});

test('a file of somebody else is refused', {
  skip: process.getuid?.() !== 0 && 'only root can give a file away',
}, async () => {
  await chown(file, 12_345, 12_345);
  await assert.rejects(find(), /belongs to somebody else/);
});

test('what is wrong in a file is named with its place', async () => {
  for (const [text, said] of [
    ['contexts: { dev: { url: "ftp://x" } }', /config\.yaml` is not right at contexts\.dev\.url: must be an address/],
    ['contexts: { "a b": { url: "http://x" } }', /is not right at contexts/],
    ['contexts: { dev: { url: "http://x", key: "secret" } }', /is not right at contexts\.dev: /],
    ['current: gone\ncontexts: {}', /there is no context `gone`/],
    ['', /is not right/],
    ['a: &a [1]\nb: *a', /is not/],
  ] as const) {
    await written(file, text);
    await assert.rejects(find(), said, text);
  }
});

const airspace = (argv: readonly string[], env: Record<string, string> = {}, cwd = root) =>
  line(argv, { env: { ...ENV, ...env }, cwd });

test('config view says what and from where, and never the key', async () => {
  const rows = async (...more: string[]) =>
    (JSON.parse((await airspace(['config', 'view', '-o', 'json', ...more])).stdout) as { items: { name: string }[] })
      .items;
  const by = Object.fromEntries((await rows()).map((one) => [one.name, one]));
  const from = `context dev of ${file}`;
  assert.deepEqual(by['url'], { name: 'url', value: DEV.url, origin: from });
  assert.deepEqual(by['key'], { name: 'key', value: 'set', origin: from });
  const flags = await airspace([
    'config',
    'view',
    '--origin',
    '--url',
    'https://hub.example',
    '--key',
    'air_very_secret',
  ]);
  assert.match(flags.stdout, /^url +https:\/\/hub\.example +--url$/m);
  assert.match(flags.stdout, /^key +set +--key$/m);
  assert.match(flags.stdout, /^context +prod \(production\)/m);
  assert.match((await airspace(['config', 'view', '--origin'], { NO_COLOR: '1' })).stdout, /^color +off +NO_COLOR$/m);
  assert.doesNotMatch((await airspace(['config', 'view'])).stdout, /FROM/);
  for (const env of [{}, { AIRSPACE_KEY: 'air_very_secret' }])
    for (const format of ['json', 'yaml', 'table', 'wide']) {
      const { stdout, stderr } = await airspace(['config', 'view', '--origin', '-o', format], env);
      assert.doesNotMatch(stdout + stderr, /very_secret|key-of-dev/);
    }
  await rm(file);
  const none = await airspace(['config', 'view']);
  assert.equal(none.exit, 0, 'nothing is an answer, too');
  assert.match(none.stderr, /nothing says where airspace is/);
});

test('use keeps what else is written, for its owner only, and says where it is not heard', async () => {
  await chmod(file, 0o644);
  const { exit, stdout } = await airspace(['config', 'use', 'prod']);
  assert.deepEqual([exit, stdout], [0, 'prod is in use: https://hub.example\n']);
  assert.match(await readFile(file, 'utf8'), /^# mine\ncurrent: prod\n[\s\S]*# careful/);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.match((await airspace(['config', 'contexts'])).stdout, /^\* +prod +https:\/\/hub\.example +yes/m);
  const elsewhere = await airspace(['config', 'use', 'dev'], {}, await folder('context: prod'));
  assert.match(elsewhere.stderr, /but not here: context prod of \.\/airspace\.yaml says https:\/\/hub\.example/);
  const none = await airspace(['config', 'use', 'moon']);
  assert.equal(none.exit, 4);
  assert.match(none.stderr, /there is no context `moon`[\s\S]*there are dev, prod/);
  assert.match((await airspace(['__complete', '--within', '30s', '--', 'config', 'use', 'p'])).stdout, /^prod\t/);
});

test('production says so in red before it is changed, once, and not where somebody only looks', async () => {
  await using door = await served();
  await written(
    file,
    `contexts: { prod: { url: "${door.url}", keyFile: prod.key, production: true }, dev: { url: "http://x" } }`,
  );
  await written(join(home, 'prod.key'), 'operator');
  const at = (...argv: string[]) => airspace([...argv, '--url', door.url]);
  const said = `! production: prod, ${door.url}\n`;
  const kill = await at('kill', 'agent/orders', '--reason', 'x', '--wait', '1s');
  assert.ok(kill.stderr.startsWith(said), kill.stderr);
  const lift = await at('kill', 'lift', 'kill-00c0ffee', '-y');
  assert.ok(lift.stderr.startsWith(said));
  assert.equal(lift.stderr.split('production').length, 2, 'asked and changed, and told once');
  assert.ok((await at('drain', 'default/orders/9000')).stderr.startsWith(said));
  // Before the question, where there is one.
  assert.ok((await at('kill', 'lift', 'kill-1')).stderr.startsWith(`${said}error: lift `));
  assert.ok((await at('request', 'agent/orders/where')).stderr.startsWith(said));
  const red = (await at('drain', 'default/orders/9000', '--color', 'always')).stderr;
  assert.ok(red.startsWith('! production: \u001b[31mprod\u001b[39m, '), JSON.stringify(red));
  for (const looking of [
    ['get', 'nodes'],
    ['kill', 'ls'],
    ['can', 'agent/a', 'call', 'agent/orders/where'],
    ['status'],
  ])
    assert.doesNotMatch((await at(...looking)).stderr, /production/, looking.join(' '));
});
