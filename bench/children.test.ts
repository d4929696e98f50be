import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Children } from './children.ts';

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test('ending all ends also what refuses to, and the children of children', {
  skip: process.platform === 'win32' && 'no process groups',
}, async () => {
  const children = new Children(null);
  const grandchild = `setInterval(() => {}, 1000)`;
  const script = `
    const child = require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}]);
    process.on('SIGTERM', () => {});
    process.send(child.pid);
    setInterval(() => {}, 1000);`;
  const child = children.start([process.execPath, '-e', script], { on: 'any', ipc: true });
  const [pid] = (await once(child.process, 'message')) as [number];
  await children.endAll();
  assert.match(await child.ended, /SIGKILL/);
  assert.equal(isAlive(child.pid), false);
  assert.equal(isAlive(pid), false);
});

test('a process that ends says with what and its last words', async () => {
  const child = new Children(null).start([process.execPath, '-e', 'console.error("no such thing"); process.exit(3)'], {
    on: 'any',
  });
  assert.equal(await child.ended, 'ended with code 3: no such thing');
});

test('a program that does not exist is a reason, not a crash', async () => {
  assert.match(await new Children(null).start(['no-such-program-here'], { on: 'any' }).ended, /ENOENT/);
});
