/** A hub, a domain hub below it and sidecars beside it, as processes, with every agent of the cast reachable. */
import { Admin } from '../../../src/cli/admin.ts';
import type { Access } from '../../../src/cli/deploy.ts';
import type { ProcessNode, ProcessStarter } from '../../../src/cli/up/starter.ts';
import { ask, eventually } from '../../crash/wire.ts';
import { CAST, FRONTS, isCaller, RESOURCES, type Role } from './cast.ts';
import type { Troupe } from './troupe.ts';

export interface Fleet {
  readonly admin: Admin;
  /** Where each agent sends its calls. */
  readonly access: ReadonlyMap<string, Access>;
  /** Every node but the hub, by the agent or the domain that it is for. */
  readonly members: ReadonlyMap<string, ProcessNode>;
  stop(): void;
}

/** Resolves when a call of each way gets through. */
export const startFleet = async (starter: ProcessStarter, troupe: Troupe): Promise<Fleet> => {
  const root = await starter.hub({ name: 'root' });
  const origin = 'the scenario';
  const first = new Admin({ url: root.url, key: '', origin });
  const { secret } = await first.post<{ secret: string }>('/v1/bootstrap', { token: await root.bootstrapToken() });
  const admin = new Admin({ url: root.url, key: secret, origin });
  const origins = RESOURCES.map((_, at) => `resource ${at + 1}`);
  await admin.post('/v1/resources:apply', { resources: RESOURCES, origins, reason: 'the scenario begins' });
  const token = async (body: object): Promise<string> =>
    (await admin.post<{ token: string }>('/v1/tokens', body)).token;

  const workshop = { role: 'domain', domain: 'workshop' };
  const domain = await starter.domain({ name: 'workshop', hubUrl: root.url, token: await token(workshop) });
  const members = new Map<string, ProcessNode>([['workshop', domain]]);
  const access = new Map<string, Access>();
  for (const { name, domain: home, way } of CAST) {
    if (way === 'mesh') {
      const joining = await token({ role: 'sidecar', agent: name, domain: home });
      const agentUrl = troupe.urls.get(name) ?? null;
      const sidecar = await starter.sidecar({ name, hubUrl: root.url, token: joining, agentUrl });
      members.set(name, sidecar);
      access.set(name, { url: sidecar.appUrl, key: sidecar.appKey });
    } else {
      const key = await admin.post<{ secret: string }>('/v1/keys', { principal: { kind: 'agent', name } });
      access.set(name, { url: way === 'hub' ? root.url : domain.url, key: key.secret });
    }
  }
  troupe.instruct(Object.fromEntries(CAST.map(({ name, calls }) => [name, { ...access.get(name)!, calls }] as const)));
  const announced = CAST.filter((role) => role.way !== 'mesh' && !isCaller(role));
  const announce = (): void => {
    for (const role of announced) void announceTo(access.get(role.name)!, role, troupe);
  };
  announce();
  const timer = setInterval(announce, 1_500).unref();
  await flowing(access);
  return { admin, access, members, stop: () => clearInterval(timer) };
};

/** As an operator's script would: these agents do not speak Airspace. */
const announceTo = ({ url, key }: Access, { name }: Role, troupe: Troupe) =>
  ask(`${url}/v1/instances`, {
    method: 'POST',
    key,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      id: 'a',
      kind: 'agent',
      name,
      url: troupe.urls.get(name),
      version: '1',
      labels: {},
      state: 'ready',
    }),
  });

const flowing = async (access: ReadonlyMap<string, Access>): Promise<void> => {
  for (const { front, caller } of FRONTS) {
    const { url, key } = access.get(caller)!;
    const flows = await eventually(async () => {
      const { status } = await ask(`${url}/v1/agents/${front}/run`, { method: 'POST', key });
      return status === 200 ? true : undefined;
    }, 40_000);
    if (flows === undefined) throw new Error(`no call gets through to \`${front}\``);
  }
};
