import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Fault, type FaultCode } from '../contract/index.ts';
import { systemWorld } from '../kernel/index.ts';
import { isPermitted } from './address.ts';
import { type EgressOptions, guardedFetch } from './fetch.ts';

const { clock } = systemWorld();
const codeOf = async (work: Promise<unknown>): Promise<FaultCode | 'ok'> => {
  try {
    await work;
    return 'ok';
  } catch (thrown) {
    assert.ok(thrown instanceof Fault, String(thrown));
    return thrown.code;
  }
};

/** Each of these means this machine, its networks, a cloud's credentials, or nothing at all. */
const TRICKY: readonly string[] = [
  'https://127.0.0.1/',
  'https://127.1/',
  'https://0x7f.1/',
  'https://2130706433/',
  'https://017700000001/',
  'https://0/',
  'https://0.0.0.0/',
  'https://１２７.０.０.１/',
  'https://127。0。0。1/',
  'https://localhost/',
  'https://localhost./',
  'https://[::1]/',
  'https://[::]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:7f00:1]/',
  'https://[::127.0.0.1]/',
  'https://[64:ff9b::7f00:1]/',
  'https://[2002:7f00:1::]/',
  'https://[fe80::1]/',
  'https://[fd00:ec2::254]/',
  'https://[ff02::1]/',
  'https://10.0.0.1/',
  'https://172.16.0.1/',
  'https://192.168.1.1/',
  'https://100.64.0.1/',
  'https://100.100.100.200/',
  'https://169.254.169.254/latest/meta-data/',
  'https://168.63.129.16/',
  'https://192.0.0.192/',
  'https://224.0.0.1/',
  'https://255.255.255.255/',
  'https://198.18.0.1/',
  'https://192.0.2.1/',
  'https:\\\\127.0.0.1\\',
  'https:/127.0.0.1',
  'https://example.com@127.0.0.1/',
  'https://127.0.0.1#@example.com/',
  'https://user:secret@example.com/',
  'https://example.com/#fragment',
  'https://example.com:22/',
  'https://example.com:6379/',
  'http://example.com/',
  'ftp://example.com/',
  'file:///etc/passwd',
  'gopher://example.com/',
  'data:text/plain,hello',
  'javascript:alert(1)',
  '//example.com/',
  'example.com',
  '',
];

test('no disguise of an address gets past the guard, and no connection is tried', async () => {
  const fetch = guardedFetch({ clock, resolve: async () => ['127.0.0.1'] });
  for (const url of TRICKY) assert.equal(await codeOf(fetch(url)), 'denied', url);
});

test('in development this machine may be reached, and a cloud still keeps its credentials', async () => {
  const fetch = guardedFetch({ clock, allowPrivate: true, resolve: async () => ['169.254.169.254'] });
  const urls = [
    'http://169.254.169.254/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://[fd20:ce:0:0::254]/',
    'http://100.100.100.200/',
    'http://metadata.google.internal/',
    'http://0/',
  ];
  for (const url of urls) assert.equal(await codeOf(fetch(url)), 'denied', url);
});

test('one forbidden address among good ones forbids the name', async () => {
  for (const answers of [
    ['93.184.216.34', '10.0.0.1'],
    ['10.0.0.1', '93.184.216.34'],
    ['2606:2800::1', '::1'],
  ]) {
    const fetch = guardedFetch({ clock, resolve: async () => answers });
    assert.equal(await codeOf(fetch('https://two.example/')), 'denied');
  }
});

test('ordinary addresses are public', () => {
  const isPublic = (address: string): boolean => isPermitted(address, { allowPrivate: false });
  for (const address of ['93.184.216.34', '8.8.8.8', '2606:4700::1111']) assert.ok(isPublic(address), address);
  assert.ok(!isPublic('not an address'));
});

type Answer = (req: http.IncomingMessage, res: http.ServerResponse) => void;

const serving = async (answer: Answer) => {
  const server = http.createServer(answer);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
};

const inDevelopment = (more: Partial<EgressOptions> = {}) => guardedFetch({ clock, allowPrivate: true, ...more });

test('the connection goes to the address that was checked, under the name that was asked for', async () => {
  let host = '';
  await using there = await serving((req, res) => {
    host = req.headers.host ?? '';
    res.end('hello');
  });
  let asked = 0;
  const fetch = inDevelopment({
    resolve: async () => {
      asked += 1;
      // Rebinding: whoever asks twice gets another answer the second time.
      return asked === 1 ? ['127.0.0.1'] : ['10.255.255.1'];
    },
  });
  const { status, body } = await fetch(`http://provider.example:${there.port}/`);
  assert.deepEqual([status, body.toString(), host, asked], [200, 'hello', `provider.example:${there.port}`, 1]);
});

test('we never talk to ourselves', async () => {
  await using there = await serving((_, res) => void res.end('me'));
  const fetch = inDevelopment({ ownPorts: () => [there.port], resolve: async () => ['127.0.0.1'] });
  for (const host of ['127.0.0.1', '127.0.0.2', 'localhost', '[::1]', '[::ffff:127.0.0.1]', 'elsewhere.example'])
    assert.equal(await codeOf(fetch(`http://${host}:${there.port}/`)), 'denied', host);
});

test('a redirect is an answer, and nobody goes there', async () => {
  const seen: (string | undefined)[] = [];
  await using there = await serving((req, res) => {
    seen.push(req.url);
    res.writeHead(302, { location: '/there' }).end();
  });
  assert.equal((await inDevelopment()(`${there.url}/here`)).status, 302);
  assert.deepEqual(seen, ['/here']);
});

test('an answer that does not come, breaks off or never ends costs no more than its bounds', async () => {
  await using there = await serving((req, res) => {
    if (req.url === '/silent') return;
    if (req.url === '/broken') {
      res.writeHead(200, { 'content-length': '100' });
      res.write('half', () => res.destroy());
      return;
    }
    const pour = (): void => {
      while (res.write(Buffer.alloc(64 * 1024)));
    };
    res.on('drain', pour);
    pour();
  });
  const fetch = inDevelopment();
  assert.equal(await codeOf(fetch(`${there.url}/silent`, { timeoutMs: 50 })), 'timeout');
  assert.equal(await codeOf(fetch(`${there.url}/broken`)), 'upstream_broken');
  assert.equal(await codeOf(fetch(`${there.url}/endless`, { maxBytes: 100_000 })), 'too_large');
  assert.equal(await codeOf(fetch('http://127.0.0.1:1/')), 'unreachable');
  const never = inDevelopment({ resolve: () => new Promise(() => {}) });
  assert.equal(await codeOf(never('http://slow.example/', { timeoutMs: 50 })), 'timeout');
});

test('nothing is sent once the time is up, however late the name resolves', async () => {
  const seen: (string | undefined)[] = [];
  await using there = await serving((req, res) => {
    seen.push(req.url);
    res.end();
  });
  const name = Promise.withResolvers<readonly string[]>();
  const late = inDevelopment({ resolve: () => name.promise });
  const sent = late(`http://slow.example:${there.port}/late`, { method: 'POST', body: '{}', timeoutMs: 20 });
  assert.equal(await codeOf(sent), 'timeout');
  name.resolve(['127.0.0.1']);
  // What was late would be there before the second of two that follow each other.
  for (const _ of [1, 2]) await inDevelopment()(`${there.url}/next`);
  assert.deepEqual(seen, ['/next', '/next']);
});
