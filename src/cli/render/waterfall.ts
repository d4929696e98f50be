/** A trace as a tree with bars: who called whom on which node, when, how long, and how it ended; and what agents say they did meanwhile. */
import {
  type AgentSpan,
  type CallEvent,
  moneyText,
  type SaidEvent,
  type StepEvent,
  type TaskOutcome,
} from '../../contract/index.ts';
import { type Axis, axisOf, barOf, FOLDED, foldable, type Interval } from './axis.ts';
import { clean, fit, widthOf } from './clean.ts';
import { heldWaits } from './critical.ts';
import { type Paint, styleOf } from './paint.ts';
import { sifted, sizeOf, type Wanted } from './sift.ts';
import { duration } from './time.ts';
import { type CallNode, callsBelow, callsIn, type SpanNode, type StepNode, type TreeNode, treeOf } from './tree.ts';

export interface WaterfallOptions {
  /** Columns of the terminal; null in a pipe, and then labels are never cut. */
  readonly width: number | null;
  readonly paint: Paint;
  /** Leaves out the others, and counts them. Default: everything is shown. */
  readonly wanted?: Wanted;
  /** Draw waits for people as long as they were. Default: long ones are folded, else nothing else could be seen. */
  readonly isEven?: boolean;
}

interface Line {
  readonly label: string;
  readonly status: string;
  readonly startMs: number;
  readonly durationMs: number;
  readonly note: string;
  /** An agent says so, at a time of its own or of ours. */
  readonly isSaid?: true;
  readonly clock?: 'ours';
}

const BAR_WIDTH = 28;
const STATUS_WIDTH = 9;
const DURATION_WIDTH = 7;

export const waterfall = (
  events: readonly CallEvent[],
  { width, paint, wanted = {}, isEven = false }: WaterfallOptions,
  said: readonly AgentSpan[] = [],
): string => {
  const tree = treeOf(events, said);
  const all = linesIn(tree);
  if (all.length === 0) return 'no events';
  // Of the whole, whatever is shown of it: two looks at one trace are of one size.
  const { fromMs, totalMs } = frameOf(all);
  const axis = axisOf({ fromMs, toMs: fromMs + totalMs }, BAR_WIDTH, isEven ? [] : foldsIn(events, all));
  const shown = sifted(tree, wanted);
  const lines = linesIn(shown);
  const labelWidth = labelWidthOf(lines, width);
  return [
    headOf(events, said, totalMs),
    ...lines.map((line) => drawn(line, { labelWidth, fromMs, totalMs, axis, paint })),
    ...leftText(sizeOf(tree), sizeOf(shown), wanted),
    ...foldText(axis),
  ].join('\n');
};

const linesIn = (nodes: readonly TreeNode[]): readonly Line[] => branchesOf(nodes).flatMap((branch) => branch('', ''));

const foldsIn = (events: readonly CallEvent[], lines: readonly Line[]): readonly Interval[] =>
  foldable(
    heldWaits(events),
    lines.map(({ startMs, durationMs }) => ({ fromMs: startMs, toMs: startMs + durationMs })),
  );

const leftText = (size: number, shown: number, { minMs = 0, kind }: Wanted): readonly string[] => {
  const whys = [
    ...(minMs > 0 ? [`shorter than ${duration(minMs)}`] : []),
    ...(kind === undefined ? [] : [`not of a call of a ${kind}`]),
  ];
  return size === shown ? [] : [`… ${size - shown} of ${size} spans are left out: ${whys.join(', or ')}`];
};

const foldText = ({ folds }: Axis): readonly string[] =>
  folds.length === 0
    ? []
    : [
        `${FOLDED} people were waited for, ${folds.map(({ fromMs, toMs }) => duration(toMs - fromMs)).join(' and ')}: folded; --no-fold draws it as long as it was`,
      ];

interface Frame {
  readonly fromMs: number;
  readonly totalMs: number;
}

/** What agents say widens the picture up to this often: one with a wrong clock must not make everything else a dot. */
const MOST_WIDENED = 10;

const frameOf = (lines: readonly Line[]): Frame => {
  const seen = lines.filter(({ isSaid }) => isSaid !== true);
  const base = spanning(seen.length === 0 ? lines : seen);
  const toMs = base.fromMs + base.totalMs;
  const wide = spanning([
    ...seen,
    ...lines.filter(({ startMs, durationMs }) => startMs <= toMs && startMs + durationMs >= base.fromMs),
  ]);
  return wide.totalMs <= MOST_WIDENED * base.totalMs ? wide : base;
};

const spanning = (lines: readonly Line[]): Frame => {
  const fromMs = lines.reduce((least, { startMs }) => Math.min(least, startMs), Number.POSITIVE_INFINITY);
  const toMs = lines.reduce((most, { startMs, durationMs }) => Math.max(most, startMs + durationMs), fromMs);
  return { fromMs, totalMs: toMs - fromMs };
};

