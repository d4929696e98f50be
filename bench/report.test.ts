import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderMarkdown, renderSvg } from './chart.ts';
import { newestOf, replaceBetweenMarks } from './draw.ts';
import { buildReport, type Detail, type Report, renderText } from './report.ts';
import type { Figures } from './statistics.ts';

const at = (median: number) => ({ median, min: median * 0.9, max: median * 1.2 });
const figures: Figures = {
  cpuUsPerCall: at(20),
  rps: at(40_000),
  p50Us: at(900),
  p99Us: at(2_000),
  hopCores: at(0.9),
  errors: 0,
  unfinished: 0,
  windows: 3,
  validWindows: 3,
  valid: true,
  doubts: [],
};
const doubtful: Figures = {
  ...figures,
  cpuUsPerCall: null,
  valid: false,
  validWindows: 1,
  doubts: ['foreign CPU or steal over 5 %'],
};
const detail: Detail = {
  mode: 'quick',
  concurrency: 64,
  rounds: 3,
  date: '2030-01-02T03:04:05.000Z',
  commit: '0123456789abcdef',
  node: 'v26.0.0',
  machine: { cpu: 'Some <CPU> & more', cores: 2, memoryGb: 8, platform: 'linux-x64', kernel: '6.0' },
  pins: { hop: 0, load: 1 },
  loadAverage: { before: [0.1, 0, 0], after: [0.5, 0, 0] },
  notes: ['a note'],
  targets: {
    hub: { status: 'left out', reason: 'no | command <b>here</b>' },
    paid: { status: 'left out', reason: 'not asked for' },
    sidecar: { status: 'left out', reason: 'not asked for' },
    direct: {
      status: 'measured',
      version: 'v1',
      closed: [
        { concurrency: 1, ...figures },
        { concurrency: 64, ...figures },
      ],
      open: [{ rate: 500, ...figures }],
      skipped: [],
    },
    nginx: {
      status: 'measured',
      version: '1',
      closed: [{ concurrency: 64, ...figures, cpuUsPerCall: at(900) }],
      open: [],
      skipped: [],
    },
    peer: {
      status: 'measured',
      version: '1',
      closed: [{ concurrency: 64, ...doubtful }],
      open: [],
      skipped: ['open loop of 3000/s not tried'],
    },
  },
};

test('the report is the six targets and the detail, and a target that did not run is null', () => {
  const report = buildReport(detail);
  assert.deepEqual(Object.keys(report), ['hub', 'paid', 'sidecar', 'direct', 'nginx', 'peer', 'detail']);
  assert.deepEqual(report.direct, { cpuUsPerCall: 20, rps: 40_000, p50Us: 900, p99Us: 2_000, valid: true });
  assert.deepEqual([report.hub, report.sidecar], [null, null]);
});

test('CPU that is not known is null and never zero', () => {
  assert.deepEqual(buildReport(detail).peer, {
    cpuUsPerCall: null,
    rps: 40_000,
    p50Us: 900,
    p99Us: 2_000,
    valid: false,
  });
});

test('the text names what was left out, not tried, and not valid', () => {
  const text = renderText(buildReport(detail));
  assert.match(text, /LEFT OUT hub: no \| command/);
  assert.match(text, /peer: open loop of 3000\/s not tried/);
  assert.match(text, /not valid, peer: foreign CPU/);
  assert.match(text, /a note/);
});

test('the picture has a bar per figure, marks doubt, knows dark pages, and holds no foreign markup', () => {
  const svg = renderSvg(detail);
  assert.equal(svg.match(/<rect /g)?.length, 5); // CPU of direct and nginx, throughput of all three
  assert.equal(svg.match(/\(not valid\)/g)?.length, 1);
  assert.match(svg, /prefers-color-scheme: dark/);
  assert.match(svg, /Some &#60;CPU&#62; &#38; more/);
});

test('bars are drawn to one scale', () => {
  const widths = [...renderSvg(detail).matchAll(/<rect [^>]*width="([\d.]+)"/g)].map((match) => Number(match[1]));
  assert.ok(Math.abs(widths[1]! / widths[0]! - 900 / 20) < 1, `${widths}`);
});

test('a reason cannot break the table or bring markup into the README', () => {
  const markdown = renderMarkdown(detail);
  assert.match(markdown, /- hub was left out: no &#124; command &#60;b&#62;here/);
  const columns = markdown
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split(' | ').length);
  assert.equal(new Set(columns).size, 1);
});

test('the README keeps everything outside the marks, and drawing twice changes nothing', () => {
  const readme = 'before\n<!-- results:start, written by `node bench/draw.ts` -->\nold\n<!-- results:end -->\nafter\n';
  const once = replaceBetweenMarks(readme, 'new');
  assert.equal(once.replace(/-->[\s\S]*<!--/, '--><!--'), readme.replace(/-->[\s\S]*<!--/, '--><!--'));
  assert.match(once, /new/);
  assert.doesNotMatch(once, /old/);
  assert.equal(replaceBetweenMarks(once, 'new'), once);
  assert.throws(() => replaceBetweenMarks('no marks', 'new'), /needs a line/);
});

test('the newest report is found by its date', () => {
  const dated = (date: string): Report => buildReport({ ...detail, date });
  assert.equal(newestOf([dated('2030-01-02T10:00'), dated('2030-01-02T09:00')])?.detail.date, '2030-01-02T10:00');
  assert.equal(newestOf([]), undefined);
});
