/** `airspace kill`, `kill ls` and `kill lift`: somebody or something stops at once, on every node, until an order is lifted. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KILL_KINDS, type KillOrder } from '../../contract/index.ts';
import type { KillAnswer, KillsView } from '../../doors/admin/index.ts';
import type { Admin } from '../admin.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';
import { age, duration, parseDuration } from '../render/time.ts';

export interface KillOptions {
  readonly reason?: string;
  readonly for?: string;
  /** Longest wait for the nodes. */
  readonly wait?: string;
}

/** Nobody is asked whether they are sure: who says stop has no time for questions, and lifting it undoes it. */
export const kill = async (context: Context, what: string, options: KillOptions): Promise<number> => {
  const [kind = '', name = '', ...rest] = what.split('/');
  if (!(KILL_KINDS as readonly string[]).includes(kind) || name === '' || rest.length > 0)
    throw usage(
      `\`${what}\` must be ${KILL_KINDS.join('/<name>, ')}/<id>`,
      'airspace kill agent/orders --reason "..."',
    );
  if (options.reason === undefined)
    throw usage('everybody who is stopped will ask why', 'the same with --reason "..."');
  const admin = await context.admin();
  const answer = await admin.post<KillAnswer>('/v1/kills', {
    kind,
    name,
    reason: options.reason,
    ...untilOf(options.for),
  });
  for (const warning of answer.warnings) context.out.note(`warning: ${clean(warning)}`);
  return confirmed(context, admin, answer, options.wait, `${describe(answer.order)} is stopped by ${answer.order.id}`);
};

const untilOf = (text: string | undefined): { readonly until?: string } => {
  if (text === undefined) return {};
  const forMs = parseDuration(text);
  if (forMs === undefined) throw usage(`--for must be such as 30m or 2h, not \`${text}\``);
  return { until: new Date(Date.now() + forMs).toISOString() };
};

export const list = async ({ admin, out }: Context): Promise<number> => {
  const { items } = await (await admin()).get<KillsView>('/v1/kills');
  const now = Date.now();
  await out.list({
    kind: 'KillOrder',
    rows: items,
    columns: [
      { title: 'ID', value: ({ id }) => id },
      { title: 'STOPS', value: (order) => describe(order), style: () => 'red' },
      { title: 'AGE', value: ({ atMs }) => age(atMs, now) },
      { title: 'BY', value: ({ by }) => by },
      { title: 'UNTIL', value: ({ untilMs }) => (untilMs === null ? 'lifted' : new Date(untilMs).toISOString()) },
      { title: 'REASON', value: ({ reason }) => reason },
    ],
    name: ({ id }) => id,
    empty: 'no order is in force; give one: airspace kill agent/<name> --reason "..."',
  });
  return EXIT.ok;
};

export const lift = async (
  context: Context,
  id: string,
  options: { readonly yes?: boolean; readonly wait?: string },
): Promise<number> => {
  const admin = await context.admin();
  const { items } = await admin.get<KillsView>('/v1/kills');
  const order = items.find((one) => one.id === id);
  const what = order === undefined ? id : `${id}: ${describe(order)} may go on`;
  await context.confirm(`lift ${clean(what)}`, options.yes ?? false);
  const answer = await admin.delete<KillAnswer>(`/v1/kills/${encodeURIComponent(id)}`);
  return confirmed(context, admin, answer, options.wait, `${describe(answer.order)} may go on`);
};

export const describe = ({ kind, name }: KillOrder): string => clean(`${kind}/${name}`);

/** A beat comes each 2 s and one more right after a list was taken: a connected node that is silent longer has not heard. */
const WAIT = '5s';
const POLL_MS = 20;

/** What a person waits for: the last node that can be reached has said that it does as it was told. */
const confirmed = async (
  context: Context,
  admin: Admin,
  answer: KillAnswer,
  wait: string = WAIT,
  done: string,
): Promise<number> => {
  const waitMs = parseDuration(wait);
  if (waitMs === undefined) throw usage(`--wait must be such as 5s, not \`${wait}\``);
  const endMs = performance.now() + waitMs;
  let spread = spreadOf(answer, await admin.get<KillsView>('/v1/kills'));
  while (spread.waiting.length > 0 && performance.now() < endMs) {
    await sleep(POLL_MS);
    spread = spreadOf(answer, await admin.get<KillsView>('/v1/kills'));
  }
  await context.out.one({ ...answer, ...spread }, () => [done, ...sentences(answer, spread)].join('\n'));
  return spread.waiting.length === 0 ? EXIT.ok : EXIT.timedOut;
};

interface Spread {
  readonly confirmed: readonly string[];
  /** From the request to the last of them, on the clock of the hub. */
  readonly tookMs: number;
  /** Connected, and silent about it. */
  readonly waiting: readonly string[];
  /** Not connected: they learn it when they come back, and until then stop writes a minute after they were cut off. */
  readonly away: readonly string[];
}

const spreadOf = ({ seq, atMs }: KillAnswer, { nodes }: KillsView): Spread => {
  const alive = nodes.filter(({ state }) => state === 'alive');
  const there = alive.filter((node) => node.seq >= seq);
  return {
    confirmed: there.map(({ id }) => id),
    tookMs: Math.max(0, ...there.map((node) => (node.atMs ?? atMs) - atMs)),
    waiting: alive.filter((node) => node.seq < seq).map(({ id }) => id),
    away: nodes.filter(({ state }) => state !== 'alive').map(({ id }) => id),
  };
};

const sentences = ({ cut }: KillAnswer, { confirmed: there, tookMs, waiting, away }: Spread): readonly string[] => [
  ...(cut === 0 ? [] : [`${cut} running ${cut === 1 ? 'call was' : 'calls were'} cut on the hub`]),
  there.length === 0
    ? 'the hub does so; no other node is connected'
    : `the hub and ${there.length} connected ${there.length === 1 ? 'node' : 'nodes'} do so, the last one after ${duration(tookMs)}`,
  ...(waiting.length === 0 ? [] : [`not confirmed by ${clean(waiting.join(', '))}; look at \`airspace get nodes\``]),
  ...(away.length === 0 ? [] : [`away, and told when they are back: ${clean(away.join(', '))}`]),
];
