/** `airspace plan ls | show`: runs and how their steps stand, once or as it happens. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunDetail, RunEvent, RunState } from '../../../contract/index.ts';
import { amountText } from '../../../contract/index.ts';
import type { Admin } from '../../admin.ts';
import type { Context } from '../../context.ts';
import { EXIT, Failure } from '../../failure.ts';
import { clean } from '../../render/clean.ts';
import { eventLine, runFrame, runText, STATE_STYLES } from '../../render/run.ts';
import { age, duration } from '../../render/time.ts';
import { idIn, runsIn } from './find.ts';

export interface LsOptions {
  readonly plan?: string;
  readonly state?: string;
  readonly limit?: string;
}

export const list = async ({ admin, out }: Context, options: LsOptions): Promise<number> => {
  const items = await runsIn(await admin(), options);
  const now = Date.now();
  await out.list({
    kind: 'Run',
    rows: items,
    columns: [
      { title: 'ID', value: ({ id }) => id.slice(0, 12) },
      { title: 'PLAN', value: ({ plan }) => plan },
      { title: 'STATE', value: ({ state }) => state, style: ({ state }) => STATE_STYLES[state] },
      { title: 'EVENTS', value: ({ seq }) => seq, align: 'right' },
      { title: 'BY', value: ({ principal }) => principal },
      { title: 'COST', value: ({ costMicros }) => amountText(costMicros, 'micros'), align: 'right' },
      { title: 'TOOK', value: (run) => duration((run.endedAtMs ?? now) - run.startedAtMs), align: 'right' },
      { title: 'AGE', value: ({ startedAtMs }) => age(startedAtMs, now) },
      { title: 'DOMAIN', value: ({ domain }) => domain || '-', wide: true },
    ],
    name: ({ id }) => id,
    empty: 'no run that fits; airspace plan run <name> starts one',
  });
  return EXIT.ok;
};

export interface ShowOptions {
  readonly watch?: boolean;
  readonly history?: boolean;
}

export const show = async (context: Context, given: string, { watch, history }: ShowOptions): Promise<number> => {
  const { out } = context;
  const admin = await context.admin();
  const id = await idIn(admin, given);
  if (history === true) return printHistory(context, admin, id);
  if (watch === true) return follow(context, id);
  const run = await admin.get<RunDetail>(`/v1/runs/${id}`);
  await out.one(run, () => runText(run, Date.now(), out.paint));
  return exitOf(run.state);
};

const PAGE = 1_000;

const printHistory = async ({ out }: Context, admin: Admin, id: string): Promise<number> => {
  for (let after = 0; ; ) {
    const { items } = await admin.get<{ items: readonly RunEvent[] }>(`/v1/runs/${id}/events`, { after, limit: PAGE });
    for (const event of items)
      out.print(out.format === 'table' || out.format === 'wide' ? eventLine(event) : JSON.stringify(event));
    if (items.length < PAGE) return EXIT.ok;
    after = items.at(-1)!.seq;
  }
};

/** Whoever scripts it wants to know how it ended. */
const exitOf = (state: RunState): number => {
  if (state === 'held') return EXIT.held;
  return state === 'failed' || state === 'stuck' || state === 'compensated' || state === 'cancelled'
    ? EXIT.no
    : EXIT.ok;
};

/** On a terminal the steps are redrawn in place; elsewhere there is a line for every event. */
export const follow = async (context: Context, id: string): Promise<number> => {
  const { out } = context;
  const admin = await context.admin();
  const isLive = out.isTTY && out.format === 'table';
  const run = isLive ? await redraw(context, admin, id) : await lines(context, admin, id);
  if (out.format !== 'jsonl') await out.one(run, () => runText(run, Date.now(), out.paint));
  return exitOf(run.state);
};

const lines = async ({ out }: Context, admin: Admin, id: string): Promise<RunDetail> => {
  for await (const event of eventsOf(admin, id)) {
    if (out.format === 'table' || out.format === 'wide') out.note(eventLine(event));
    else if (out.format === 'jsonl') out.print(JSON.stringify(event));
  }
  return admin.get<RunDetail>(`/v1/runs/${id}`);
};

const TRIES = 5;

/** A run that was started just now may be a moment away from its first event; a stream that breaks goes on where it was. */
async function* eventsOf(admin: Admin, id: string): AsyncGenerator<RunEvent> {
  let after = 0;
  for (let failures = 0; ; ) {
    try {
      for await (const { data } of admin.stream(`/v1/runs/${id}/stream`, { after })) {
        failures = 0;
        const event = JSON.parse(data) as RunEvent;
        after = event.seq;
        yield event;
        if (event.kind === 'finished') return;
      }
    } catch (thrown) {
      if (thrown instanceof Failure && thrown.exit !== EXIT.unreachable && thrown.exit !== EXIT.notFound) throw thrown;
      if (failures >= TRIES) throw thrown;
    }
    if (failures++ >= TRIES)
      throw new Failure(EXIT.unreachable, `the events of run \`${clean(id)}\` do not come any more`);
    await sleep(200 * failures);
  }
}

const HIDE = '\x1b[?25l';
const SHOW = '\x1b[?25h';
const FRAME_MS = 200;

const redraw = async ({ out, io }: Context, admin: Admin, id: string): Promise<RunDetail> => {
  const { stdout } = out;
  const left = once(process, 'SIGINT').then(() => 'left' as const);
  let isOver = false;
  const over = (async () => {
    for await (const _ of eventsOf(admin, id)) if (isOver) return;
    isOver = true;
  })();
  over.catch(() => {});
  let drawn = 0;
  stdout.write(HIDE);
  try {
    for (;;) {
      const run = await admin.get<RunDetail>(`/v1/runs/${id}`);
      const size = { columns: io.stdout.columns ?? 80, rows: io.stdout.rows ?? 24 };
      const text = runFrame(run, Date.now(), size, out.paint);
      stdout.write(`${drawn === 0 ? '' : `\x1b[${drawn}A`}\r\x1b[J${text}\n`);
      drawn = text.split('\n').length;
      if (isOver) {
        stdout.write(`\x1b[${drawn}A\r\x1b[J`);
        return run;
      }
      if ((await Promise.race([left, over.then(() => 'over' as const), sleep(FRAME_MS)])) === 'left')
        throw new Failure(EXIT.interrupted, `run \`${id.slice(0, 12)}\` goes on without you`, {
          try: `airspace plan show ${id.slice(0, 12)} -w`,
        });
    }
  } finally {
    stdout.write(SHOW);
  }
};
