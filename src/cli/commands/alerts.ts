/** Alerts as they stand, for `get` and `describe`, and `airspace incident ls`. */
import type { AlertView, Incident } from '../../contract/index.ts';
import type { Admin } from '../admin.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';
import { styleOf } from '../render/paint.ts';
import type { Column } from '../render/table.ts';
import { age, duration } from '../render/time.ts';

/** By name. */
export const alertsSeen = async (admin: Admin): Promise<ReadonlyMap<string, AlertView>> => {
  const { items } = await admin.get<{ items: AlertView[] }>('/v1/alerts');
  return new Map(items.map((alert) => [alert.name, alert]));
};

export const alertLines = ({ state, sinceMs, text, incident }: AlertView, nowMs: number): readonly string[] => [
  '',
  `${state}${sinceMs === null ? '' : ` since ${age(sinceMs, nowMs)}`}${text === '' ? '' : `: ${clean(text)}`}`,
  ...(incident === '' ? [] : [`incident ${incident} is open; \`airspace incident ls\` has all`]),
];

export interface IncidentOptions {
  readonly open?: boolean;
  readonly limit?: string;
}

export const listIncidents = async ({ admin, out }: Context, options: IncidentOptions): Promise<number> => {
  const { limit = '30' } = options;
  if (!/^[1-9]\d{0,3}$/.test(limit) || Number(limit) > 1000)
    throw usage(`--limit must be a number from 1 to 1000, not \`${limit}\``);
  const { items } = await (await admin()).get<{ items: Incident[] }>('/v1/incidents', {
    limit,
    ...(options.open === true ? { state: 'open' } : {}),
  });
  await out.list({
    kind: 'Incident',
    rows: items,
    columns: columnsAt(Date.now()),
    name: ({ id }) => `incident/${id}`,
    empty: options.open === true ? 'no incident is open' : 'no alert has fired yet',
  });
  return EXIT.ok;
};

/** In one word. */
export const incidentState = ({ endedAtMs, acknowledged }: Incident): 'open' | 'acknowledged' | 'over' => {
  if (endedAtMs !== null) return 'over';
  return acknowledged === undefined ? 'open' : 'acknowledged';
};

const columnsAt = (nowMs: number): readonly Column<Incident>[] => [
  { title: 'INCIDENT', value: ({ id }) => id.slice(0, 8) },
  {
    title: 'STATE',
    value: incidentState,
    style: (incident) => styleOf(incidentState(incident)),
  },
  { title: 'SEVERITY', value: ({ severity }) => severity },
  { title: 'ALERT', value: ({ alert }) => alert },
  { title: 'AGE', value: ({ openedAtMs }) => age(openedAtMs, nowMs) },
  {
    title: 'LASTED',
    value: ({ openedAtMs, endedAtMs }) => duration((endedAtMs ?? nowMs) - openedAtMs),
    align: 'right',
  },
  { title: 'WHAT', value: ({ text }) => text },
  { title: 'WHO', value: ({ acknowledged }) => acknowledged?.by ?? '-', wide: true },
  { title: 'ENDED', value: ({ ended }) => ended || '-', wide: true },
  { title: 'TOLD', value: ({ webhook, told }) => (webhook === '' ? 'nobody' : told), wide: true },
  { title: 'NODE', value: ({ node }) => node, wide: true },
];
