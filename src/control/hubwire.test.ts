import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Fault } from '../contract/index.ts';
import { newNodeKey, openNodeKey } from '../identity/index.ts';
import { Canceller } from '../kernel/index.ts';
import { faultOf } from './fixture.ts';
import { HttpHubWire } from './hubwire.ts';
import { HubBench, SIDECAR, snapshot } from './linkfixture.ts';
import { joinHub, loadMembership } from './membership.ts';

type Answer = (req: IncomingMessage, res: ServerResponse, body: string) => void;

/** A loopback server and a wire to it. */
const served = async (
  t: TestContext,
  answer: Answer,
): Promise<{ readonly wire: HttpHubWire; readonly url: string }> => {
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    answer(req, res, Buffer.concat(chunks).toString());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const wire = new HttpHubWire(url);
  t.after(async () => {
    await wire.close();
    server.closeAllConnections();
    server.close();
  });
  return { wire, url };
};
const folder = async (t: TestContext): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'airspace-member-'));
  t.after(() => rm(path, { recursive: true }));
  return path;
};
const reply = (res: ServerResponse, status: number, value: unknown): void => {
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

test('answers become values, refusals become faults that say whether trying again makes sense', async (t) => {
  const { wire } = await served(t, (req, res) => {
    const status = Number(req.url?.slice(1));
    reply(res, status, status === 200 ? { fine: true } : { detail: `because of ${status}` });
  });
  assert.deepEqual(await wire.post('/200', {}), { fine: true });
  const codes: readonly (readonly [number, string])[] = [
    [401, 'unauthenticated'],
    [400, 'bad_request'],
    [403, 'bad_request'],
    [429, 'unavailable'],
    [503, 'unavailable'],
    [302, 'bad_request'],
  ];
  for (const [status, code] of codes) {
    const fault = await faultOf(wire.post(`/${status}`, {}));
    assert.deepEqual([fault.code, fault.message], [code, `the hub answered ${status}: because of ${status}`]);
  }
});

test('a hub that is not there, talks nonsense or talks without end is a fault, not a crash', async (t) => {
  const { wire } = await served(t, (req, res) => {
    if (req.url === '/nonsense') res.end('<html>');
    else if (req.url === '/endless') res.end('x'.repeat(1024 * 1024 + 1));
    else res.destroy();
  });
  assert.equal((await faultOf(wire.post('/nonsense', {}))).code, 'unreachable');
  assert.equal((await faultOf(wire.post('/endless', {}))).code, 'too_large');
  assert.equal((await faultOf(wire.post('/broken', {}))).code, 'unreachable');
  const nowhere = new HttpHubWire('http://127.0.0.1:1');
  assert.equal((await faultOf(nowhere.post('/', {}))).code, 'unreachable');
  await nowhere.close();
});

test('a stream carries events and credentials, and ends at once when the node has enough', async (t) => {
  let authorization: string | undefined;
  const closed = Promise.withResolvers<void>();
  const { wire } = await served(t, (req, res) => {
    authorization = req.headers.authorization;
    res.once('close', closed.resolve);
    res.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\nevent: snapshot\ndata: {}\n\n');
  });
  const enough = new Canceller();
  const stream = wire.stream('/s', 'Airspace-Node x.y', enough)[Symbol.asyncIterator]();
  assert.deepEqual((await stream.next()).value, { event: 'snapshot', data: '{}' });
  assert.equal(authorization, 'Airspace-Node x.y');
  const next = faultOf(stream.next());
  enough.cancel(new Fault('cancelled', 'enough'));
  await next;
  await closed.promise;
});

test('a stream that is refused says so', async (t) => {
  const { wire } = await served(t, (_req, res) => reply(res, 401, { detail: 'no' }));
  const stream = wire.stream('/s', 'Airspace-Node x.y', new Canceller())[Symbol.asyncIterator]();
  assert.equal((await faultOf(stream.next())).code, 'unauthenticated');
});

test('joining checks the hub against the token, and the membership survives', async (t) => {
  const bench = new HubBench();
  bench.publish(snapshot(1));
  const { wire, url } = await served(t, (_req, res, body) => {
    bench.hub.join(JSON.parse(body)).then(
      (answer) => reply(res, 200, answer),
      (fault: Fault) => reply(res, 401, { detail: fault.message }),
    );
  });
  const dataDir = await folder(t);
  const key = await openNodeKey(dataDir);
  const { token } = await bench.hub.issueJoinToken(SIDECAR);
  assert.equal(await loadMembership(dataDir), undefined);
  const joining = { wire, hubUrl: url, token, key, url: 'http://127.0.0.1:7801', dataDir };
  const membership = await joinHub(joining);
  assert.deepEqual(await loadMembership(dataDir), membership);
  assert.equal(membership.controlKey, bench.publisher.publicKey);
  assert.equal((await stat(join(dataDir, 'membership.json'))).mode & 0o777, 0o600);
  assert.equal((await faultOf(joinHub(joining))).code, 'unauthenticated');
  await writeFile(
    join(dataDir, 'membership.json'),
    (await readFile(join(dataDir, 'membership.json'), 'utf8')).slice(1),
  );
  await assert.rejects(loadMembership(dataDir), /is damaged; delete it and join again/);
});

test('an impostor at the address of the hub is not joined', async (t) => {
  const real = new HubBench();
  real.publish(snapshot(1));
  const { token } = await real.hub.issueJoinToken(SIDECAR);
  const key = newNodeKey();
  const node = { ...SIDECAR, id: 'n', publicKey: key.publicKey, url: 'http://h' };
  const answers: readonly (readonly [unknown, string])[] = [
    [{ node, hub: 'hub', controlKey: newNodeKey().publicKey, heartbeatMs: 2000 }, 'denied'],
    [
      {
        node: { ...node, publicKey: newNodeKey().publicKey },
        hub: 'hub',
        controlKey: real.publisher.publicKey,
        heartbeatMs: 2000,
      },
      'denied',
    ],
    [{ hello: 'world' }, 'upstream_invalid'],
  ];
  const dataDir = await folder(t);
  for (const [answer, code] of answers) {
    const { wire, url } = await served(t, (_req, res) => reply(res, 200, answer));
    const joining = { wire, hubUrl: url, token, key, url: 'http://127.0.0.1:7801', dataDir };
    assert.equal((await faultOf(joinHub(joining))).code, code);
  }
  assert.equal(await loadMembership(dataDir), undefined);
});
