/** `airspace user` and `airspace team`: people, what they may do, and whom they belong with, without writing a file for each. */
import { ADMIN_ROLES, API_VERSION, type ResourceOf, type StoredResource } from '../../contract/index.ts';
import type { Admin } from '../admin.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';

type Kind = 'User' | 'Team';

export interface UserOptions {
  readonly role?: readonly string[];
  readonly displayName?: string;
  readonly domain?: string;
}

export const listUsers = async ({ admin, out }: Context): Promise<number> => {
  const asked = await admin();
  const teams = await all(asked, 'Team');
  const rows = (await all(asked, 'User')).map(({ resource: { metadata, spec } }) => ({
    name: metadata.name,
    displayName: spec.displayName ?? '',
    roles: spec.roles,
    teams: teams.filter(({ resource }) => resource.spec.users.includes(metadata.name)).map(nameOf),
  }));
  await out.list({
    kind: 'User',
    rows,
    columns: [
      { title: 'USER', value: ({ name }) => name },
      { title: 'NAME', value: ({ displayName }) => displayName || '-' },
      { title: 'ROLES', value: ({ roles }) => roles.join(', ') || '-' },
      { title: 'TEAMS', value: ({ teams: names }) => names.join(', ') || '-' },
    ],
    name: ({ name }) => `user/${name}`,
    empty: 'no users here; make one: airspace user create <name> --role viewer',
  });
  return EXIT.ok;
};

export const createUser = async (
  context: Context,
  name: string,
  { role = [], displayName, domain }: UserOptions,
): Promise<number> => {
  const roles = rolesIn(context, role);
  const spec = { roles, ...(displayName === undefined ? {} : { displayName }) };
  await make(context, 'User', name, spec, domain);
  await context.out.one({ name, roles }, () => `user/${clean(name)} has ${rolesText(roles)}`);
  return EXIT.ok;
};

export interface RolesOptions {
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
}

/** Without options it shows them. */
export const userRoles = async (
  context: Context,
  name: string,
  { add = [], remove = [] }: RolesOptions,
): Promise<number> => {
  const asked = await context.admin();
  const { resource, version } = await one(asked, 'User', name);
  const gone = remove.flatMap(split);
  const roles = [...new Set([...resource.spec.roles, ...rolesIn(context, add)])].filter((role) => !gone.includes(role));
  if (add.length + remove.length > 0)
    await change(asked, { ...resource, spec: { ...resource.spec, roles } }, version, 'roles changed');
  await context.out.one({ name, roles }, () => `user/${clean(name)} has ${rolesText(roles)}`);
  return EXIT.ok;
};

export const listTeams = async ({ admin, out }: Context): Promise<number> => {
  await out.list({
    kind: 'Team',
    rows: (await all(await admin(), 'Team')).map(({ resource: { metadata, spec } }) => ({
      name: metadata.name,
      domain: metadata.domain ?? '',
      members: membersOf(spec),
    })),
    columns: [
      { title: 'TEAM', value: ({ name }) => name },
      { title: 'DOMAIN', value: ({ domain }) => domain || '-' },
      { title: 'MEMBERS', value: ({ members }) => members.join(', ') || '-' },
    ],
    name: ({ name }) => `team/${name}`,
    empty: 'no teams here; make one: airspace team create <name> user/<name> agent/<name>',
  });
  return EXIT.ok;
};

export const createTeam = async (
  context: Context,
  name: string,
  members: readonly string[],
  { domain }: { domain?: string },
): Promise<number> => {
  const spec = withMembers({ users: [], agents: [] }, members);
  await make(context, 'Team', name, spec, domain);
  await context.out.one({ name, ...spec }, () => `team/${clean(name)}: ${membersText(spec)}`);
  return EXIT.ok;
};

export const addToTeam = (context: Context, name: string, members: readonly string[]): Promise<number> =>
  changeTeam(context, name, (spec) => withMembers(spec, members));

export const removeFromTeam = (context: Context, name: string, members: readonly string[]): Promise<number> =>
  changeTeam(context, name, (spec) => withoutMembers(spec, members));

type Members = Pick<ResourceOf<'Team'>['spec'], 'users' | 'agents'>;

