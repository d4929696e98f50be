/** `airspace get`: a table of anything that there is. */
import {
  type AlertView,
  moneyOf,
  moneyText,
  type ResourceKind,
  type ResourceOf,
  type RouteSpec,
  type StoredResource,
  type TopRead,
} from '../../contract/index.ts';
import type { Admin } from '../admin.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure } from '../failure.ts';
import { wantedOf } from '../kinds.ts';
import { domainColumns } from '../render/domains.ts';
import { styleOf } from '../render/paint.ts';
import type { Column } from '../render/table.ts';
import { parseSelector } from '../selector.ts';
import { alertsSeen } from './alerts.ts';
import { type DomainSeen, domainsSeen, inTreeOrder } from './domains.ts';
import { type GetOptions, noMatch, observe } from './observed.ts';

export const get = async (
  context: Context,
  word: string,
  names: readonly string[],
  options: GetOptions,
): Promise<number> => {
  const wanted = wantedOf(word);
  const look = (shown: Context): Promise<void> =>
    'observed' in wanted
      ? observe(shown, wanted.observed, names, options)
      : resources(shown, wanted.kind, names, options);
  if (options.watch === true) await (await import('./watch.ts')).watching(context, options.interval ?? '1s', look);
  else await look(context);
  return EXIT.ok;
};

type Row = StoredResource & { readonly well?: string; readonly seen?: DomainSeen; readonly alert?: AlertView };

