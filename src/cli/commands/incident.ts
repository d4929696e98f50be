/** `airspace incident show | ack | close`: one incident, who looks after it, and its end by hand. */
import type { Incident } from '../../contract/index.ts';
import type { Admin } from '../admin.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';
import { duration } from '../render/time.ts';
import { incidentState } from './alerts.ts';

export const show = async (context: Context, word: string): Promise<number> => {
  const id = idOf(word);
  const incident = await (await context.admin()).get<Incident>(`/v1/incidents/${id}`);
  await context.out.one(incident, () => factsOf(incident, Date.now()).map(lineOf).join('\n'));
  return EXIT.ok;
};

export const acknowledge = async (
  context: Context,
  word: string,
  { note = '' }: { readonly note?: string },
): Promise<number> => {
  const incident = await change(await context.admin(), word, 'acknowledge', { note });
  await context.out.one(
    incident,
    () => `${clean(incident.id)} is acknowledged by ${clean(incident.acknowledged?.by ?? '')}; it stays open`,
  );
  return EXIT.ok;
};

export const close = async (
  context: Context,
  word: string,
  { reason }: { readonly reason?: string },
): Promise<number> => {
  if (reason === undefined) throw usage('why is it over?', 'the same with --reason "..."');
  const incident = await change(await context.admin(), word, 'close', { reason });
  await context.out.one(
    incident,
    () => `${clean(incident.id)} is closed; if \`${clean(incident.alert)}\` is still so in a minute, another opens`,
  );
  return EXIT.ok;
};

const change = (admin: Admin, word: string, verb: 'acknowledge' | 'close', body: object): Promise<Incident> =>
  admin.post<Incident>(`/v1/incidents/${idOf(word)}:${verb}`, body);

const idOf = (word: string): string => {
  const id = word.toLowerCase();
  if (!/^[0-9a-f]{8,32}$/.test(id))
    throw usage(`\`${word}\` is no incident: 8 to 32 hex digits`, 'airspace incident ls');
  return id;
};

type Fact = readonly [title: string, text: string];

const lineOf = ([title, text]: Fact): string => `${title.padEnd(13)} ${clean(text)}`;

const factsOf = (incident: Incident, nowMs: number): readonly Fact[] => {
  const { id, alert, signal, severity, node, text, openedAtMs, endedAtMs, ended, acknowledged, webhook, told } =
    incident;
  return [
    ['incident', id],
    ['state', incidentState(incident)],
    ['alert', `${alert} (${signal}, ${severity})`],
    ['what', text],
    ['began', new Date(openedAtMs).toISOString()],
    ['lasted', duration((endedAtMs ?? nowMs) - openedAtMs)],
    ...(acknowledged === undefined
      ? []
      : ([
          ['acknowledged', `by ${acknowledged.by}, ${new Date(acknowledged.atMs).toISOString()}`],
          ...(acknowledged.note === '' ? [] : [['note', acknowledged.note] as const]),
        ] as const)),
    ...(endedAtMs === null ? [] : [['ended', `${new Date(endedAtMs).toISOString()}: ${ended}`] as const]),
    ['told', webhook === '' ? 'nobody' : `${webhook}: ${told}`],
    ['hub', node],
  ];
};
