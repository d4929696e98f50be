/** `airspace topology show`: which way calls go now, from what was recorded. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TopologyView } from '../../../topologies/index.ts';
import type { Context } from '../../context.ts';
import { EXIT, usage } from '../../failure.ts';
import { parseDuration } from '../../render/time.ts';
import { footOf, PAIR_COLUMNS, pairNotes } from '../../render/topology.ts';

export interface ShowOptions {
  readonly window?: string;
  readonly watch?: boolean;
  readonly interval?: string;
}

export const show = async (context: Context, options: ShowOptions): Promise<number> => {
  const windowMs = spanIn('--window', options.window ?? '15m', 1_000);
  const intervalMs = spanIn('--interval', options.interval ?? '2s', 500);
  const isPicture = context.out.format === 'dot' || context.out.format === 'mermaid';
  if (isPicture && options.watch === true) throw usage('a picture is of one moment', 'the same without --watch');
  const admin = await context.admin();
  for (;;) {
    await print(context, await admin.get<TopologyView>('/v1/topology', { windowMs }), options.watch === true);
    if (options.watch !== true) return EXIT.ok;
    await sleep(intervalMs);
  }
};

/** Throws a usage failure that names the option. */
export const spanIn = (option: string, text: string, leastMs: number): number => {
  const ms = parseDuration(text);
  if (ms === undefined || ms < leastMs || ms > MOST_MS)
    throw usage(`${option} must be a time such as 30s or 1h, not \`${text}\``);
  return ms;
};

const MOST_MS = 30 * 86_400_000;

const CLEAR = '\x1b[H\x1b[2J';

const print = async ({ out }: Context, view: TopologyView, again: boolean): Promise<void> => {
  const isText = out.format === 'table' || out.format === 'wide';
  if (out.format === 'json' || out.format === 'yaml') return out.data(view);
  if (out.format === 'dot' || out.format === 'mermaid') return picture(out, view);
  if (again && isText && out.isTTY) out.print(CLEAR);
  await out.list({
    kind: 'Way',
    rows: view.pairs,
    columns: PAIR_COLUMNS,
    name: ({ route, caller, target }) => `${route} ${caller?.id ?? '*'} ${target.kind}/${target.name}`,
    empty: 'there is no route, and nothing was called in this time; airspace explain route',
  });
  if (!isText) return;
  for (const note of pairNotes(view)) out.print(note);
  out.note(footOf(view));
};

/** What draws it takes an empty picture as well. */
const picture = async (out: Context['out'], view: TopologyView): Promise<void> => {
  const { dotOf, mermaidOf } = await import('../../render/graph.ts');
  out.print(out.format === 'dot' ? dotOf(view) : mermaidOf(view));
  out.note(footOf(view));
};
