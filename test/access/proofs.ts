/** Proofs that take more than a key: of a node that joined, and of a person at a browser. */
import type { RunningHub } from '../../src/cli/node/hub.ts';
import { HEADERS } from '../../src/contract/index.ts';
import { HttpHubWire, joinHub } from '../../src/control/index.ts';
import { AssertionSigner, openNodeKey } from '../../src/identity/index.ts';
import { systemWorld } from '../../src/kernel/index.ts';
import type { Headers } from './exchange.ts';
import type { Scene } from './scene.ts';

/** A sidecar of bob, that speaks for itself and for bob. */
export const joinAs = async (
  hub: RunningHub,
  dir: string,
  admin: Headers,
  json: <T>(...asked: Parameters<Scene['ask']>) => Promise<T>,
): Promise<{ readonly id: string; readonly headers: Readonly<Record<'node' | 'node-for-bob', Headers>> }> => {
  const type = { 'content-type': 'application/json' };
  const { token } = await json<{ token: string }>(
    'POST',
    '/v1/tokens',
    { ...admin, ...type },
    '{"role":"sidecar","agent":"bob"}',
  );
  const key = await openNodeKey(dir);
  const wire = new HttpHubWire(hub.url);
  const { node, hub: audience } = await joinHub({
    wire,
    hubUrl: hub.url,
    token,
    key,
    url: 'http://127.0.0.1:9',
    dataDir: dir,
  });
  await wire.close();
  const signer = new AssertionSigner(node.id, key, systemWorld().clock);
  const said = (kind: 'node' | 'agent', id: string): Headers => ({
    authorization: `${HEADERS.nodeScheme} ${signer.assert({ kind, tenant: node.tenant, id, roles: [] }, audience)}`,
    [HEADERS.callId]: 'c'.repeat(32),
  });
  return { id: node.id, headers: { node: said('node', node.id), 'node-for-bob': said('agent', 'bob') } };
};

export const logIn = async (url: string, key: string, ask: Scene['ask']): Promise<Headers> => {
  const response = await fetch(`${url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ key, to: '/session' }),
  });
  const cookie = (response.headers.getSetCookie()[0] ?? '').split(';')[0]!;
  const { csrf } = JSON.parse((await ask('GET', '/session', { cookie })).text) as { csrf: string };
  return { cookie, 'x-airspace-csrf': csrf };
};
