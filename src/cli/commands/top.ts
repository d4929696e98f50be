/** `airspace top`: what runs now, redrawn on a terminal, one table per interval in a pipe. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TopRead } from '../../contract/index.ts';
import type { Admin } from '../admin.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { parseDuration } from '../render/time.ts';
import { frame, rowsOf, TOP_COLUMNS } from '../render/top.ts';

export interface TopOptions {
  readonly interval?: string;
  /** Frames until it ends; without it: one table in a pipe, no end on a terminal. */
  readonly count?: string;
  /** With it, or with `sort`: over a while, from what was counted. */
  readonly since?: string;
  readonly sort?: string;
  readonly limit?: string;
}

export const top = async (context: Context, what: string | undefined, options: TopOptions): Promise<number> => {
  const { sort, since, limit } = options;
  const isOver = what !== undefined || sort !== undefined || since !== undefined;
  if (isOver) return (await import('./top-usage.ts')).topUsage(context, what ?? 'targets', options);
  if (limit !== undefined)
    throw usage('--limit is of `airspace top agents` and the like; live there is as much as fits');
  const intervalMs = parseDuration(options.interval ?? '1s');
  if (intervalMs === undefined || intervalMs < 100)
    throw usage(`--interval must be 100ms or more, not \`${options.interval}\``);
  if (options.count !== undefined && !/^[1-9]\d{0,5}$/.test(options.count))
    throw usage(`--count must be a number, not \`${options.count}\``);
  const { out } = context;
  const admin = await context.admin();
  const live = out.isTTY && out.format === 'table';
  const count = options.count === undefined ? (live ? Number.POSITIVE_INFINITY : 1) : Number(options.count);
  const reads = readsOf(admin, intervalMs, count);
  return live ? redraw(context, admin.url, reads) : tables(context, reads);
};

interface Pair {
  readonly before: TopRead;
  readonly now: TopRead;
}

/** The first pair comes after one interval: a rate needs two reads. */
async function* readsOf(admin: Admin, intervalMs: number, count: number): AsyncGenerator<Pair> {
  let before = await admin.get<TopRead>('/v1/top');
  for (let done = 0; done < count; done++) {
    await sleep(intervalMs);
    const now = await admin.get<TopRead>('/v1/top');
    yield { before, now };
    before = now;
  }
}

const tables = async ({ out }: Context, reads: AsyncIterable<Pair>): Promise<number> => {
  for await (const { before, now } of reads) {
    await out.list({
      kind: 'Target',
      rows: rowsOf(before, now),
      columns: TOP_COLUMNS,
      name: ({ target }) => target,
      empty: 'nothing was called and nothing runs yet',
    });
  }
  return EXIT.ok;
};

const ENTER = '\x1b[?1049h\x1b[?25l';
const LEAVE = '\x1b[?25h\x1b[?1049l';

/** The alternate screen is given back however it ends. */
const redraw = async ({ out, io }: Context, url: string, reads: AsyncIterable<Pair>): Promise<number> => {
  const { stdout } = out;
  const interrupted = once(process, 'SIGINT').then(() => undefined);
  const ended = once(process, 'SIGTERM').then(() => undefined);
  stdout.write(ENTER);
  const iterator = reads[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), interrupted, ended]);
      if (next === undefined || next.done === true) return EXIT.ok;
      const { before, now } = next.value;
      const size = { columns: io.stdout.columns ?? 80, rows: io.stdout.rows ?? 24 };
      const head = `airspace top  ${url}  ${new Date(now.atMs).toISOString().slice(11, 19)} UTC  ctrl-c ends`;
      stdout.write(frame(head, rowsOf(before, now), size, out.paint));
    }
  } finally {
    stdout.write(LEAVE);
  }
};
