/** A root, two domains with hubs of their own, and sidecars: calls of all three forms, for a browser to look at. */
import { startSidecar } from '../../src/cli/node/sidecar.ts';
import { DEFAULT_TENANT } from '../../src/contract/index.ts';
import {
  agent,
  apply,
  bundle,
  call,
  keyOf,
  mintKey,
  namesAt,
  OPEN,
  resource,
  Scene,
  until,
} from '../hierarchy/scene.ts';

export interface Grove extends AsyncDisposable {
  readonly url: string;
  /** Of a user who administers. */
  readonly admin: ReturnType<typeof mintKey>;
  /** One call of each form: through the root, straight between sidecars, and from one domain into the other. Answers their ids. */
  talk(): Promise<Readonly<Record<'hub' | 'mesh' | 'hierarchical', string>>>;
}

export const startGrove = async (): Promise<Grove> => {
  const scene = new Scene();
  const admin = mintKey('ada-1');
  const [clerk, buyer] = [mintKey('clerk-1'), mintKey('buyer-1')];
  const [plain, orders, shelves] = [
    await scene.agent('plain'),
    await scene.agent('orders'),
    await scene.agent('shelves'),
  ];
  const root = await scene.root();
  await apply(root, [
    ...['shop', 'stock'].map((name) => resource('Domain', name, { delegated: true })),
    ...[resource('User', 'ada', { roles: ['admin'] }), keyOf(admin, 'ada', 'user')],
    ...[resource('User', 'clerk', { roles: [] }), keyOf(clerk, 'clerk', 'user')],
    ...[agent('plain', plain.url), agent('desk', null), agent('orders', null)],
    ...[resource('Route', 'straight', { to: { name: 'orders' }, via: 'mesh' }), bundle('org', OPEN)],
  ]);
  const shop = await scene.domain(root, 'shop');
  const stock = await scene.domain(root, 'stock');
  await apply(shop, [agent('buyer', null), keyOf(buyer, 'buyer')]);
  await apply(stock, [agent('shelves', shelves.url)]);
  const beside = async (name: string, agentUrl: string | null) => {
    const { token } = await root.nodes.issueJoinToken({
      ...{ role: 'sidecar', tenant: DEFAULT_TENANT, domain: '', agent: name },
    });
    const sidecar = await startSidecar({
      ...{ host: '127.0.0.1', port: 0, level: 'error', log: () => {}, dir: `${scene.dir}/beside-${name}` },
      ...{ hubUrl: root.url, token, agentUrl, agentVersion: '1' },
    });
    scene.defer(() => sidecar.stop(false));
    return sidecar;
  };
  const desk = await beside('desk', null);
  await beside('orders', orders.url);
  const straight = () => call({ url: desk.appUrl }, { secret: desk.appKey }, 'orders/ask');
  await until(async () => (await namesAt(root, 'Agent')).length >= 5, 'the domains have told what they have');
  await until(async () => (await call(shop, buyer, 'shelves/ask')).status === 200, 'a way into the other domain');
  await until(async () => (await straight()).status === 200, 'the sidecars know each other');
  return {
    ...{ url: root.url, admin },
    talk: async () => ({
      hub: (await call(root, clerk, 'plain/ask')).callId,
      mesh: (await straight()).callId,
      hierarchical: (await call(shop, buyer, 'shelves/ask')).callId,
    }),
    [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
  };
};
