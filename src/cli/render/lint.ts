/** Findings as compilers write them, so that editors can jump to them, and what a change widens below. */
import type { Change, Direction, Finding } from '../../policy/index.ts';
import { clean } from './clean.ts';
import type { Paint, Style } from './paint.ts';

interface Told {
  readonly findings: readonly Finding[];
  readonly changes: readonly Change[] | null;
}

export const lintText = ({ findings, changes }: Told, paint: Paint): string =>
  [
    ...findings.map((finding) => findingText(finding, paint)),
    ...(changes === null ? [] : changesText(changes, paint)),
    summaryOf(findings),
  ].join('\n');

const findingText = ({ severity, rule, file, line, column, policy, message }: Finding, paint: Paint): string => {
  const at = line === 0 ? file : `${file}:${line}:${column}`;
  const style: Style = severity === 'error' ? 'red' : 'yellow';
  const about = policy === '' ? '' : `policy \`${policy}\`: `;
  return `${clean(at)}: ${paint(style, `${severity}[${rule}]`)} ${clean(about + message)}`;
};

const STYLES: Readonly<Record<Direction, Style>> = { wider: 'red', narrower: 'green', unclear: 'yellow' };

const changesText = (changes: readonly Change[], paint: Paint): readonly string[] => {
  if (changes.length === 0) return ['against the running configuration: nothing changes what is allowed'];
  const width = Math.max(...changes.map(({ direction }) => direction.length));
  return [
    'against the running configuration:',
    ...changes.map(({ direction, level, id, what }) => {
      const space = ' '.repeat(width - direction.length);
      return `  ${paint(STYLES[direction], direction)}${space}  ${clean(`${level}${id === '' ? '' : `/${id}`}  ${what}`)}`;
    }),
  ];
};

const summaryOf = (findings: readonly Finding[]): string => {
  if (findings.length === 0) return 'no findings';
  const count = (wanted: Finding['severity']): string => {
    const number = findings.filter(({ severity }) => severity === wanted).length;
    return `${number} ${wanted}${number === 1 ? '' : 's'}`;
  };
  return `${count('error')}, ${count('warning')}`;
};
