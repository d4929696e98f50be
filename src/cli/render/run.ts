/** A run as people read it: one line for each step, indented below what it is part of, or one line for each event. */
import { amountText, type RunDetail, type RunEvent, type RunState, type StepView } from '../../contract/index.ts';
import { clean, fit, widthOf } from './clean.ts';
import type { Paint, Style } from './paint.ts';
import { duration } from './time.ts';

export const STATE_STYLES: Readonly<Record<RunState, Style | undefined>> = {
  running: undefined,
  paused: 'yellow',
  held: 'yellow',
  compensating: 'yellow',
  cancelling: 'yellow',
  done: 'green',
  failed: 'red',
  compensated: 'red',
  cancelled: 'gray',
  stuck: 'red',
};

const MARKS: Readonly<Record<StepView['state'], readonly [string, Style | undefined]>> = {
  waiting: ['·', 'gray'],
  ready: ['·', undefined],
  sending: ['▸', undefined],
  asking: ['?', 'yellow'],
  sleeping: ['z', 'gray'],
  held: ['!', 'yellow'],
  skipped: ['-', 'gray'],
  ok: ['✓', 'green'],
  failed: ['✗', 'red'],
  denied: ['✗', 'red'],
  unknown: ['!', 'yellow'],
  cancelled: ['✗', 'gray'],
};

export const runText = (run: RunDetail, nowMs: number, paint: Paint): string => {
  const { id, plan, state, principal, message, output, costMicros, startedAtMs, endedAtMs } = run;
  return [
    `run ${id}  plan ${clean(plan)}  ${paint(STATE_STYLES[state], state)}  by ${clean(principal)}  ${duration((endedAtMs ?? nowMs) - startedAtMs)}  ${amountText(costMicros, 'micros')}`,
    ...stepLines(run.steps, nowMs, paint),
    ...(message === '' ? [] : [`${paint(STATE_STYLES[state], state)}: ${clean(message)}`]),
    ...(output === null ? [] : [`output (untrusted): ${clean(output)}`]),
    ...hintsOf(run),
  ].join('\n');
};

/** What somebody can do about it. */
const hintsOf = ({ id, state, steps }: RunDetail): readonly string[] => {
  const short = id.slice(0, 12);
  const asking = steps.find((step) => step.state === 'asking');
  if (state === 'held') return ['next: airspace request reconcile'];
  if (state === 'paused') return [`next: airspace plan resume ${short}`];
  if (state === 'failed' || state === 'stuck') {
    const failed = steps.find((step) => step.state === 'failed' || step.state === 'denied');
    return failed === undefined ? [] : [`next: airspace plan retry ${short} --from '${clean(failed.step)}'`];
  }
  return asking === undefined ? [] : [`next: airspace approval show ${asking.approval.slice(0, 12)}`];
};

const stepLines = (steps: readonly StepView[], nowMs: number, paint: Paint): readonly string[] => {
  const name = Math.min(32, Math.max(0, ...steps.map(({ step }) => widthOf(nameOf(step)))));
  return steps.map((step) => stepLine(step, name, nowMs, paint));
};

/** Parts of a fan-out stand below their step, and so does what takes it back. */
const nameOf = (step: string): string => `${/[[~]/.test(step) ? '  ' : ''}${clean(step)}`;

const stepLine = (step: StepView, width: number, nowMs: number, paint: Paint): string => {
  const [mark, style] = MARKS[step.state];
  const name = fit(nameOf(step.step), width);
  const took = step.startedAtMs === null ? '' : duration((step.endedAtMs ?? nowMs) - step.startedAtMs);
  const parts = [
    step.state,
    took,
    clean(step.target),
    step.attempt > 1 ? `attempt ${step.attempt}` : '',
    step.costMicros === 0 ? '' : amountText(step.costMicros, 'micros'),
    step.untilMs !== null && step.state === 'sleeping' ? `for ${duration(Math.max(0, step.untilMs - nowMs))}` : '',
    step.message === '' ? '' : `${step.code === '' ? '' : `${clean(step.code)}: `}${clean(step.message)}`,
  ].filter((part) => part !== '');
  return `  ${paint(style, mark)} ${name}${' '.repeat(Math.max(0, width - widthOf(name)))}  ${parts.join('  ')}`;
};

/** Fits on the screen: what is over well goes first, for it needs nobody. */
export const runFrame = (
  run: RunDetail,
  nowMs: number,
  { columns, rows }: { readonly columns: number; readonly rows: number },
  paint: Paint,
): string => {
  const room = Math.max(3, rows - 4);
  const open = run.steps.filter(({ state }) => state !== 'ok' && state !== 'skipped');
  const shown = run.steps.length <= room ? run.steps : open.slice(0, room - 1);
  const hidden = run.steps.length - shown.length;
  const text = runText({ ...run, steps: shown, output: null }, nowMs, paint).split('\n');
  const more = hidden === 0 ? [] : [`  … ${hidden} more`];
  // Painted lines are cut by nobody: escape sequences have no width, and a terminal wraps at most a few of them.
  return [...text.map((line) => (line.includes('\x1b') ? line : fit(line, columns))), ...more].join('\n');
};

export const eventLine = (event: RunEvent): string => {
  const at = new Date(event.atMs).toISOString().slice(11, 23);
  return `${at}  ${String(event.seq).padStart(4)}  ${clean(saidOf(event))}`;
};

const saidOf = (event: RunEvent): string => {
  switch (event.kind) {
    case 'started':
      return 'started';
    case 'planned':
      return 'the planner proposed steps, and they passed';
    case 'expanded':
      return `${event.step} is for a list`;
    case 'skipped':
      return `${event.step} skipped: ${event.why}`;
    case 'intent':
      return `${event.step} -> ${event.target}${event.attempt > 1 ? `, attempt ${event.attempt}` : ''}`;
    case 'asked':
      return `${event.step} waits for people: approval ${event.approval.slice(0, 12)}`;
    case 'dispatched':
      return `${event.step} sent`;
    case 'ended':
      return `${event.step} ${event.outcome}${event.code === '' ? '' : ` (${event.code})`}${event.message === '' ? '' : `: ${event.message}`}`;
    case 'sleeping':
      return `${event.step} sleeps until ${new Date(event.untilMs).toISOString()}`;
    case 'woken':
      return `${event.step} goes on`;
    case 'resolved':
      return `${event.step} resolved: ${event.verdict === 'executed' ? 'it ran' : 'it did not run'}`;
    case 'wished':
      return `${event.by} wants: ${event.wish.wish}`;
    case 'failing':
      return `failing: ${event.because}`;
    case 'finished':
      return `${event.state}${event.message === '' ? '' : `: ${event.message}`}`;
  }
};
