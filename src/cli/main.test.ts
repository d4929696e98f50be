import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { served } from '../doors/admin/testing/served.ts';

const main = fileURLToPath(new URL('main.ts', import.meta.url));

test('a reader that has seen enough is no failure', async () => {
  await using door = await served();
  const child = spawn(process.execPath, [
    main,
    'top',
    '--interval',
    '100ms',
    '--count',
    '1000',
    '--url',
    door.url,
    '--key',
    'viewer',
  ]);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [code] = (await once(child, 'exit')) as [number];
  assert.deepEqual([code, stderr], [0, '']);
});

test('the exit code of the process is that of the command', async () => {
  const child = spawn(process.execPath, [main, 'gett']);
  const [code] = (await once(child, 'exit')) as [number];
  assert.equal(code, 2);
});

test('what was left open does not keep a command that is over', { timeout: 30_000 }, async () => {
  const open = 'data:text/javascript,setInterval(() => {}, 1000)';
  const child = spawn(process.execPath, ['--import', open, main, 'gett']);
  const [code] = (await once(child, 'exit')) as [number];
  assert.equal(code, 2);
});

test('help loads no command, no schema, and no store', async () => {
  const hooks = 'registerHooks({ load: (url, context, next) => (process._rawDebug(url), next(url, context)) })';
  const seen = `data:text/javascript,import { registerHooks } from 'node:module'; ${hooks}`;
  const child = spawn(process.execPath, ['--import', seen, main, '--help']);
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk;
  });
  child.stdout.resume();
  await once(child, 'close');
  const loaded = stderr.split('\n').filter((url) => url.startsWith('file:'));
  assert.ok(loaded.some((url) => url.endsWith('/src/cli/program.ts')));
  assert.deepEqual(
    loaded.filter((url) => /\/src\/(?!cli\/)|\/cli\/(commands|node)\/|node_modules\/(?!commander\/)/.test(url)),
    [],
  );
});
