/** A trace as a tree with bars: who called whom on which node, when, how long, and how it ended. */
import { type CallEvent, moneyText, type StepEvent } from '../../contract/index.ts';
import { clean, fit, widthOf } from './clean.ts';
import { type Paint, styleOf } from './paint.ts';
import { duration } from './time.ts';
import { type CallNode, type StepNode, treeOf } from './tree.ts';

export interface WaterfallOptions {
  /** Columns of the terminal; null in a pipe, and then labels are never cut. */
  readonly width: number | null;
  readonly paint: Paint;
}

interface Line {
  readonly label: string;
  readonly status: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly note: string;
}

const BAR_WIDTH = 28;
const STATUS_WIDTH = 9;
const DURATION_WIDTH = 7;

export const waterfall = (events: readonly CallEvent[], options: WaterfallOptions): string => {
  const lines = treeOf(events).flatMap((node) => linesOf(node, '', ''));
  if (lines.length === 0) return 'no events';
  const fromMs = Math.min(...lines.map((line) => line.startMs));
  const totalMs = Math.max(...lines.map((line) => line.startMs + line.durationMs)) - fromMs;
  const labelWidth = labelWidthOf(lines, options.width);
  return [
    headOf(events, totalMs),
    ...lines.map((line) => drawn(line, { labelWidth, fromMs, totalMs, paint: options.paint })),
  ].join('\n');
};

const headOf = (events: readonly CallEvent[], totalMs: number): string => {
  const nodes = new Set(events.map((event) => event.node)).size;
  const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
  const calls = new Set(events.map((event) => event.callId)).size;
  const cost = events.some(isPriced) ? `  ${moneyText(sumOf(events))}` : '';
  return `trace ${clean(events[0]!.trace)}  ${count(calls, 'call')} on ${count(nodes, 'node')}  ${duration(totalMs)}${cost}`;
};

const isPriced = ({ attributes }: CallEvent): boolean => typeof attributes['cost.micros'] === 'number';

const costOf = ({ attributes }: CallEvent): number => Number(attributes['cost.micros'] ?? 0);

/** Only the node that charged a call has its cost, so nothing is counted twice. */
const sumOf = (events: readonly CallEvent[]): number => events.reduce((sum, event) => sum + costOf(event), 0);

/** The calls below this one, on whichever node. */
const eventsBelow = ({ calls, steps }: Pick<CallNode, 'calls' | 'steps'>): readonly CallEvent[] => [
  ...calls.flatMap((node) => [node.event, ...eventsBelow(node)]),
  ...steps.flatMap(eventsBelow),
];

/** Its own cost, and that of all it led to where there is more. */
const costText = (node: CallNode): string => {
  const below = eventsBelow(node);
  const total = costOf(node.event) + sumOf(below);
  if (!isPriced(node.event) && !below.some(isPriced)) return '';
  const own = moneyText(costOf(node.event));
  return below.some(isPriced) ? `${own} of ${moneyText(total)} with all below` : own;
};

/** A part of the tree that knows its own lines, given what leads the first and what leads the rest. */
type Branch = (first: string, rest: string) => readonly Line[];

/** Draws branches below each other, the last one with a corner. */
const below = (branches: readonly Branch[], lead: string): readonly Line[] =>
  branches.flatMap((branch, at) =>
    at === branches.length - 1 ? branch(`${lead}└ `, `${lead}  `) : branch(`${lead}├ `, `${lead}│ `),
  );

const linesOf = (node: CallNode, first: string, rest: string): readonly Line[] => [
  callLine(node, first),
  ...below([...node.steps.map((step) => stepBranch(step, node.event)), ...node.calls.map(callBranch)], rest),
];

const callBranch =
  (node: CallNode): Branch =>
  (first, rest) =>
    linesOf(node, first, rest);

const stepBranch =
  ({ step, steps, calls }: StepNode, event: CallEvent): Branch =>
  (first, rest) => [
    stepLine(step, event, first),
    ...below([...steps.map((inner) => stepBranch(inner, event)), ...calls.map(callBranch)], rest),
  ];

const callLine = (node: CallNode, lead: string): Line => {
  const { event } = node;
  const { kind, name, operation } = event.target;
  return {
    label: `${lead}${clean(`${kind}/${name}/${operation}`)} @${clean(event.node)}`,
    status: event.status,
    startMs: event.startedAtMs,
    durationMs: event.durationMs,
    note: [event.status === 'ok' ? '' : event.code, costText(node)].filter((text) => text !== '').join('  '),
  };
};

const stepLine = (step: StepEvent, event: CallEvent, lead: string): Line => {
  const { effect, outcome, status, code, attempt, endpoint, picked } = step.attributes;
  const which = [attempt, endpoint ?? picked].filter((part) => part !== undefined && part !== '').join(' ');
  return {
    label: `${lead}${clean(`${step.name} ${which}`.trim())}`,
    status: clean(String(effect ?? outcome ?? status ?? '')),
    startMs: event.startedAtMs + step.offsetMs,
    durationMs: step.durationMs,
    note: code === undefined || code === '' || code === 'OK' ? '' : clean(String(code)),
  };
};

const labelWidthOf = (lines: readonly Line[], width: number | null): number => {
  const wanted = Math.max(...lines.map((line) => widthOf(line.label)));
  if (width === null) return wanted;
  return Math.max(20, Math.min(wanted, width - STATUS_WIDTH - DURATION_WIDTH - BAR_WIDTH - 20));
};

interface Frame {
  readonly labelWidth: number;
  readonly fromMs: number;
  readonly totalMs: number;
  readonly paint: Paint;
}

const drawn = (line: Line, { labelWidth, fromMs, totalMs, paint }: Frame): string => {
  const label = fit(line.label, labelWidth);
  const status = fit(line.status, STATUS_WIDTH);
  const parts = [
    label + ' '.repeat(labelWidth - widthOf(label)),
    paint(styleOf(status), status) + ' '.repeat(STATUS_WIDTH - widthOf(status)),
    duration(line.durationMs).padStart(DURATION_WIDTH),
    barOf(line.startMs - fromMs, line.durationMs, totalMs),
    clean(line.note),
  ];
  return parts.join('  ').trimEnd();
};

/** Clocks of nodes differ by a little, so a child may seem to begin before its parent; a bar never leaves its place. */
const barOf = (offsetMs: number, durationMs: number, totalMs: number): string => {
  const cell = totalMs > 0 ? totalMs / BAR_WIDTH : 1;
  const from = Math.min(BAR_WIDTH - 1, Math.max(0, Math.floor(offsetMs / cell)));
  const length = Math.min(BAR_WIDTH - from, Math.max(1, Math.round(durationMs / cell)));
  const mark = durationMs < cell / 2 ? '▏' : '█';
  return `${' '.repeat(from)}${mark.repeat(length)}${' '.repeat(BAR_WIDTH - from - length)}`;
};
