/** Two policies rule by rule and fact by fact: what a release adds, takes away and rewrites. */
import type { FactEntry, PolicyEntry, PolicySet, RuleDiff } from '../../contract/index.ts';

/** A rule or a fact: how people see it, and what makes it another. */
interface Part extends Pick<RuleDiff, 'kind' | 'reason'> {
  readonly rule: string;
  readonly text: string;
}

type Compared = Pick<PolicySet, 'levels' | 'facts'>;

/** Rules by id, then facts by name. A rule that only moved inside its level is the same. */
export const policyDifference = (before: Compared, after: Compared): readonly RuleDiff[] => [
  ...differing(rulesOf(before), rulesOf(after)),
  ...differing(factsOf(before), factsOf(after)),
];

const differing = (before: readonly Part[], after: readonly Part[]): readonly RuleDiff[] => {
  const [was, now] = [byName(before), byName(after)];
  const names = [...new Set([...was.keys(), ...now.keys()])].sort();
  return names.flatMap((name) => diffOf(was.get(name), now.get(name)));
};

const byName = (parts: readonly Part[]): ReadonlyMap<string, Part> => new Map(parts.map((part) => [part.rule, part]));

const diffOf = (was: Part | undefined, now: Part | undefined): RuleDiff[] => {
  const shown = now ?? was;
  if (shown === undefined || was?.text === now?.text) return [];
  const change = was === undefined ? 'add' : now === undefined ? 'remove' : 'change';
  return [{ rule: shown.rule, change, kind: shown.kind, reason: shown.reason }];
};

const rulesOf = ({ levels }: Compared): readonly Part[] =>
  levels.flatMap(({ level, policies, limits }) => [
    ...policies.map((entry) => ruleOf(level, entry, entry.effect)),
    ...limits.map((entry) => ruleOf(level, entry, 'limit')),
  ]);

const ruleOf = (level: string, { id, annotations, est }: PolicyEntry, kind: RuleDiff['kind']): Part => ({
  rule: `${level}/${id}`,
  kind,
  reason: annotations['reason'] ?? '',
  text: JSON.stringify([kind, annotations, est]),
});

const factsOf = ({ facts = [] }: Compared): readonly Part[] =>
  facts.map((fact) => ({ rule: fact.name, kind: 'fact', reason: askedBy(fact), text: JSON.stringify(fact) }));

const askedBy = ({ ask }: FactEntry): string =>
  ask === null ? 'a constant' : `asks ${ask.target.kind}/${ask.target.name}/${ask.target.operation}`;
