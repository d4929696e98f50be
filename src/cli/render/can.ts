/** May somebody call something, in words: the answer first, then the rules of both sides, then what it depends on. */
import type { CanAnswer, RuleName } from '../../doors/admin/index.ts';
import { clean } from './clean.ts';
import type { Paint, Style } from './paint.ts';

const WORDS: Readonly<Record<CanAnswer['answer'], readonly [said: string, style: Style]>> = {
  yes: ['may call', 'green'],
  no: ['may not call', 'red'],
  maybe: ['may call, depending on the call,', 'yellow'],
};

/** `who` and `what` as they were asked for: `agent/concierge` and `agent/refunds/issue`. */
export const canText = (who: string, what: string, answer: CanAnswer, paint: Paint): string => {
  const [said, style] = WORDS[answer.answer];
  const facts: readonly Fact[] = [
    ...answer.permitting.map((rule): Fact => ['permitted by', ruleText(rule)]),
    ...answer.denying.map((rule): Fact => ['forbidden by', ruleText(rule)]),
    ...answer.missing.map((level): Fact => ['no permit at', clean(level)]),
    ...(answer.approval ? [['needs', 'an approval'] as const] : []),
    ...answer.depends.map(
      ({ clauses, rules }): Fact => ['depends on', clean(`${clauses.join(', ')}  (${rules.join(', ')})`)],
    ),
    ...(answer.refusal === '' ? [] : [['because', clean(answer.refusal)] as const]),
    ['policy', clean(answer.policyVersion)],
  ];
  const width = Math.max(...facts.map(([name]) => name.length));
  return [
    `${paint(style, answer.answer)}: ${clean(who)} ${said} ${clean(what)}`,
    ...facts.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`),
  ].join('\n');
};

type Fact = readonly [name: string, text: string];

const ruleText = ({ level, id, reason }: RuleName): string =>
  clean(`${level}/${id}${reason === '' ? '' : `  "${reason}"`}`);
