/** Clauses of policies for operators: one sentence, then the rules that stood in the way and those that came near. */
import type { CallExplanation, ClauseSeen } from '../../doors/admin/index.ts';
import { clean } from './clean.ts';

/** More near misses than that are far. */
const MOST = 3;

/** Lines without indentation. */
export const clausesText = ({ sentence, blocking, nearMisses, caveats }: CallExplanation): readonly string[] =>
  [
    sentence,
    ...blocking.flatMap(({ level, id, clauses }) => [`forbid ${level}/${id}`, ...clauses.map(clauseText)]),
    ...nearMisses
      .slice(0, MOST)
      .flatMap(({ level, id, scope, failed }) => [
        `permit ${level}/${id}  does not match`,
        ...scope.map((text) => `  needs ${text}`),
        ...failed.map(clauseText),
      ]),
    ...(nearMisses.length > MOST ? [`and ${nearMisses.length - MOST} permits that are further away`] : []),
    ...caveats.map((text) => `note: ${text}`),
  ].map((text) => clean(text));

const clauseText = ({ text, value, facts }: ClauseSeen): string =>
  `  ${text}  is ${value}${facts.length === 0 ? '' : `: ${facts.join(', ')}`}`;
