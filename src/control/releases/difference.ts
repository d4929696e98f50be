/** Two policies rule by rule: what a release adds, takes away and rewrites. */
import type { PolicyEntry, PolicySet, RuleDiff } from '../../contract/index.ts';

interface Rule {
  readonly entry: PolicyEntry;
  readonly kind: RuleDiff['kind'];
}

/** By rule id. A rule that only moved inside its level is the same. */
export const ruleDifference = (before: PolicySet, after: PolicySet): readonly RuleDiff[] => {
  const [was, now] = [rulesOf(before), rulesOf(after)];
  const ids = [...new Set([...was.keys(), ...now.keys()])].sort();
  return ids.flatMap((id) => diffOf(id, was.get(id), now.get(id)));
};

const rulesOf = ({ levels }: PolicySet): ReadonlyMap<string, Rule> =>
  new Map(
    levels.flatMap(({ level, policies, limits }) => [
      ...policies.map((entry): [string, Rule] => [`${level}/${entry.id}`, { entry, kind: entry.effect }]),
      ...limits.map((entry): [string, Rule] => [`${level}/${entry.id}`, { entry, kind: 'limit' }]),
    ]),
  );

const diffOf = (rule: string, was: Rule | undefined, now: Rule | undefined): RuleDiff[] => {
  const shown = now ?? was;
  if (shown === undefined || (was !== undefined && now !== undefined && textOf(was) === textOf(now))) return [];
  const change = was === undefined ? 'add' : now === undefined ? 'remove' : 'change';
  return [{ rule, change, kind: shown.kind, reason: shown.entry.annotations['reason'] ?? '' }];
};

const textOf = ({ entry, kind }: Rule): string => JSON.stringify([kind, entry.annotations, entry.est]);
