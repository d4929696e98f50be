/**
 * `airspace request replay`: each decision of a recorded request taken again, by the policy that is active now or by another one. Nothing is
 * sent to anybody: what targets answered is not made again. With `--against` or `--agent` its agent is asked again: `request-again.ts`.
 */
import type { ReplayedDecision, ReplayReport } from '../../contract/index.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { pageOf } from '../pages.ts';
import { styleOf } from '../render/paint.ts';
import { duration } from '../render/time.ts';
import { digitsOf, policyIn } from './policy/releases.ts';
import { type AgainOptions, requestAgain } from './request-again.ts';

export interface RequestReplayOptions extends AgainOptions {
  /** Of a release, such as 5bd1c0de. */
  readonly policy?: string;
  readonly file?: readonly string[];
  /** Exit 1 when something comes out otherwise. */
  readonly compare?: boolean;
}

export const replayRequest = async (
  context: Context,
  word: string,
  { policy, file, compare = false, ...again }: RequestReplayOptions,
): Promise<number> => {
  const trace = word.toLowerCase();
  if (!/^[0-9a-f]{8,32}$/.test(trace))
    throw usage(`\`${word}\` is neither a call nor a trace: 8 to 32 hex digits`, 'airspace get calls');
  if (again.against !== undefined || again.agent !== undefined) {
    if (policy !== undefined || file !== undefined)
      throw usage('--against and --agent ask an agent again, and --policy and -f decide again', 'one of the two');
    return requestAgain(context, trace, { ...again, compare });
  }
  if (again.data !== undefined || again.script !== undefined)
    throw usage('--data and --script are for asking an agent again', '--against scripted, or --agent <name@version>');
  if (policy !== undefined && file !== undefined) throw usage('--policy and -f are two policies', 'one of the two');
  const candidate =
    policy !== undefined ? { release: digitsOf(policy) } : file !== undefined ? await policyIn(context, file) : {};
  const admin = await context.admin();
  const report = await admin.post<ReplayReport>('/v1/policy/releases:replay', { ...candidate, trace });
  const { calls = [], stale, release, flips, unknown, tookMs } = report;
  const asked = policy === undefined && file === undefined ? 'the policy that is active now' : 'that policy';
  await context.out.one(report, () => textOf(calls, context));
  if (context.out.format === 'table' || context.out.format === 'wide')
    context.out.print(`ui ${pageOf(admin.url, trace)}`);
  context.out.note(
    `${calls.length} decisions again by ${asked}, ${release}, in ${duration(tookMs)}: ${flips} come out otherwise, ${unknown} cannot be said`,
  );
  context.out.note('nothing was sent, and no answer was played back');
  for (const text of answersText(calls)) context.out.note(text);
  if (stale) context.out.note('stale: another policy is active than the one that this release was made against');
  return compare && flips > 0 ? EXIT.no : EXIT.ok;
};

const textOf = (calls: readonly ReplayedDecision[], { out }: Context): string =>
  calls.length === 0
    ? 'no decision was recorded in this request'
    : out.table(calls, [
        { title: 'CALL', value: ({ callId }) => callId.slice(0, 8) },
        { title: 'CALLER', value: ({ caller }) => caller },
        { title: 'TARGET', value: ({ target }) => target },
        { title: 'NODE', value: ({ node }) => node, wide: true },
        { title: 'THEN', value: ({ was }) => was.effect, style: ({ was }) => styleOf(was.effect) },
        { title: 'BY', value: ({ was }) => was.why.join(', ') },
        { title: 'NOW', value: nowOf, style: (one) => (isOther(one) ? 'red' : styleOf(one.now?.effect ?? '')) },
        {
          title: 'BY',
          value: ({ now, missing }) => (now === null ? `not recorded: ${missing.join(', ')}` : now.why.join(', ')),
        },
        { title: 'ANSWER', value: answerOf, wide: true },
      ]);

/** What could be played back, and what could not and why. */
const answersText = (calls: readonly ReplayedDecision[]): readonly string[] => {
  const last = [...new Map(calls.map((one) => [one.callId, one])).values()];
  const whys = last.flatMap(({ answer }) => (answer !== undefined && 'why' in answer ? [answer.why] : []));
  const kept = last.filter(({ answer }) => answer !== undefined && 'status' in answer).length;
  return [
    ...(kept === 0 ? [] : [`  ${kept} of ${last.length} calls: the answer is kept here`]),
    ...Map.groupBy(whys, (why) => why)
      .entries()
      .map(([why, all]) => `  ${all.length} of ${last.length} calls: ${why}`),
  ];
};

const answerOf = ({ answer }: ReplayedDecision): string =>
  answer === undefined ? '-' : 'why' in answer ? answer.why : `${answer.status}, ${answer.bytes} bytes`;

const nowOf = (one: ReplayedDecision): string => `${one.now?.effect ?? 'unknown'}${isOther(one) ? ' !' : ''}`;

const isOther = ({ was, now }: ReplayedDecision): boolean => now !== null && now.effect !== was.effect;
