/** The listener for gRPC: the same certificate and the same rules as the other one, and an end in order. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http2 from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { GrpcDoor } from '../../doors/a2a/index.ts';
import { systemWorld } from '../../kernel/index.ts';
import { listenGrpc, refuseOpenGrpc } from './grpc.ts';

const { clock } = systemWorld();
const saying =
  (text: string): GrpcDoor =>
  (stream) => {
    stream.respond({ ':status': 200 });
    stream.end(text);
  };

const heard = async (session: http2.ClientHttp2Session): Promise<string> => {
  const stream = session.request({ ':method': 'POST', ':path': '/x' });
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
};

test('what other machines reach needs the word of the operator, and TLS', async () => {
  const grpc = { host: '0.0.0.0', port: 0 };
  assert.throws(() => refuseOpenGrpc({ grpc }), { code: 'bad_request' });
  assert.throws(() => refuseOpenGrpc({ grpc, allowPublic: true }), /without TLS/);
  await assert.rejects(listenGrpc(grpc, { clock }, saying('')), { code: 'bad_request' });
  refuseOpenGrpc({ grpc: { ...grpc, host: '127.0.0.1' } });
  refuseOpenGrpc({});
});

test('with a certificate it speaks TLS and nothing else', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-grpc-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const where = ['-subj', '/CN=hub', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert];
  if (spawnSync('openssl', [...words, ...where]).status !== 0)
    return t.skip('there is no openssl to make a certificate with');
  const tls = { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  const listener = await listenGrpc({ host: '127.0.0.1', port: 0 }, { clock, tls }, saying('hello'));
  const session = http2.connect(`https://${listener.address}`, { ca: tls.cert });
  assert.equal(await heard(session), 'hello');
  session.close();
  const plain = http2.connect(`http://${listener.address}`);
  plain.on('error', () => {});
  await once(plain, 'close');
  await listener.close(false);
});

test('a listener that closes in order finishes what is under way, and takes nothing new', async () => {
  let answer = (): void => {};
  const came = Promise.withResolvers<void>();
  const listener = await listenGrpc({ host: '127.0.0.1', port: 0 }, { clock }, (stream, headers) => {
    answer = () => saying('late')(stream, headers);
    came.resolve();
  });
  const session = http2.connect(`http://${listener.address}`);
  const asked = heard(session);
  await came.promise;
  const closed = listener.close(true);
  answer();
  assert.equal(await asked, 'late');
  await closed;
  const other = http2.connect(`http://${listener.address}`);
  const [error] = (await once(other, 'error')) as [NodeJS.ErrnoException];
  assert.equal(error.code, 'ECONNREFUSED');
});
