/** `airspace get` of what is seen and not configured: instances, nodes, targets, breakers, calls, incidents, approvals. */
import type { InstanceEntry, NodeView, TargetEntry } from '../../contract/index.ts';
import type { Context } from '../context.ts';
import { usage } from '../failure.ts';
import type { Observed } from '../kinds.ts';
import { styleOf } from '../render/paint.ts';
import { age, duration } from '../render/time.ts';
import { listCalls } from './calls.ts';

export interface GetOptions {
  readonly selector?: string;
  readonly domain?: string;
  readonly limit?: string;
  readonly watch?: boolean;
  readonly interval?: string;
}

type Observer = (context: Context, names: readonly string[], options: GetOptions) => Promise<void>;

export const observe = (
  context: Context,
  observed: Observed,
  names: readonly string[],
  options: GetOptions,
): Promise<void> => OBSERVERS[observed](context, names, options);

/** There are some: applying more would not help. */
export const noMatch = (there: number, what: string): string =>
  `nothing matches; without the filter there ${there === 1 ? 'is' : 'are'} ${there} ${what}${there === 1 ? '' : 's'}`;

/** What only the newest of are listed is not found by its name here. */
const nameless = (kind: Observed, names: readonly string[], instead: string): void => {
  if (names.length > 0) throw usage(`\`get ${kind}\` lists the newest, and takes no names`, instead);
};

const calls =
  (kind: 'calls' | 'requests'): Observer =>
  async (context, names, { limit }) => {
    nameless(kind, names, 'airspace request show <id>');
    await listCalls(context, limit === undefined ? {} : { limit });
  };

const OBSERVERS: Readonly<Record<Observed, Observer>> = {
  instances: async ({ admin, out }, names) => {
    const { items } = await (await admin()).get<{ items: InstanceEntry[] }>('/v1/instances');
    await out.list({
      kind: 'Instance',
      rows: items.filter(({ name, id }) => names.length === 0 || names.includes(name) || names.includes(id)),
      columns: [
        { title: 'ID', value: ({ id }) => id },
        { title: 'TARGET', value: ({ kind, name }) => `${kind}/${name}` },
        { title: 'STATE', value: ({ state }) => state, style: ({ state }) => styleOf(state) },
        { title: 'VERSION', value: ({ version }) => version },
        { title: 'NODE', value: ({ node }) => node || '-' },
        { title: 'URL', value: ({ url }) => url },
      ],
      name: ({ id }) => `instance/${id}`,
      empty: items.length === 0 ? 'no instance has announced itself' : noMatch(items.length, 'instance'),
    });
  },
  nodes: (context, names, { domain }) => nodesOf(context, names, domain, undefined),
  sidecars: (context, names, { domain }) => nodesOf(context, names, domain, 'sidecar'),
  targets: async ({ admin, out }, names, { domain }) => {
    type Described = Pick<TargetEntry, 'kind' | 'name' | 'domain' | 'labels' | 'operations'>;
    const { items } = await (await admin()).get<{ items: Described[] }>('/v1/targets', { domain });
    await out.list({
      kind: 'Target',
      rows: items.filter(({ name }) => names.length === 0 || names.includes(name)),
      columns: [
        { title: 'TARGET', value: ({ kind, name }) => `${kind}/${name}` },
        { title: 'DOMAIN', value: (target) => target.domain || '-' },
        { title: 'OPERATIONS', value: ({ operations }) => operations.map(({ name }) => name).join(', ') },
      ],
      name: ({ kind, name }) => `${kind}/${name}`,
      empty:
        items.length > 0
          ? noMatch(items.length, 'target')
          : domain === undefined
            ? 'no target is declared'
            : `no target is declared in domain \`${domain}\``,
    });
  },
  breakers: async (context, names, { domain }) => {
    const { breakerColumns, breakersSeen } = await import('./breaker.ts');
    const there = await breakersSeen(context);
    await context.out.list({
      kind: 'Breaker',
      rows: there.filter(
        (one) =>
          (names.length === 0 || names.includes(one.target) || names.includes(one.endpoint)) &&
          (domain === undefined || one.domain === domain),
      ),
      columns: breakerColumns(Date.now()),
      // Each node has one of its own of the same endpoint.
      name: ({ node, endpoint }) => `breaker/${node}/${endpoint}`,
      empty:
        there.length === 0
          ? 'every breaker is closed, and has been since its node started'
          : noMatch(there.length, 'breaker'),
    });
  },
  calls: calls('calls'),
  requests: calls('requests'),
  incidents: async (context, names, { limit }) => {
    nameless('incidents', names, 'airspace incident ls');
    await (await import('./alerts.ts')).listIncidents(context, limit === undefined ? {} : { limit });
  },
  approvals: async (context, names, { limit }) => {
    nameless('approvals', names, 'airspace approval show <id>');
    await (await import('./approval.ts')).list(context, limit === undefined ? {} : { limit });
  },
};

const nodesOf = async (
  { admin, out }: Context,
  names: readonly string[],
  domain: string | undefined,
  role: 'sidecar' | undefined,
): Promise<void> => {
  const { items } = await (await admin()).get<{ items: NodeView[] }>('/v1/nodes');
  const there = items.filter(({ node }) => role === undefined || node.role === role);
  const word = role ?? 'node';
  const now = Date.now();
  await out.list({
    kind: 'Node',
    rows: there.filter(
      ({ node }) => (names.length === 0 || names.includes(node.id)) && (domain === undefined || node.domain === domain),
    ),
    columns: [
      { title: 'ID', value: ({ node }) => node.id },
      { title: 'ROLE', value: ({ node }) => node.role },
      { title: 'STATE', value: ({ state }) => state, style: ({ state }) => styleOf(state) },
      { title: 'FOR', value: ({ node }) => node.agent || node.tool || node.domain || '-' },
      { title: 'HEARD', value: ({ heardAtMs }) => (heardAtMs === null ? 'never' : age(heardAtMs, now)) },
      { title: 'SNAPSHOT', value: ({ snapshotSeq }) => snapshotSeq, align: 'right' },
      {
        title: 'REFUSED',
        value: ({ refused }) => refused ?? '-',
        style: ({ refused }) => (refused === null ? undefined : 'red'),
      },
      {
        title: 'CERTIFICATE',
        // Hubs of an older version say nothing of it.
        value: ({ certificate = null }: Partial<NodeView>) =>
          certificate === null ? '-' : duration(certificate.expiresAtMs - now),
        style: ({ certificate = null }: Partial<NodeView>) =>
          certificate !== null && certificate.expiresAtMs < now ? 'red' : undefined,
      },
      { title: 'SPIFFE ID', value: ({ certificate }) => certificate?.spiffeId ?? '-', wide: true },
      { title: 'URL', value: ({ node }) => node.url, wide: true },
    ],
    name: ({ node }) => `node/${node.id}`,
    empty:
      there.length === 0
        ? `no ${word} has joined; get a token: airspace token create --role sidecar --agent <name>`
        : noMatch(there.length, word),
  });
};