const headOf = (events: readonly CallEvent[], said: readonly AgentSpan[], totalMs: number): string => {
  const nodes = new Set(events.map((event) => event.node)).size;
  const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
  const calls = new Set(events.map((event) => event.callId)).size;
  const cost = events.some(isPriced) ? `  ${moneyText(sumOf(events))}` : '';
  const trace = events[0]?.trace ?? said[0]?.trace ?? '';
  const outcomes = said.filter(({ outcome }) => outcome !== undefined).length;
  const spans = said.length - outcomes;
  const told = [
    spans === 0 ? '' : `  ${count(spans, 'span')} said by agents`,
    outcomes === 0 ? '' : `  ${count(outcomes, 'outcome')}`,
  ].join('');
  return `trace ${clean(trace)}  ${count(calls, 'call')} on ${count(nodes, 'node')}  ${duration(totalMs)}${cost}${told}`;
};

const isPriced = ({ attributes }: CallEvent): boolean => typeof attributes['cost.micros'] === 'number';

const costOf = ({ attributes }: CallEvent): number => Number(attributes['cost.micros'] ?? 0);

/** Only the node that charged a call has its cost, so nothing is counted twice. */
const sumOf = (events: readonly CallEvent[]): number => events.reduce((sum, event) => sum + costOf(event), 0);

/** Its own cost, and that of all it led to where there is more. */
const costText = (node: CallNode): string => {
  const below = callsBelow(node).map(({ event }) => event);
  const total = costOf(node.event) + sumOf(below);
  if (!isPriced(node.event) && !below.some(isPriced)) return '';
  const own = moneyText(costOf(node.event));
  return below.some(isPriced) ? `${own} of ${moneyText(total)} with all below` : own;
};

/** A part of the tree that knows its own lines, given what leads the first and what leads the rest. */
type Branch = (first: string, rest: string) => readonly Line[];

/** Of spans of agents beside each other; a program that reads all of them asks for JSON. */
const MOST_BESIDE = 20;

/** INVARIANT: what leads to a call is always drawn. Of the others that agents say, the first, and as many that failed. */
const shownOf = (nodes: readonly TreeNode[]): ReadonlySet<TreeNode> => {
  const said = nodes.filter((node) => 'said' in node);
  const failed = said.filter((node) => node.said.status === 'error');
  return new Set([
    ...nodes.filter((node) => !('said' in node) || callsIn([node]).length > 0),
    ...said.slice(0, MOST_BESIDE),
    ...said.filter((node) => node.said.outcome !== undefined).slice(0, MOST_BESIDE),
    ...failed.slice(0, MOST_BESIDE),
  ]);
};

/** Branches in order, and one line for those that are left out. */
const branchesOf = (nodes: readonly TreeNode[]): readonly Branch[] => {
  const shown = shownOf(nodes);
  const left = nodes.filter((node) => 'said' in node && !shown.has(node)) as readonly SpanNode[];
  return [...nodes.filter((node) => shown.has(node)).map(branchOf), ...(left.length === 0 ? [] : [leftBranch(left)])];
};

const leftBranch =
  (left: readonly SpanNode[]): Branch =>
  (first) => {
    const { startedAtMs } = left[0]!.said;
    const label = `${first}… ${left.length} more spans that agents said; -o json has them`;
    return [{ label, status: '', startMs: startedAtMs, durationMs: 0, note: '', isSaid: true }];
  };

const branchOf = (node: TreeNode): Branch => ('said' in node ? spanBranch(node) : callBranch(node));

const spanBranch =
  (node: SpanNode): Branch =>
  (first, rest) => [
    node.said.outcome === undefined ? spanLine(node.said, first) : outcomeLine(node.said, node.said.outcome, first),
    ...below([...eventBranches(node.said), ...linkBranches(node.said), ...branchesOf(node.below)], rest),
  ];

const STATUS_WORDS: Readonly<Record<AgentSpan['status'], string>> = { unset: '', ok: 'ok', error: 'failed' };

/** The mark tells what an agent says from what a node saw, whatever it calls itself. */
const spanLine = ({ name, principal, status, message, startedAtMs, durationMs }: AgentSpan, lead: string): Line => ({
  label: `${lead}“${clean(name)}” said by ${clean(`${principal.kind}/${principal.id}`)}`,
  status: STATUS_WORDS[status],
  startMs: startedAtMs,
  durationMs,
  note: clean(message),
  isSaid: true,
});

/** Of one span; all of them are in the JSON. What was thrown is always drawn. */
const MOST_EVENTS = 5;

const EXCEPTION = 'exception';

const eventBranches = ({ events = [] }: AgentSpan): readonly Branch[] => {
  const thrown = events.filter(({ name }) => name === EXCEPTION).slice(0, MOST_EVENTS);
  const drawn = new Set([...events.slice(0, MOST_EVENTS), ...thrown]);
  return events
    .filter((event) => drawn.has(event))
    .map(
      (event): Branch =>
        (first) => [
          {
            ...{ label: `${first}event “${clean(event.name)}”`, status: '', note: eventNote(event) },
            ...{ startMs: event.atMs, durationMs: 0, isSaid: true },
          },
        ],
    );
};

