/** One hub, two callers behind sidecars and one agent behind its own: the same call goes directly for one of them, through the hub for the other. */
import { deploy } from '../../src/cli/deploy.ts';
import type { Children } from '../children.ts';
import { serializeRequest } from '../load/exchange.ts';
import type { Upstream } from '../processes.ts';
import { Nodes, resource, untilAnswered } from '../targets/airspace.ts';

/** `hub`: by key, and the hub calls the agent. `through`: sidecar, hub, sidecar. `mesh`: sidecar, sidecar. */
export const WAYS = ['direct', 'hub', 'through', 'mesh'] as const;
export type Way = (typeof WAYS)[number];

export interface Place {
  readonly port: number;
  readonly request: string;
  /** Whose CPU is the cost of the way: all nodes of the deployment, whichever of them a call passes. */
  readonly pids: readonly number[];
}

const HOME = 'work';
const PATH = '/v1/agents/bench/echo';
const POLICY = `
@id("callers-may-read")
@reason("callers of the benchmark may read from its agents")
permit (principal in Domain::"${HOME}", action, resource)
when { resource.effect == "read" };
`;
const operations = [{ name: 'echo', effect: 'read' }];

export const startWays = async (
  children: Children,
  dir: string,
  upstream: Upstream,
): Promise<Readonly<Record<Way, Place>>> => {
  const url = `http://127.0.0.1:${upstream.port}`;
  const nodes = new Nodes(children, dir, null, []);
  const deployed = await deploy(nodes, {
    topology: 'mesh',
    resources: [
      resource('Domain', HOME, {}),
      ...['near', 'far', 'keyed'].map((name) =>
        resource('Agent', name, { operations: [{ name: 'noop', effect: 'read' }] }, HOME),
      ),
      resource('Agent', 'bench', { operations }, HOME),
      // The same upstream once more, without a sidecar: what a hub alone does with a call.
      resource('Agent', 'plain', { operations, endpoints: [{ url }] }, HOME),
      resource('Route', 'near', { from: { agents: ['near'] }, to: { name: 'bench' }, via: 'mesh' }),
      resource('Route', 'far', { from: { agents: ['far'] }, to: { name: 'bench' }, via: 'hub' }),
      resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
    ],
    target: { name: 'bench', domain: HOME, instances: [{ name: 'one', url }] },
    callers: ['near', 'far'].map((name) => ({ name, domain: HOME })),
  });
  const { secret } = (await deployed.ask('/v1/keys', { body: { principal: { kind: 'agent', name: 'keyed' } } })) as {
    secret: string;
  };
  const { pids } = nodes.pids();
  const place = async (access: { readonly url: string; readonly key: string }, path: string): Promise<Place> => {
    await untilAnswered(access, path);
    const request = serializeRequest(path, { authorization: `Bearer ${access.key}` });
    return { port: Number(new URL(access.url).port), request, pids };
  };
  return {
    direct: { port: upstream.port, request: serializeRequest(PATH), pids: [upstream.pid] },
    hub: await place({ url: deployed.root.url, key: secret }, '/v1/agents/plain/echo'),
    through: await place(deployed.access.get('far')!, PATH),
    mesh: await place(deployed.access.get('near')!, PATH),
  };
};
