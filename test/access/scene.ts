/** One hub with every door, one target behind it that counts, and everybody who may come: known, unknown, gone, and from elsewhere. */
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningHub, startHub } from '../../src/cli/node/hub.ts';
import { type Answered, exchange, type Headers } from './exchange.ts';
import { configure, MARKER, type Who } from './people.ts';
import { joinAs, logIn } from './proofs.ts';

export interface Scene extends AsyncDisposable {
  readonly hub: RunningHub;
  readonly headers: Readonly<Record<Who, Headers>>;
  /** Id of the node that joined. */
  readonly node: string;
  /** Id of a call of alice that is over. */
  readonly call: string;
  /** Calls that reached the target. */
  hits(): number;
  /** `at`: address of the node; default: the hub. */
  ask(method: string, path: string, headers: Headers, body?: string, at?: string): Promise<Answered>;
}

export const startScene = async (): Promise<Scene> => {
  await using held = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'airspace-access-'));
  held.defer(() => rm(dir, { recursive: true }));
  let hits = 0;
  const target = http.createServer((req, res) => {
    req.resume().on('end', () => {
      hits++;
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ answer: MARKER }));
    });
  });
  await new Promise<void>((listening) => target.listen(0, '127.0.0.1', listening));
  held.defer(() => void target.close());
  held.defer(() => target.closeAllConnections());
  const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}`;
  const hub = await startHub({
    ...{ dir, host: '127.0.0.1', port: 0, level: 'error', log: () => {} },
    grpc: { host: '127.0.0.1', port: 0 },
  });
  held.defer(() => hub.stop(false));

  const keys = await configure(hub, url);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  held.defer(() => agent.destroy());
  const ask: Scene['ask'] = (method, path, headers, body, url = hub.url) =>
    exchange({ agent, url, method, path, headers, body });
  const bearer = (who: string): Headers => ({ authorization: `Bearer ${keys.get(who)}` });
  const admin = bearer('adam-admin');
  const json = async <T>(...asked: Parameters<Scene['ask']>): Promise<T> => JSON.parse((await ask(...asked)).text) as T;
  const JSON_TYPE = { 'content-type': 'application/json' };
  await ask('DELETE', '/v1/keys/revoked', admin);
  await ask('POST', '/v1/kills', { ...admin, ...JSON_TYPE }, '{"kind":"agent","name":"halted","reason":"it loops"}');
  const joined = await joinAs(hub, join(dir, 'node'), admin, json);
  const { id } = await json<{ id: string }>(
    'POST',
    '/v1/agents/orders/where',
    { ...bearer('alice'), ...JSON_TYPE, prefer: 'respond-async' },
    '{}',
  );
  const browser = await logIn(hub.url, keys.get('adam-admin')!, ask);
  const headers: Record<Who, Headers> = {
    nobody: {},
    garbage: { authorization: 'Bearer air_alice-00000000_notAKey' },
    expired: bearer('expired'),
    revoked: bearer('revoked'),
    halted: bearer('halted'),
    alice: bearer('alice'),
    'alice-reading': bearer('alice-reading'),
    bob: bearer('bob'),
    ursula: bearer('ursula'),
    'vera-viewer': bearer('vera-viewer'),
    'olga-operator': bearer('olga-operator'),
    'dora-developer': bearer('dora-developer'),
    'adam-admin': admin,
    'adam-reading': bearer('adam-reading'),
    'adam-at-a-browser': browser,
    // The browser sends the cookie whoever asks it to, and another page does not know the token.
    'adam-at-another-page': { cookie: browser['cookie']! },
    'stranger-agent': bearer('stranger-agent'),
    'stranger-admin': bearer('stranger-admin'),
    ...joined.headers,
  };
  await over(() => ask('GET', `/v1/calls/${id}`, bearer('alice')));
  const release = held.move();
  return {
    hub,
    headers,
    node: joined.id,
    call: id,
    hits: () => hits,
    ask,
    [Symbol.asyncDispose]: () => release.disposeAsync(),
  };
};

/** Until the call of alice is over: whoever may look at it then sees what it answered. */
const over = async (look: () => Promise<Answered>): Promise<void> => {
  while (!(await look()).text.includes('"concludedAt":"')) await new Promise((turn) => setImmediate(turn));
};
