/** Draws a report as text and as a picture that reads on light and on dark pages. */
import { type Detail, tableOf } from './report.ts';
import type { Spread } from './statistics.ts';
import { type TargetName, targetNames } from './targets/index.ts';

interface Bar {
  readonly name: TargetName;
  readonly spread: Spread;
  readonly valid: boolean;
}

const WIDTH = 720;
const LEFT = 76;
const BARS_WIDTH = 480;
const ROW = 26;
const PANEL_HEAD = 34;
const MARGIN = 16;

/**
 * One panel for CPU per call and one for calls per second, of the closed loop of the headline. It brings its own ground: a
 * page may be dark where the picture is not told so, and letters must not vanish there.
 */
export function renderSvg(detail: Detail): string {
  const load = `closed loop, ${detail.concurrency} connections`;
  const cpu = barsOf(detail, 'cpuUsPerCall');
  const rps = barsOf(detail, 'rps');
  const second = panelHeight(cpu) + 12;
  const height = second + panelHeight(rps) + 28;
  const box = [-MARGIN, -MARGIN, WIDTH + 2 * MARGIN, height + 2 * MARGIN - 8];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box.join(' ')}" role="img" aria-label="${escapeMarkup(describe(cpu))}">
<style>
.ground { fill: #ffffff } text { font: 13px system-ui, sans-serif; fill: #24292f }
.head { font-weight: 600 } .note { font-size: 11px; fill: #57606a }
.bar { fill: #8b949e } .ours { fill: #2563eb } .doubt { opacity: .45 } .range { stroke: #24292f; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
.ground { fill: #0d1117 } text { fill: #e6edf3 } .note { fill: #9198a1 } .bar { fill: #6e7681 } .ours { fill: #60a5fa } .range { stroke: #e6edf3 }
}
</style>
<path class="ground" d="M${box[0]} ${box[1]}h${box[2]}v${box[3]}h-${box[2]}z"/>
${panel(0, `CPU per call, microseconds (${load}; less is better)`, cpu)}
${panel(second, `Calls per second (${load}; more is better)`, rps)}
<text class="note" x="0" y="${height - 8}">${escapeMarkup(caption(detail))}</text>
</svg>
`;
}

function barsOf(detail: Detail, figure: 'cpuUsPerCall' | 'rps'): readonly Bar[] {
  return targetNames.flatMap((name) => {
    const target = detail.targets[name];
    const row =
      target.status === 'measured' ? target.closed.find((one) => one.concurrency === detail.concurrency) : undefined;
    const spread = row?.[figure] ?? null;
    return row === undefined || spread === null ? [] : [{ name, spread, valid: row.valid }];
  });
}

const panelHeight = (bars: readonly Bar[]): number => PANEL_HEAD + bars.length * ROW;

function panel(top: number, title: string, bars: readonly Bar[]): string {
  const scale = BARS_WIDTH / Math.max(1e-9, ...bars.map((bar) => bar.spread.max));
  const rows = bars.map((bar, i) => barRow(bar, top + PANEL_HEAD + i * ROW, scale));
  return [`<text class="head" x="0" y="${top + 18}">${title}</text>`, ...rows].join('\n');
}

function barRow({ name, spread, valid }: Bar, y: number, scale: number): string {
  const x = (value: number): string => (LEFT + value * scale).toFixed(1);
  const ours = name === 'hub' || name === 'paid' || name === 'sidecar' ? ' ours' : '';
  const middle = y + 9;
  return `<text x="0" y="${y + 13}">${name}</text>
<rect class="bar${ours}${valid ? '' : ' doubt'}" x="${LEFT}" y="${y}" width="${Math.max(1, spread.median * scale).toFixed(1)}" height="18" rx="2"/>
<line class="range" x1="${x(spread.min)}" x2="${x(spread.max)}" y1="${middle}" y2="${middle}"/>
<text x="${(LEFT + spread.max * scale + 8).toFixed(1)}" y="${y + 13}">${spread.median.toLocaleString('en-US')}${valid ? '' : ' (not valid)'}</text>`;
}

const describe = (bars: readonly Bar[]): string =>
  `CPU per call in microseconds: ${bars.map((bar) => `${bar.name} ${bar.spread.median}`).join(', ')}`;

function caption(detail: Detail): string {
  const { machine } = detail;
  return `${detail.date.slice(0, 10)}, commit ${detail.commit.slice(0, 7)}, ${machine.cpu}, ${machine.cores} cores, Node ${detail.node}; line: lowest to highest round`;
}

/** The table of the README, with what was left out and where it was measured. */
export function renderMarkdown(detail: Detail): string {
  const [head, ...rows] = tableOf(detail);
  const line = (row: readonly string[]): string => `| ${row.map(escapeCell).join(' | ')} |`;
  const table = [line(head!), line(head!.map((_, i) => (i < 2 ? '---' : '---:'))), ...rows.map(line)];
  const facts = `${detail.date}, ${detail.mode} run of ${detail.rounds} rounds, commit ${detail.commit.slice(0, 7)}, ${machineLine(detail)}`;
  return [
    '![CPU per call and calls per second of each target](results/latest.svg)',
    '',
    escapeCell(facts),
    '',
    ...table,
    '',
    ...leftOut(detail),
  ]
    .join('\n')
    .trimEnd();
}

function machineLine({ machine, node, loadAverage }: Detail): string {
  const load = `load average ${loadAverage.before[0]} before and ${loadAverage.after[0]} after`;
  return `Node ${node}, ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, ${machine.platform}, ${load}.`;
}

function leftOut(detail: Detail): readonly string[] {
  return targetNames.flatMap((name) => {
    const target = detail.targets[name];
    if (target.status === 'measured') return target.skipped.map((text) => `- ${name}: ${escapeCell(text)}`);
    return [`- ${name} was left out: ${escapeCell(target.reason)}`];
  });
}

/** Reasons quote what other programs printed, so they may hold anything. */
const escapeMarkup = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
const escapeCell = (text: string): string =>
  text.replace(/\s+/g, ' ').replace(/[&<>|[\]]/g, (char) => `&#${char.charCodeAt(0)};`);
