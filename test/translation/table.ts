/** The matrix as `docs/translation.md` has it: what a test run said, and nothing that anybody wrote by hand. */
import { CALLERS } from './callers.ts';
import { CALLED, type Cell, outcomeOf } from './matrix.ts';

/** A mark for what passes; a number for what is refused, with its sentence below. */
export const tableOf = (cells: readonly Cell[]): string => {
  const notes: string[] = [];
  const noteOf = (text: string): string => {
    const known = notes.indexOf(text);
    return `(${known >= 0 ? known + 1 : notes.push(text)})`;
  };
  const cellOf = (caller: string, target: string): string => {
    const both = cells.filter((one) => one.caller === caller && one.target === target);
    const [one = '', stream = ''] = [false, true].map((wanted) => {
      const cell = both.find((each) => each.stream === wanted);
      if (cell === undefined) return '-';
      return outcomeOf(cell) === 'ok' ? 'yes' : noteOf(`${cell.heard.status}: ${cell.heard.text}`);
    });
    return one === stream ? one : `${one} / ${stream}`;
  };
  const rows = CALLERS.map(({ name }) => `| ${name} | ${CALLED.map(({ title }) => cellOf(name, title)).join(' | ')} |`);
  return [
    `| calls | ${CALLED.map(({ title }) => title).join(' | ')} |`,
    `|---|${CALLED.map(() => '---|').join('')}`,
    ...rows,
    ...(notes.length === 0 ? [] : ['', ...notes.map((text, at) => `${at + 1}. ${text}`)]),
  ].join('\n');
};
