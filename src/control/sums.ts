/** The parent's side of sums: what a domain hub reports is looked at whole, added up once, and kept for the own parent. */
import { z } from 'zod';
import {
  type Clock,
  DURATION_BUCKETS,
  Fault,
  KEEP_SUMS_MS,
  MINUTE_MS,
  MOST_REPORTED_ROWS,
  MOST_SUM,
  Name,
  type NodeEntry,
  SUM_CALLERS,
  SUM_KINDS,
  type SumReport,
  type SumRow,
  type SumStore,
} from '../contract/index.ts';
import { parser } from './parser.ts';

export interface SumInbox {
  readonly store: Pick<SumStore, 'take'>;
  readonly clock: Pick<Clock, 'wallMs'>;
  /** This hub has a parent of its own, which is told too. */
  readonly onward: boolean;
}

/** Clocks differ; whoever is further ahead is heard when that minute has come. */
const AHEAD_MS = MINUTE_MS;
/** A hub below forgets a little later than this one does, at most. */
const OLDEST_MS = KEEP_SUMS_MS + 24 * 3_600_000;

const count = z.number().int().min(0).max(MOST_SUM);

const RowSchema = z.strictObject({
  minute: z.number().int().min(0),
  domain: Name,
  kind: z.enum(SUM_KINDS),
  target: z.union([Name, z.literal('')]),
  caller: z.enum(SUM_CALLERS),
  ...{ calls: count, errors: count, denied: count, held: count },
  ...{ costMicros: count, inputTokens: count, outputTokens: count },
  durations: z.array(count).length(DURATION_BUCKETS),
});

const ReportSchema = z.strictObject({
  epoch: z.string().regex(/^[0-9a-f]{32}$/),
  seq: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  rows: z.array(RowSchema).min(1).max(MOST_REPORTED_ROWS),
}) satisfies z.ZodType<SumReport>;

const parseSums = parser('report of sums', ReportSchema);

type Row = z.output<typeof RowSchema>;

/**
 * `isTheirs`: may this hub speak of the domain? Throws `bad_request` and `denied` with the first thing that is wrong, and then nothing of
 * the report counts; `storage` when it must be sent again.
 */
export const takeSums = async (
  { store, clock, onward }: SumInbox,
  { id, role, tenant }: Pick<NodeEntry, 'id' | 'role' | 'tenant'>,
  isTheirs: (domain: string) => boolean,
  untrusted: unknown,
): Promise<{ readonly taken: boolean }> => {
  if (role !== 'domain') throw new Fault('bad_request', 'sums are taken from hubs of domains');
  const { epoch, seq, rows } = parseSums(untrusted);
  for (const [at, row] of rows.entries()) throwIfWrong(row, at, isTheirs, clock.wallMs());
  const own = rows.map((row): SumRow => ({ ...row, tenant }));
  return { taken: await store.take({ node: id, epoch, seq }, own, onward) };
};

const throwIfWrong = (row: Row, at: number, isTheirs: (domain: string) => boolean, wallMs: number): void => {
  const { minute, domain, kind, target, calls, errors, denied, durations } = row;
  const refuse = (field: string, problem: string): Fault =>
    new Fault('bad_request', `row ${at} of the sums: \`${field}\` ${problem}; nothing of this report counts`);
  if (!isTheirs(domain))
    throw new Fault(
      'denied',
      `row ${at} of the sums is of domain \`${domain}\`, and this hub speaks for its own and those below it; nothing of this report counts`,
    );
  if (minute * MINUTE_MS > wallMs + AHEAD_MS)
    throw refuse('minute', `is ${timeOf(minute)}, which is still to come here; look at the clocks of both hubs`);
  if (minute * MINUTE_MS < wallMs - OLDEST_MS)
    throw refuse('minute', `is ${timeOf(minute)}, and sums are kept for ${KEEP_SUMS_MS / 86_400_000} days`);
  if ((kind === 'unknown' || kind === 'other') !== (target === ''))
    throw refuse('target', `is \`${target}\` for kind \`${kind}\``);
  const timed = durations.reduce((sum, one) => sum + one, 0);
  if (timed !== calls && calls < MOST_SUM)
    throw refuse('durations', `are of ${timed} calls, and \`calls\` are ${calls}`);
  if (errors > calls || denied > calls)
    throw refuse(errors > calls ? 'errors' : 'denied', `is more than the ${calls} calls that there were`);
};

/** Any number may be said; not every one is a time. */
const timeOf = (minute: number): string => {
  const time = new Date(minute * MINUTE_MS);
  return Number.isNaN(time.getTime()) ? `minute ${minute}` : time.toISOString();
};
