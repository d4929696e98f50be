/** What was promised of plans held against what the agents wrote down. Pure: it only reads what everybody says. */
import type { RunEvent, RunState } from '../../../src/contract/index.ts';
import type { Finding } from '../finding.ts';
import type { Execution } from './ledger.ts';
import { isRefused, type Started } from './load.ts';
import { INVERSE, PRICE_MICROS, runsOnce } from './shapes.ts';

export interface Seen extends Started {
  readonly state: RunState;
  readonly message: string;
  readonly events: readonly RunEvent[];
}

export interface Money {
  readonly spent: number;
  readonly reserved: number;
  /** Payments that the agent refused, and was heard: an answer costs what it costs. */
  readonly refused: number;
  /** Those that it refused unheard. Whether they were asked again and heard then, or found out not to have run, is not told. */
  readonly unheard: number;
}

/** Whatever says how a call of a step ended, also when that was found out later. */
type Ended = Pick<Extract<RunEvent, { kind: 'ended' }>, 'seq' | 'call' | 'step' | 'outcome' | 'executed'>;

const endOf = (event: RunEvent): readonly Ended[] => {
  if (event.kind === 'ended') return [event];
  if (event.kind !== 'resolved') return [];
  const ran = event.verdict === 'executed';
  const { seq, call, step } = event;
  return [{ seq, call, step, outcome: ran ? 'ok' : 'failed', executed: ran ? 'yes' : 'no' }];
};

/** `failed`: nothing was there to be taken back. */
const LEGAL: ReadonlySet<RunState> = new Set(['done', 'compensated', 'failed']);

export const findingsOf = (
  runs: readonly Seen[],
  executions: readonly Execution[],
  money: Money,
): readonly Finding[] => {
  const byRun = Map.groupBy(executions, ({ key }) => key.split('/')[0]!);
  const known = new Set(runs.map(({ id }) => id));
  return [
    ...runs.flatMap((run) => inRun(run, byRun.get(run.id) ?? [])),
    ...executions
      .filter(({ key, order }) => order !== 'first' && !known.has(key.split('/')[0]!))
      .map(({ key, operation }) => wrong(`\`${operation}\` of \`${key}\` belongs to no run`)),
    ...moneyFindings(executions, money),
  ];
};

const wrong = (text: string): Finding => ({ what: 'wrong', text });

const moneyFindings = (
  executions: readonly Execution[],
  { spent, reserved, refused, unheard }: Money,
): readonly Finding[] => {
  const paid = (executions.filter(({ operation }) => operation === 'pay').length + refused) * PRICE_MICROS;
  return [
    ...(reserved === 0 ? [] : [wrong(`${reserved} micro-USD are still set aside`)]),
    ...(spent >= paid && spent <= paid + unheard * PRICE_MICROS
      ? []
      : [wrong(`the agents were paid ${paid} micro-USD, and the budget says ${spent}`)]),
  ];
};

const inRun = (run: Seen, executions: readonly Execution[]): readonly Finding[] => {
  const about = ({ what, text }: Finding): Finding => ({ what, text: `${run.plan} ${run.id} (${run.order}): ${text}` });
  return [
    ...stateOf(run),
    ...gaps(run),
    ...doubled(executions),
    ...untrue(run, executions),
    ...takenBack(run, executions),
  ].map(about);
};

const stateOf = ({ state, message, fail, order, plan }: Seen): readonly Finding[] => {
  if (!LEGAL.has(state)) return [wrong(`is \`${state}\`: ${message}`)];
  const mustFail = fail !== '' || (plan === 'asked' && isRefused(order));
  return state === 'done' && mustFail ? [wrong(`is done, and \`${fail || 'people'}\` refused it`)] : [];
};

const gaps = ({ events }: Seen): readonly Finding[] => {
  const at = events.findIndex(({ seq }, index) => seq !== index + 1);
  return at === -1 ? [] : [wrong(`event ${events[at]!.seq} of its history stands where ${at + 1} belongs`)];
};

const doubled = (executions: readonly Execution[]): readonly Finding[] =>
  [...Map.groupBy(executions, ({ key }) => key)].flatMap(([key, ran]) =>
    ran.length > 1 && runsOnce(ran[0]!.operation)
      ? [{ what: 'doubled', text: `\`${key}\` ran ${ran.length} times: ${ran.map(({ call }) => call).join(', ')}` }]
      : [],
  );

/** What its history says last of each call, against the ledgers. */
const untrue = ({ id, events }: Seen, executions: readonly Execution[]): readonly Finding[] => {
  const ran = new Set(executions.map(({ call }) => call));
  // A hub on the way may answer a second attempt with what it kept of the first.
  const keys = new Set(executions.map(({ key }) => key));
  const last = new Map<string, Ended>();
  for (const end of events.flatMap(endOf)) if (end.call !== '') last.set(end.call, end);
  const intents = new Map(events.flatMap((event) => (event.kind === 'intent' ? [[event.call, event] as const] : [])));
  return [
    ...[...last.values()].flatMap(({ call, step, outcome, executed }): readonly Finding[] => {
      if (outcome === 'ok' && !keys.has(`${id}/${step}`) && step !== 'agree')
        return [{ what: 'lost', text: `\`${step}\` went well (call ${call}), and no agent knows of it` }];
      if (executed === 'no' && ran.has(call)) return [wrong(`\`${step}\` did not run (call ${call}), and it did`)];
      if (outcome === 'unknown' && intents.get(call)?.idempotent === false)
        return [wrong(`what became of \`${step}\` (call ${call}) was never found out`)];
      return [];
    }),
    ...executions
      .filter(({ call }) => !intents.has(call))
      .map(({ key, call }) => wrong(`\`${key}\` ran (call ${call}), and its history never intended it`)),
  ];
};

const takenBack = ({ id, state, events }: Seen, executions: readonly Execution[]): readonly Finding[] => {
  const stepOf = ({ key }: Execution): string => key.slice(id.length + 1);
  const inverse = executions.filter((one) => stepOf(one).startsWith('~')).sort((a, b) => a.atMs - b.atMs);
  if (state === 'done') return inverse.map((one) => wrong(`it is done, and \`${stepOf(one)}\` ran`));
  const wanted = new Set(executions.filter(({ operation }) => operation in INVERSE).map(stepOf));
  const found = inverse.map((one) => stepOf(one).slice(1));
  const endedAt = (step: string): number =>
    events.flatMap(endOf).findLast((end) => end.step === step && end.executed === 'yes')?.seq ?? 0;
  const order = found.map(endedAt);
  return [
    ...[...wanted.difference(new Set(found))].map((step) => wrong(`\`${step}\` ran and was not taken back`)),
    ...[...new Set(found).difference(wanted)].map((step) => wrong(`\`${step}\` was taken back and never ran`)),
    ...(order.every((seq, at) => at === 0 || order[at - 1]! > seq)
      ? []
      : [wrong(`was taken back in this order, which is not the latest first: ${found.join(', ')}`)]),
  ];
};

/** Runs that nobody refused, and that came to no good end: legal, but worth a look. */
export const givenUp = (runs: readonly Seen[]): readonly Seen[] =>
  runs.filter(
    ({ state, fail, plan, order }) => state !== 'done' && fail === '' && !(plan === 'asked' && isRefused(order)),
  );
