/** Is it too much? Pure: a rule and what was read, in; a verdict and a sentence, out. */
import type { AlertSpec } from '../contract/index.ts';
import type { Share } from './window.ts';

/** A budget as its fullest account stands. */
export interface BudgetReading {
  readonly name: string;
  /** Of its limit, 0 to 1 and above. */
  readonly usedRatio: number;
  /** At the pace of the last hour; null when it lasts until its window ends. */
  readonly runsOutInMs: number | null;
}

export interface OpenBreaker {
  /** `agent/orders`. */
  readonly target: string;
  readonly endpoint: string;
  /** Id of the node whose breaker it is, or a path of such. */
  readonly node: string;
}

export interface Readings {
  /** Of rules that watch calls or outcomes. */
  readonly whole: Share;
  readonly short: Share;
  readonly budgets: readonly BudgetReading[];
  /** Of endpoints whose breaker is not closed. */
  readonly breakers: readonly OpenBreaker[];
  /** An incident is older than the window of its rule, because the node was started again. */
  readonly isFilling: boolean;
}

export interface Verdict {
  /** `unknown`: nothing is known that would change what is so. */
  readonly is: 'so' | 'not so' | 'unknown';
  readonly text: string;
}

/** The Site Reliability Workbook, chapter 5: at this rate one hour takes 2 % of the errors that a month may have. */
const BURN = 14.4;
const LEAST_CALLS = 20;
/** Of calls that may be slow. */
const SLOW_SHARE = 0.01;

export const judge = (spec: AlertSpec, readings: Readings): Verdict => {
  if (spec.signal === 'budget') return judgeBudget(spec, readings);
  if (spec.signal === 'breaker') return judgeBreakers(spec, readings);
  const { calls } = readings.whole;
  const { leastCalls = LEAST_CALLS } = spec;
  if (calls < leastCalls)
    return {
      is: isOr(readings),
      text: `${calls} ${spec.signal === 'outcomes' ? 'outcomes' : 'calls'} in the window, and it looks from ${leastCalls} on`,
    };
  const verdict = JUDGES[spec.signal](spec, readings);
  return verdict.is === 'not so' ? { ...verdict, is: isOr(readings) } : verdict;
};

/** While the window fills, what was so before a restart is not over because nothing is known yet. */
const isOr = ({ isFilling }: Readings): 'not so' | 'unknown' => (isFilling ? 'unknown' : 'not so');

type Judge = (spec: AlertSpec, readings: Readings) => Verdict;

const judgeErrors: Judge = ({ objectivePercent = 100, burn = BURN }, { whole, short }) => {
  const most = (burn * (100 - objectivePercent)) / 100;
  const [long, now] = [ratio(whole), ratio(short)];
  return {
    is: long > most && now > most ? 'so' : 'not so',
    text: `${percent(long)} of ${whole.calls} calls failed, and ${percent(now)} lately; ${percent(most)} is the most`,
  };
};

const judgeLatency: Judge = ({ aboveMs }, { whole }) => ({
  is: ratio(whole) > SLOW_SHARE ? 'so' : 'not so',
  text: `${percent(ratio(whole))} of ${whole.calls} calls took more than ${aboveMs} ms; 1 % is the most`,
});

const judgeDenials: Judge = ({ abovePercent = 100 }, { whole }) => ({
  is: ratio(whole) * 100 > abovePercent ? 'so' : 'not so',
  text: `${percent(ratio(whole))} of ${whole.calls} calls were denied; ${abovePercent} % is the most`,
});

const judgeOutcomes: Judge = ({ abovePercent = 100 }, { whole }) => ({
  is: ratio(whole) * 100 > abovePercent ? 'so' : 'not so',
  text: `${percent(ratio(whole))} of ${whole.calls} outcomes were not \`completed\`; ${abovePercent} % is the most`,
});

const JUDGES = {
  ...{ errors: judgeErrors, latency: judgeLatency },
  ...{ denials: judgeDenials, outcomes: judgeOutcomes },
} as const;

const judgeBudget: Judge = ({ budget = '', abovePercent, withinMs = 0 }, { budgets }) => {
  const reading = budgets.find(({ name }) => name === budget);
  if (reading === undefined) return { is: 'unknown', text: `budget \`${budget}\` could not be read` };
  const { usedRatio, runsOutInMs } = reading;
  if (abovePercent !== undefined)
    return {
      is: usedRatio * 100 > abovePercent ? 'so' : 'not so',
      text: `${percent(usedRatio)} of budget \`${budget}\` are used; ${abovePercent} % is the most`,
    };
  if (runsOutInMs === null) return { is: 'not so', text: `budget \`${budget}\` lasts until its window ends` };
  return {
    is: runsOutInMs < withinMs ? 'so' : 'not so',
    text: `budget \`${budget}\` is empty in ${minutes(runsOutInMs)} at this pace; ${minutes(withinMs)} is the least`,
  };
};

/** Endpoints that a sentence names. */
const NAMED = 3;

const judgeBreakers: Judge = ({ target }, { breakers }) => {
  const open = breakers.filter((one) => target === undefined || one.target === target);
  if (open.length === 0) return { is: 'not so', text: 'all breakers are closed' };
  const named = open.slice(0, NAMED).map(({ endpoint, node }) => `\`${endpoint}\` at \`${node}\``);
  const more = open.length > NAMED ? ` and ${open.length - NAMED} more` : '';
  return { is: 'so', text: `the breaker of ${named.join(', ')}${more} is open` };
};

const ratio = ({ calls, bad }: Share): number => (calls === 0 ? 0 : bad / calls);
const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
const minutes = (ms: number): string => `${Math.max(0, Math.round(ms / 60_000))} min`;
