/** What a run of crashes prints: one line a round, and a table at the end. */
import type { Ending } from './audit.ts';
import { KIND_NAMES, type KindName } from './kinds.ts';
import type { Round } from './round.ts';

export interface Result extends Round {
  readonly kind: KindName;
  readonly number: number;
}

const ENDINGS: readonly Ending[] = ['done', 'refused', 'unknown'];

export const roundLine = (result: Result): string => {
  const { kind, number, victim, killedAfterMs, readyMs, backMs, calls, acknowledged, changes, findings } = result;
  const verdict = findings.length === 0 ? 'ok    ' : 'FAILED';
  const facts = [
    `${victim} killed after ${Math.round(killedAfterMs)} ms`,
    `ready ${Math.round(readyMs)} ms, served ${Math.round(backMs)} ms at load ${result.machineLoad.toFixed(1)}`,
    `${calls} calls, ${acknowledged} acknowledged`,
    `${changes} changes`,
    `async ${endingsOf([result])}`,
    `reads while down ${result.readsWhileDown.ok}/${result.readsWhileDown.all}`,
  ];
  return [
    `${verdict} ${kind} ${number}: ${facts.join('; ')}`,
    ...findings.slice(0, 10).map(({ what, text }) => `       ${what}: ${text}`),
  ].join('\n');
};

const TITLES = [
  'kind',
  'rounds',
  'served ms',
  'max ms',
  'load',
  'calls',
  'acked',
  'changes',
  'lost',
  'doubled',
  'wrong',
  'async done/refused/unknown',
  'reads while down',
];

/** `served ms`: median from the restart until a call succeeds; `max ms` the longest of all. */
export const summary = (results: readonly Result[]): string => {
  const rows = KIND_NAMES.flatMap((kind) => {
    const own = results.filter((result) => result.kind === kind);
    return own.length === 0 ? [] : [rowOf(kind, own)];
  });
  const widths = TITLES.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at]!.length)));
  return ['', ...[TITLES, ...rows].map((row) => row.map((cell, at) => cell.padStart(widths[at]!)).join('  '))].join(
    '\n',
  );
};

const rowOf = (kind: KindName, own: readonly Result[]): readonly string[] => {
  const sum = (of: (result: Result) => number): number => own.reduce((total, result) => total + of(result), 0);
  const found = (what: string): string =>
    String(sum(({ findings }) => findings.filter((one) => one.what === what).length));
  const back = own.map(({ readyMs, backMs }) => Math.max(readyMs, backMs)).sort((a, b) => a - b);
  const reads = {
    ok: sum(({ readsWhileDown }) => readsWhileDown.ok),
    all: sum(({ readsWhileDown }) => readsWhileDown.all),
  };
  return [
    kind,
    String(own.length),
    String(Math.round(back[Math.floor(back.length / 2)]!)),
    String(Math.round(back.at(-1)!)),
    (sum(({ machineLoad }) => machineLoad) / own.length).toFixed(1),
    String(sum(({ calls }) => calls)),
    String(sum(({ acknowledged }) => acknowledged)),
    String(sum(({ changes }) => changes)),
    found('lost'),
    found('doubled'),
    found('wrong'),
    endingsOf(own),
    `${reads.ok}/${reads.all} (${((100 * reads.ok) / Math.max(1, reads.all)).toFixed(1)} %)`,
  ];
};

const endingsOf = (results: readonly Result[]): string => {
  const all = results.flatMap(({ endings }) => endings);
  return ENDINGS.map((ending) => all.filter((one) => one === ending).length).join('/');
};