const eventNote = ({ name, attributes }: SaidEvent): string =>
  name === EXCEPTION
    ? clean(
        [attributes['exception.type'], attributes['exception.message']].filter((part) => part !== undefined).join(': '),
      )
    : '';

const linkBranches = ({ links = [], startedAtMs }: AgentSpan): readonly Branch[] =>
  links.slice(0, MOST_EVENTS).map(
    ({ trace, span }): Branch =>
      (first) => [
        {
          ...{ label: `${first}link to trace ${clean(trace)}`, status: '', note: `span ${clean(span)}` },
          ...{ startMs: startedAtMs, durationMs: 0, isSaid: true },
        },
      ],
  );

const outcomeLine = (
  { principal, message, startedAtMs }: AgentSpan,
  { task, result, score, session }: TaskOutcome,
  lead: string,
): Line => {
  const whole = session === undefined ? '' : ' of the session';
  const scored = score === undefined ? '' : `score ${score}`;
  return {
    label: `${lead}outcome${whole} “${clean(task)}” said by ${clean(`${principal.kind}/${principal.id}`)}`,
    status: result,
    startMs: startedAtMs,
    durationMs: 0,
    note: [scored, clean(message)].filter((text) => text !== '').join('  '),
    isSaid: true,
    clock: 'ours',
  };
};

/** Draws branches below each other, the last one with a corner. */
const below = (branches: readonly Branch[], lead: string): readonly Line[] =>
  branches.flatMap((branch, at) =>
    at === branches.length - 1 ? branch(`${lead}└ `, `${lead}  `) : branch(`${lead}├ `, `${lead}│ `),
  );

const linesOf = (node: CallNode, first: string, rest: string): readonly Line[] => [
  callLine(node, first),
  ...below([...node.steps.map((step) => stepBranch(step, node.event)), ...branchesOf(node.below)], rest),
];

const callBranch =
  (node: CallNode): Branch =>
  (first, rest) =>
    linesOf(node, first, rest);

const stepBranch =
  ({ step, steps, below: led }: StepNode, event: CallEvent): Branch =>
  (first, rest) => [
    stepLine(step, event, first),
    ...below([...steps.map((inner) => stepBranch(inner, event)), ...branchesOf(led)], rest),
  ];

const callLine = (node: CallNode, lead: string): Line => {
  const { event } = node;
  const { kind, name, operation } = event.target;
  return {
    label: `${lead}${clean(`${kind}/${name}/${operation}`)} @${clean(event.node)}`,
    status: event.status,
    startMs: event.startedAtMs,
    durationMs: event.durationMs,
    note: [event.status === 'ok' ? '' : event.code, wayText(event), costText(node)]
      .filter((text) => text !== '')
      .join('  '),
  };
};

/** Only where there was a choice that a reader could miss: a route on its way, and a call that found nobody. */
const wayText = ({ role, attributes }: CallEvent): string => {
  const { via, 'route.mesh_percent': percent, 'via.instead': instead } = attributes;
  if (instead !== undefined) return 'through the hub instead';
  return role === 'sidecar-out' && percent !== undefined ? `via ${via} of ${percent} % mesh` : '';
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
  const wanted = lines.reduce((most, line) => Math.max(most, widthOf(line.label)), 0);
  if (width === null) return wanted;
  return Math.max(20, Math.min(wanted, width - STATUS_WIDTH - DURATION_WIDTH - BAR_WIDTH - 20));
};

interface Drawing extends Frame {
  readonly labelWidth: number;
  readonly axis: Axis;
  readonly paint: Paint;
}

const drawn = (line: Line, { labelWidth, fromMs, totalMs, axis, paint }: Drawing): string => {
  const label = fit(line.label, labelWidth);
  const status = fit(line.status, STATUS_WIDTH);
  const parts = [
    label + ' '.repeat(labelWidth - widthOf(label)),
    paint(styleOf(status), status) + ' '.repeat(STATUS_WIDTH - widthOf(status)),
    duration(line.durationMs).padStart(DURATION_WIDTH),
    barOf({ fromMs: line.startMs, toMs: line.startMs + line.durationMs }, axis),
    clean([line.note, skewOf(line, fromMs, totalMs)].filter((text) => text !== '').join('  ')),
  ];
  return parts.join('  ').trimEnd();
};

/** What an agent says is outside of the picture is told: its clock is off, or it went on. */
const skewOf = ({ isSaid, clock, startMs, durationMs }: Line, fromMs: number, totalMs: number): string => {
  if (isSaid !== true) return '';
  const by = clock === 'ours' ? '' : ' by its clock';
  if (startMs > fromMs + totalMs) return `${duration(startMs - fromMs - totalMs)} after all else${by}`;
  if (startMs + durationMs < fromMs) return `${duration(fromMs - startMs - durationMs)} before all else${by}`;
  return '';
};
