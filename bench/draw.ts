/** `node bench/draw.ts`: draws the newest kept results into `results/latest.svg` and the table of the README. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderMarkdown, renderSvg } from './chart.ts';
import type { Report } from './report.ts';
import { targetNames } from './targets/index.ts';

const START = '<!-- results:start, written by `node bench/draw.ts` -->';
const END = '<!-- results:end -->';

/** Puts `text` between the two marks of the README. Throws when a mark is missing. */
export function replaceBetweenMarks(readme: string, text: string): string {
  const start = readme.indexOf(START);
  const end = readme.indexOf(END);
  if (start < 0 || end < start)
    throw new Error(`the README needs a line \`${START}\` and, after it, a line \`${END}\``);
  return `${readme.slice(0, start + START.length)}\n\n${text}\n\n${readme.slice(end)}`;
}

/** The newest by the date inside, because names of one day do not sort by time. */
export function newestOf(reports: readonly Report[]): Report | undefined {
  return reports.toSorted((a, b) => (a.detail.date < b.detail.date ? -1 : 1)).at(-1);
}

function readReports(folder: string): readonly Report[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith('.json') && !file.startsWith('policy-'));
  return files.map((file) => {
    const report = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Report;
    if (typeof report.detail?.date !== 'string')
      throw new Error(`\`${file}\` is no report of this benchmark; remove it from bench/results`);
    return withTargets(report);
  });
}

/** A report is older than a target that was added since. */
function withTargets(report: Report): Report {
  const missing = targetNames.filter((name) => !Object.hasOwn(report.detail.targets, name));
  const leftOut = missing.map((name) => [name, { status: 'left out', reason: 'not in this report' }]);
  return {
    ...report,
    detail: { ...report.detail, targets: { ...report.detail.targets, ...Object.fromEntries(leftOut) } },
  };
}

function draw(folder: string): void {
  const newest = newestOf(readReports(join(folder, 'results')));
  if (newest === undefined) throw new Error('no results are kept yet; run `npm run bench -- --keep`');
  writeFileSync(join(folder, 'results', 'latest.svg'), renderSvg(newest.detail));
  const readme = join(folder, 'README.md');
  writeFileSync(readme, replaceBetweenMarks(readFileSync(readme, 'utf8'), renderMarkdown(newest.detail)));
}

if (import.meta.main) {
  try {
    draw(import.meta.dirname);
  } catch (error) {
    console.error(`error: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
