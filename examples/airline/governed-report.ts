/** What the written policy stopped, by rule, for people and for programs. Pure; counts only, and nothing is left out. */
import type { Exchange } from './exchanges.ts';
import { type GovernedRun, isStopped } from './governed-run.ts';
import type { Conversation } from './recordings.ts';
import { isTool, tools } from './tools.ts';

export interface RuleRow {
  /** `service/cancel-01-...`, or the code and the fact where no rule spoke. */
  readonly rule: string;
  readonly stopped: number;
  /** Of these, calls of conversations with reward 0 and 1. */
  readonly inFailures: number;
  readonly inSuccesses: number;
  /** Of these, calls that the recorded desk refused by itself. */
  readonly refusedByDesk: number;
  readonly example: string;
  /** The sentence that the rule stands for. */
  readonly reason: string;
}

export interface GovernedReport {
  readonly conversations: { readonly failures: number; readonly successes: number };
  readonly writes: number;
  readonly stopped: number;
  readonly readsStopped: number;
  readonly failuresWithAStop: number;
  readonly successesWithAStop: number;
  readonly rules: readonly RuleRow[];
  readonly reference: {
    readonly writes: number;
    readonly passed: number;
    /** Tasks with at least one action. */
    readonly tasks: number;
    readonly tasksWithAStop: number;
    readonly rules: readonly RuleRow[];
  };
  /** Answers that are neither the desk's nor a denial: nothing may be concluded from such a run. */
  readonly broken: readonly string[];
}

export const governedReport = ({ recorded, reference }: GovernedRun, conversations: readonly Conversation[]) => {
  const rewards = new Map(conversations.map(({ session, reward }) => [session, reward === 1]));
  const stopped = recorded.filter(isStop);
  const stoppedIn = new Set(stopped.map(({ session }) => session));
  const judged = reference.filter(isWrite);
  const success = (session: string): boolean => rewards.get(session) ?? true;
  const sessions = [...rewards.keys()];
  return {
    conversations: {
      failures: sessions.filter((session) => !success(session)).length,
      successes: sessions.filter(success).length,
    },
    writes: recorded.filter(isWrite).length,
    stopped: stopped.length,
    readsStopped: [...recorded, ...reference].filter((one) => !isWrite(one) && isStopped(one.answer)).length,
    failuresWithAStop: sessions.filter((session) => !success(session) && stoppedIn.has(session)).length,
    successesWithAStop: sessions.filter((session) => success(session) && stoppedIn.has(session)).length,
    rules: rulesIn(stopped, success),
    reference: {
      writes: judged.length,
      passed: judged.filter((one) => !isStop(one)).length,
      tasks: new Set(reference.map(({ session }) => session)).size,
      tasksWithAStop: new Set(judged.filter(isStop).map(({ session }) => session)).size,
      rules: rulesIn(judged.filter(isStop), () => true),
    },
    broken: [...recorded, ...reference].flatMap((one) =>
      one.answer.reachedTarget || isStopped(one.answer)
        ? []
        : [`${one.session} ${one.call.tool}: ${one.answer.status} ${one.answer.body.toString().slice(0, 200)}`],
    ),
  } satisfies GovernedReport;
};

const isWrite = ({ call }: Exchange): boolean => !isTool(call.tool) || tools[call.tool].effect !== 'read';
const isStop = (one: Exchange): boolean => isWrite(one) && isStopped(one.answer);

interface Denial {
  readonly detail: string;
  readonly facts: { readonly code: string; readonly rules: readonly string[] };
}

/** A call that two rules stop counts for both. */
const rulesIn = (stopped: readonly Exchange[], success: (session: string) => boolean): readonly RuleRow[] => {
  const pairs = stopped.flatMap((one) => {
    const denial = JSON.parse(one.answer.body.toString()) as Denial;
    return rulesOf(denial).map((rule) => ({ rule, one, denial }));
  });
  return [...Map.groupBy(pairs, ({ rule }) => rule)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([rule, hits]) => {
      const [{ one: first, denial }] = hits as [(typeof hits)[number]];
      return {
        rule,
        stopped: hits.length,
        inFailures: hits.filter(({ one }) => !success(one.session)).length,
        inSuccesses: hits.filter(({ one }) => success(one.session)).length,
        refusedByDesk: hits.filter(({ one }) => one.call.reply.startsWith('Error')).length,
        example: `${first.session} ${first.call.tool} ${first.call.argsText}`,
        reason: denial.detail,
      };
    });
};

const rulesOf = ({ detail, facts }: Denial): readonly string[] => {
  if (facts.rules.length > 0) return facts.rules;
  const fact = /the fact `([^`]*)`/.exec(detail)?.[1];
  return [fact === undefined ? facts.code : `${facts.code} ${fact}`];
};

export const governedLines = (report: GovernedReport, seconds: number): readonly string[] => {
  const { conversations, reference } = report;
  return [
    `recorded conversations under the written policy: ${report.stopped} of ${report.writes} calls that change something stopped   ${seconds.toFixed(1)} s`,
    `  of ${conversations.failures} recorded failures (reward 0) ${report.failuresWithAStop} contain a stopped call`,
    `  of ${conversations.successes} recorded successes (reward 1) ${report.successesWithAStop} contain a stopped call`,
    ...(report.readsStopped === 0 ? [] : [`  and ${report.readsStopped} calls that only read were stopped`]),
    '',
    ...table(report.rules, true),
    '',
    `reference actions, each after its predecessors on a fresh database: ${reference.passed} of ${reference.writes} passed; ${reference.tasksWithAStop} of ${reference.tasks} tasks that have any contain a stopped one`,
    '',
    ...table(reference.rules, false),
    ...report.broken.map((one) => `BROKEN ${one}`),
  ];
};

const table = (rows: readonly RuleRow[], recorded: boolean): readonly string[] => {
  if (rows.length === 0) return ['nothing was stopped'];
  const width = Math.max(...rows.map(({ rule }) => rule.length), 4) + 2;
  const names = recorded ? ['stopped', 'reward 0', 'reward 1', 'desk too'] : ['stopped'];
  const cells = (row: RuleRow): readonly number[] =>
    recorded ? [row.stopped, row.inFailures, row.inSuccesses, row.refusedByDesk] : [row.stopped];
  const right = (values: readonly (string | number)[]): string =>
    values.map((one) => String(one).padStart(10)).join('');
  return [
    `${'rule'.padEnd(width)}${right(names)}`,
    ...rows.flatMap((row) => [
      `${row.rule.padEnd(width)}${right(cells(row))}`,
      `    ${row.reason}`,
      `    e.g. ${row.example.slice(0, 180)}`,
    ]),
  ];
};
