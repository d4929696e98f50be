/** `airspace policy replay`: what a release would have done to the calls of yesterday, the dangerous differences first. */
import type { FlipGroup, ReplayReport } from '../../../contract/index.ts';
import type { Context } from '../../context.ts';
import { EXIT, usage } from '../../failure.ts';
import { clean } from '../../render/clean.ts';
import type { Style } from '../../render/paint.ts';
import { duration, parseDuration } from '../../render/time.ts';
import { digitsOf, policyIn } from './releases.ts';

export interface ReplayOptions {
  readonly file?: readonly string[];
  readonly since: string;
  readonly limit: string;
  readonly maxFlips?: string;
}

export const replay = async (
  context: Context,
  release: string | undefined,
  options: ReplayOptions,
): Promise<number> => {
  const sinceMs = parseDuration(options.since);
  if (sinceMs === undefined) throw usage(`--since must be such as 24h or 7d, not \`${options.since}\``);
  const limit = countOf('--limit', options.limit);
  const most = options.maxFlips === undefined ? undefined : countOf('--max-flips', options.maxFlips);
  const body = { ...(await candidateOf(context, release, options)), sinceMs, limit };
  const report = await (await context.admin()).post<ReplayReport>('/v1/policy/releases:replay', body);
  await context.out.one(report, () => textOf(report, context));
  const { decisions, tookMs, stale } = report;
  context.out.note(`${decisions} decisions of the last ${options.since} in ${duration(tookMs)}`);
  if (stale) context.out.note('stale: another policy is active than the one that this release was made against');
  if (most === undefined || report.flips <= most) return EXIT.ok;
  context.out.note(`${report.flips} decisions come out otherwise, and ${most} are allowed`);
  return EXIT.no;
};

const candidateOf = async (context: Context, release: string | undefined, { file }: ReplayOptions) => {
  if ((release === undefined) === (file === undefined))
    throw usage('say which: a release, or files with -f', 'airspace policy replay 5bd1c0de');
  return release === undefined ? policyIn(context, file ?? []) : { release: digitsOf(release) };
};

const countOf = (option: string, text: string): number => {
  if (!/^\d{1,7}$/.test(text)) throw usage(`${option} must be a number, not \`${text}\``);
  return Number(text);
};

/** Agents named in a line; the rest are counted. */
const NAMED = 3;

const textOf = (
  { decisions, same, otherRules, unknown, unknownFor, groups }: ReplayReport,
  { out }: Context,
): string => {
  const missing = Object.entries(unknownFor).map(([name, times]) => `${clean(name)} in ${times}`);
  const lines = [
    `${decisions} decided again: ${same} the same, ${otherRules} the same by other rules, ${unknown} unknown`,
    ...(missing.length === 0 ? [] : [`  not recorded: ${missing.join(', ')}`]),
  ];
  const table = out.table(groups, [
    { title: 'COUNT', value: ({ count }) => count, align: 'right' },
    { title: 'FLIP', value: ({ flip }) => flip, style: styleOf },
    { title: 'WAS', value: ({ was }) => was.join(', ') },
    { title: 'NOW', value: ({ now }) => now.join(', ') },
    { title: 'WHO', value: whoOf },
    { title: 'EXAMPLE', value: ({ example }) => example.slice(0, 8) },
  ]);
  return groups.length === 0 ? [...lines, 'nothing comes out otherwise'].join('\n') : [...lines, table].join('\n');
};

const styleOf = ({ flip }: FlipGroup): Style => (flip.endsWith('->allow') ? 'red' : 'yellow');

const whoOf = ({ agents }: FlipGroup): string => {
  const named = agents.slice(0, NAMED).map(({ agent, count }) => `${agent} ${count}`);
  return [...named, ...(agents.length > NAMED ? [`and ${agents.length - NAMED} more`] : [])].join(', ');
};
