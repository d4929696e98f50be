import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../contract/index.ts';
import { requireOwnAddress } from './ownaddress.ts';
import { served } from './testing/served.ts';

const verdict = (url: string, from: string): string => {
  try {
    requireOwnAddress(url, from);
    return 'taken';
  } catch (thrown) {
    assert.ok(thrown instanceof Fault);
    assert.equal(thrown.code, 'denied');
    assert.match(thrown.message, /spec\.endpoints/);
    return 'denied';
  }
};

test('an agent may announce the machine that it runs on, however it is written', () => {
  for (const [url, from] of [
    ['http://127.0.0.1:9000', '127.0.0.1'],
    ['http://127.0.0.1:9000', '::1'],
    ['http://[::1]:9000', '::ffff:127.0.0.1'],
    ['http://localhost:9000', '127.0.0.1'],
    ['http://LOCALHOST:9000', '::1'],
    ['http://127.8.8.8:9000', '127.0.0.1'],
    ['http://2130706433:9000', '127.0.0.1'],
    ['http://10.1.2.3:9000', '10.1.2.3'],
    ['http://10.1.2.3:9000', '::ffff:10.1.2.3'],
    ['http://[::ffff:10.1.2.3]:9000', '10.1.2.3'],
    ['http://[::ffff:a01:203]:9000', '::ffff:10.1.2.3'],
    ['http://[2001:DB8:0:0::7]:9000', '2001:db8::7'],
  ] as const)
    assert.equal(verdict(url, from), 'taken', `${url} from ${from}`);
});

test('no agent can aim the hub at another machine', () => {
  for (const [url, from] of [
    ['http://169.254.169.254/latest/meta-data', '10.1.2.3'],
    ['http://169.254.169.254', '127.0.0.1'],
    ['http://[::ffff:169.254.169.254]', '10.1.2.3'],
    ['http://0xa9fea9fe', '10.1.2.3'],
    ['http://10.1.2.4:9000', '10.1.2.3'],
    ['http://127.0.0.1:5432', '10.1.2.3'],
    ['http://localhost:5432', '10.1.2.3'],
    ['http://[::1]:5432', '2001:db8::7'],
    ['http://0.0.0.0:5432', '127.0.0.1'],
    ['http://[::]:5432', '127.0.0.1'],
    ['http://metadata.internal', '10.1.2.3'],
    ['http://localhost.evil.example', '127.0.0.1'],
    ['http://127.0.0.1.evil.example', '127.0.0.1'],
    ['http://10.1.2.3.evil.example', '10.1.2.3'],
    ['http://10.1.2.3:9000', ''],
  ] as const)
    assert.equal(verdict(url, from), 'denied', `${url} from ${from}`);
});

test('the door asks the socket where an announcement came from, and nothing that was sent', async () => {
  await using door = await served();
  const announce = (url: string, headers: Record<string, string> = {}) =>
    door.get('/v1/instances', 'agent', {
      method: 'POST',
      headers: { authorization: 'Bearer agent', 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ id: '1', url }),
    });
  const spoofed = {
    'x-forwarded-for': '169.254.169.254',
    forwarded: 'for=169.254.169.254',
    'x-real-ip': '169.254.169.254',
  };
  assert.equal((await announce('http://169.254.169.254', spoofed)).status, 403);
  assert.deepEqual(door.asked, []);
  assert.equal((await announce('http://127.0.0.1:9000')).status, 200);
  assert.equal(door.asked.length, 1);
});