const changeTeam = async (context: Context, name: string, turn: (spec: Members) => Members): Promise<number> => {
  const asked = await context.admin();
  const { resource, version } = await one(asked, 'Team', name);
  const spec = { ...resource.spec, ...turn(resource.spec) };
  await change(asked, { ...resource, spec }, version, 'members changed');
  await context.out.one({ name, ...spec }, () => `team/${clean(name)}: ${membersText(spec)}`);
  return EXIT.ok;
};

const withMembers = (spec: Members, members: readonly string[]): Members => ({
  users: [...new Set([...spec.users, ...namesOf('user', members)])],
  agents: [...new Set([...spec.agents, ...namesOf('agent', members)])],
});

const withoutMembers = (spec: Members, members: readonly string[]): Members => {
  const [users, agents] = [namesOf('user', members), namesOf('agent', members)];
  return {
    users: spec.users.filter((name) => !users.includes(name)),
    agents: spec.agents.filter((name) => !agents.includes(name)),
  };
};

/** Throws a usage failure for a word that is no member. */
const namesOf = (kind: 'user' | 'agent', members: readonly string[]): string[] => {
  for (const member of members)
    if (!/^(user|agent)\/[a-z0-9-]+$/.test(member)) throw usage(`\`${member}\` must be user/<name> or agent/<name>`);
  return members.filter((member) => member.startsWith(`${kind}/`)).map((member) => member.slice(kind.length + 1));
};

const membersOf = ({ users, agents }: Members): readonly string[] => [
  ...users.map((name) => `user/${name}`),
  ...agents.map((name) => `agent/${name}`),
];
const membersText = (spec: Members): string => clean(membersOf(spec).join(', ') || 'nobody');

const split = (text: string): readonly string[] => text.split(',').filter((word) => word !== '');

/** Other roles are fine, they are policy's; one that is nearly ours is most likely a slip. */
const rolesIn = ({ out }: Context, given: readonly string[]): readonly string[] => {
  const roles = given.flatMap(split);
  const other = roles.filter((role) => !(ADMIN_ROLES as readonly string[]).includes(role));
  if (other.length > 0)
    out.note(
      `${clean(other.join(', '))} means nothing to the admin interface, only to policy; its roles are ${ADMIN_ROLES.join(', ')}`,
    );
  return roles;
};

const rolesText = (roles: readonly string[]): string =>
  roles.length === 0 ? 'no roles' : `the roles ${clean(roles.join(', '))}`;

type Stored<K extends Kind> = Omit<StoredResource, 'resource'> & { readonly resource: ResourceOf<K> };

const nameOf = ({ resource }: Stored<Kind>): string => resource.metadata.name;

const all = async <K extends Kind>(admin: Admin, kind: K): Promise<readonly Stored<K>[]> =>
  (await admin.get<{ items: readonly Stored<K>[] }>('/v1/resources', { kind })).items;

const one = async <K extends Kind>(admin: Admin, kind: K, name: string): Promise<Stored<K>> => {
  const found = (await all(admin, kind)).find((stored) => nameOf(stored) === name);
  if (found === undefined)
    throw new Failure(EXIT.notFound, `there is no ${kind.toLowerCase()} \`${clean(name)}\``, {
      code: 'not_found',
      try: `airspace ${kind.toLowerCase()} create ${clean(name)}`,
    });
  return found;
};

/** Never over one that is there: its roles would be gone without a word. */
const make = async (
  context: Context,
  kind: Kind,
  name: string,
  spec: object,
  domain: string | undefined,
): Promise<void> => {
  const admin = await context.admin();
  const { tenant } = await admin.get<{ tenant: string }>('/v1/whoami');
  const metadata = { name, tenant, ...(domain === undefined ? {} : { domain }) };
  await change(admin, { apiVersion: API_VERSION, kind, metadata, spec }, 0, `${kind.toLowerCase()} created`);
};

/** A resource as it is written; whether it is one is the server's to say. */
interface Written {
  readonly apiVersion: string;
  readonly kind: Kind;
  readonly metadata: { readonly name: string; readonly tenant: string };
  readonly spec: object;
}

/** Only on top of what was looked at; 0: of nothing. */
const change = async (admin: Admin, resource: Written, version: number, reason: string): Promise<void> => {
  const { tenant, name } = resource.metadata;
  const ifVersions = { [`${tenant}/${resource.kind}/${name}`]: version };
  await admin.post('/v1/resources:apply', { resources: [resource], ifVersions, reason });
};
