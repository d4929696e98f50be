/** `airspace describe`: one resource with all that is known about it, declared and seen. */
import { stringify } from 'yaml';
import type { CallEvent, StoredResource, TopEndpoint, TopRead } from '../../contract/index.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure } from '../failure.ts';
import { observedOf, resourceKindOf } from '../kinds.ts';
import { pageOf } from '../pages.ts';
import { cleanText } from '../render/clean.ts';
import { domainLines, targetSumColumns } from '../render/domains.ts';
import type { Column } from '../render/table.ts';
import { duration } from '../render/time.ts';
import { alertLines, alertsSeen } from './alerts.ts';
import { callColumns } from './calls.ts';
import { type DomainSeen, domainsSeen } from './domains.ts';

export const describe = async (context: Context, word: string, name: string): Promise<number> => {
  const observed = observedOf(word);
  if (observed === 'nodes' || observed === 'sidecars')
    return (await import('./describe-node.ts')).describeNode(context, name);
  if (observed === 'calls' || observed === 'requests')
    return (await import('./describe-call.ts')).describeCall(context, name);
  if (observed === 'approvals') return (await import('./approval.ts')).show(context, name);
  const kind = resourceKindOf(word);
  const admin = await context.admin();
  const { items } = await admin.get<{ items: StoredResource[] }>('/v1/resources', { kind, name });
  const [found] = items;
  if (found === undefined)
    throw new Failure(EXIT.notFound, `there is no ${kind.toLowerCase()} \`${name}\``, {
      try: `airspace get ${word}`,
      code: 'not_found',
    });
  const seen =
    kind === 'Agent' || kind === 'Tool' || kind === 'Model'
      ? await seenOf(context, kind.toLowerCase(), name)
      : undefined;
  const domain = kind === 'Domain' ? (await domainsSeen(admin, [found])).get(name) : undefined;
  const alert = kind === 'Alert' ? (await alertsSeen(admin)).get(name) : undefined;
  const also = { ...(domain === undefined ? {} : { domain }), ...(alert === undefined ? {} : { alert }) };
  await context.out.one({ ...found, ...seen, ...also }, () =>
    [
      cleanText(stringify(found.resource)).trimEnd(),
      `\nversion ${found.version}, since revision ${found.revision}`,
      ...(domain === undefined ? [] : domainText(context, domain)),
      ...(alert === undefined ? [] : alertLines(alert, Date.now())),
      ...(seen === undefined ? [] : seenText(context, seen)),
      ...pageLine(pageOf(admin.url, `${kind.toLowerCase()}/${name}`)),
    ].join('\n'),
  );
  return EXIT.ok;
};

const pageLine = (page: string | undefined): readonly string[] => (page === undefined ? [] : ['', `ui ${page}`]);

const domainText = ({ out }: Context, domain: DomainSeen): readonly string[] => {
  const called = domain.hour?.targets ?? [];
  return [
    ...domainLines(domain, Date.now()),
    ...(called.length === 0 ? [] : ['', out.table(called, targetSumColumns)]),
  ];
};

interface Seen {
  readonly endpoints: readonly TopEndpoint[];
  readonly calls: readonly CallEvent[];
}

const seenOf = async (context: Context, kind: string, name: string): Promise<Seen> => {
  const admin = await context.admin();
  const [{ targets }, { events }] = await Promise.all([
    admin.get<TopRead>('/v1/top'),
    admin.get<{ events: CallEvent[] }>('/v1/calls', { target: name, limit: 10 }),
  ]);
  return {
    endpoints: targets.find(({ target }) => target === `${kind}/${name}`)?.endpoints ?? [],
    calls: events.filter(({ target }) => target.kind === kind),
  };
};

const ENDPOINT_COLUMNS: readonly Column<TopEndpoint>[] = [
  { title: 'ENDPOINT', value: ({ id }) => id },
  { title: 'VERSION', value: ({ version }) => version || '-' },
  {
    title: 'TAKES CALLS',
    value: ({ obstacle }) => obstacle ?? 'yes',
    style: ({ obstacle }) => (obstacle === null ? 'green' : 'yellow'),
  },
  { title: 'BREAKER', value: ({ breaker, isHeld }) => `${breaker}${isHeld === true ? ', held' : ''}` },
  { title: 'FLIGHT', value: ({ inFlight }) => inFlight, align: 'right' },
  { title: 'LATENCY', value: ({ latencyMs }) => (latencyMs === null ? '-' : duration(latencyMs)), align: 'right' },
];

const seenText = ({ out }: Context, { endpoints, calls }: Seen): readonly string[] => [
  '',
  endpoints.length === 0 ? 'no endpoint was seen yet' : out.table(endpoints, ENDPOINT_COLUMNS),
  '',
  calls.length === 0 ? 'no call was seen yet' : out.table(calls, callColumns(Date.now())),
];