const resources = async (
  context: Context,
  kind: ResourceKind,
  names: readonly string[],
  options: GetOptions,
): Promise<void> => {
  const admin = await context.admin();
  const selects = parseSelector(options.selector);
  const { items } = await admin.get<{ items: StoredResource[] }>('/v1/resources', { kind });
  const found = items.filter(
    ({ resource: { metadata } }) =>
      (names.length === 0 || names.includes(metadata.name)) &&
      (options.domain === undefined || metadata.domain === options.domain) &&
      selects(metadata.labels),
  );
  const missing = names.filter((name) => !found.some(({ resource }) => resource.metadata.name === name));
  const well = isTarget(kind) && isTable(context) ? await wellOf(admin) : undefined;
  const domains = kind === 'Domain' ? await domainsSeen(admin, items) : undefined;
  const alerts = kind === 'Alert' ? await alertsSeen(admin) : undefined;
  const rows = found.map((one): Row => {
    const seen = domains?.get(one.resource.metadata.name);
    const alert = alerts?.get(one.resource.metadata.name);
    if (alert !== undefined) return { ...one, alert };
    return seen === undefined ? withWell(one, well) : { ...one, seen };
  });
  if (found.length > 0 || missing.length === 0)
    await context.out.list<Row>({
      kind,
      rows: domains === undefined ? rows : inTreeOrder(rows),
      columns: columnsOf(kind),
      name: ({ resource }) => `${kind.toLowerCase()}/${resource.metadata.name}`,
      empty:
        items.length === 0
          ? `no ${word(kind)} here; apply some: airspace apply -f <folder>`
          : noMatch(items.length, word(kind)),
    });
  if (missing.length > 0)
    throw new Failure(EXIT.notFound, `there is no ${word(kind)} ${missing.map((name) => `\`${name}\``).join(', ')}`, {
      code: 'not_found',
    });
};

const word = (kind: ResourceKind): string => kind.toLowerCase();
const isTable = ({ out }: Context): boolean => out.format === 'table' || out.format === 'wide';
const isTarget = (kind: ResourceKind): boolean => kind === 'Agent' || kind === 'Tool' || kind === 'Model';

/** Data formats print a target as it is; only the table carries what routing sees. */
const withWell = (stored: StoredResource, well: ReadonlyMap<string, string> | undefined): Row => {
  const { kind, metadata } = stored.resource;
  return well === undefined ? stored : { ...stored, well: well.get(`${kind.toLowerCase()}/${metadata.name}`) ?? '-' };
};

const wellOf = async (admin: Admin): Promise<ReadonlyMap<string, string>> => {
  const { targets } = await admin.get<TopRead>('/v1/top');
  return new Map(
    targets.map(({ target, endpoints }) => [
      target,
      `${endpoints.filter((endpoint) => endpoint.obstacle === null).length}/${endpoints.length}`,
    ]),
  );
};

const NAME: Column<Row> = { title: 'NAME', value: ({ resource }) => resource.metadata.name };
const DOMAIN: Column<Row> = { title: 'DOMAIN', value: ({ resource }) => resource.metadata.domain ?? '-' };
const OWNER: Column<Row> = { title: 'OWNER', value: ({ resource }) => resource.metadata.owner ?? '-', wide: true };
const VERSION: Column<Row> = { title: 'REV', value: ({ version }) => version, align: 'right' };
const LABELS: Column<Row> = {
  title: 'LABELS',
  value: ({ resource }) =>
    Object.entries(resource.metadata.labels)
      .map(([name, value]) => `${name}=${value}`)
      .join(',') || '-',
  wide: true,
};

const TARGET_COLUMNS: readonly Column<Row>[] = [
  NAME,
  DOMAIN,
  {
    title: 'WELL',
    value: ({ well }) => well ?? '-',
    align: 'right',
    style: ({ well }) => (/^0\/[1-9]/.test(well ?? '') ? 'red' : undefined),
  },
  {
    title: 'OPERATIONS',
    value: ({ resource }) =>
      'operations' in resource.spec
        ? resource.spec.operations
            .map(({ name, effect }) => (effect === 'read' ? name : `${name}(${effect})`))
            .join(', ')
        : '-',
  },
  {
    title: 'ENDPOINTS',
    value: ({ resource }) =>
      'endpoints' in resource.spec ? resource.spec.endpoints.map(({ url }) => url).join(', ') || '-' : '-',
    wide: true,
  },
];

/** Indented as a tree; `name` as people type it stays as it is. */
const TREE_NAME: Column<Row> = {
  title: 'NAME',
  value: ({ resource, seen }) => `${'  '.repeat(seen?.depth ?? 0)}${resource.metadata.name}`,
};

const columnsOf = (kind: ResourceKind): readonly Column<Row>[] => {
  if (kind === 'Domain')
    return [TREE_NAME, ...domainColumns(Date.now()), { title: 'SAYS', value: summaryOf }, LABELS, VERSION];
  if (kind === 'Alert') return [NAME, ...ALERT_COLUMNS, { title: 'SAYS', value: summaryOf }, LABELS, VERSION];
  return isTarget(kind)
    ? [...TARGET_COLUMNS, OWNER, LABELS, VERSION]
    : [NAME, DOMAIN, { title: 'SAYS', value: summaryOf }, LABELS, VERSION];
};

const ALERT_COLUMNS: readonly Column<Row>[] = [
  {
    title: 'STATE',
    value: ({ alert }) => alert?.state ?? '-',
    style: ({ alert }) => styleOf(alert?.state ?? '-'),
  },
  { title: 'SEVERITY', value: ({ alert }) => alert?.severity ?? '-' },
  { title: 'NOW', value: ({ alert }) => alert?.text || '-' },
];

const wayText = (via: RouteSpec['via']): string => (typeof via === 'string' ? via : `${via.mesh} % mesh`);

const summaryOf = ({ resource }: Row): string => {
  if (resource.kind === 'Route') {
    const { from, to, via, attempts } = resource.spec;
    const callers =
      [...(from.agents ?? []), ...(from.domains ?? []).map((name) => `domain ${name}`)].join(', ') || 'everyone';
    return `${callers} → ${to.kind}/${to.name} via ${wayText(via)}, ${attempts} ${attempts === 1 ? 'try' : 'tries'}`;
  }
  if (resource.kind === 'PolicyBundle')
    return `level ${resource.spec.level}${resource.spec.limits === undefined ? '' : ', with limits'}`;
  if (resource.kind === 'Fact') {
    const { ask, for: served } = resource.spec;
    const source = ask === undefined ? 'a constant' : `asks ${ask.kind}/${ask.name}/${ask.operation}`;
    return `${source}, for ${served.map(({ kind, name }) => `${kind}/${name}`).join(', ')}`;
  }
  if (resource.kind === 'Budget') {
    const { scope, per, limit, unit, window, hard } = resource.spec;
    const amount = unit === 'usd' ? moneyText(moneyOf(limit) ?? 0) : `${limit} ${unit}`;
    const every = window.every === 'none' ? '' : ` a ${window.every}`;
    return `${amount}${every} for ${scope}${per === undefined ? '' : `, each ${per}`}, then ${hard}`;
  }
  if (resource.kind === 'Alert') {
    const { signal, target, budget } = resource.spec;
    return `${signal} of ${target ?? (budget === undefined ? 'all calls' : `budget ${budget}`)}`;
  }
  if (resource.kind === 'Domain') return domainSummary(resource.spec);
  if (resource.kind === 'TreeLimits') {
    const { level, delegation, ...limits } = resource.spec;
    const said = Object.entries(limits).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
    return [`level ${level}`, ...said, ...(delegation === 'caller' ? [] : [delegation])].join(', ');
  }
  if (resource.kind === 'Staleness') {
    const { level, ...bounds } = resource.spec;
    const said = Object.entries(bounds).flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${value}`]));
    return [`level ${level}`, ...said].join(', ');
  }
  if (resource.kind === 'User') {
    const { roles, administers = [] } = resource.spec;
    const domains = administers.length === 0 ? '' : `, administers ${administers.join(', ')}`;
    return `${roles.join(', ') || 'no roles'}${domains}`;
  }
  if (resource.kind === 'IdentityProvider') return resource.spec.issuer;
  if (resource.kind === 'Team') return `${resource.spec.users.length} users, ${resource.spec.agents.length} agents`;
  if (resource.kind === 'Key')
    return `${resource.spec.principal.kind}/${resource.spec.principal.name}${resource.spec.expiresAt === undefined ? '' : `, until ${resource.spec.expiresAt}`}`;
  return '-';
};

const domainSummary = ({ delegated, parent, telemetry }: ResourceOf<'Domain'>['spec']): string =>
  [
    delegated ? 'a hub of its own' : 'served here',
    ...(parent === undefined ? [] : [`below ${parent}`]),
    ...(telemetry === 'sums' ? ['keeps its calls'] : []),
  ].join(', ');
