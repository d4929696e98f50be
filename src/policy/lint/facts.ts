/** What a change of facts does to what is allowed. Answers are not compared: a fact that policy reads, and that is another now, may allow more. */
import type { FactEntry } from '../../contract/index.ts';
import { dependencies } from '../facts/index.ts';
import { type PolicyWorld, type PreparedTenant, preparePolicy } from '../prepare.ts';
import type { Change } from './change.ts';

/** Stands where the level of a rule does: policies read them as `context.facts`. */
const FACTS = 'facts';

/**
 * Only facts that policy reads before and after: a rule that reads a fact for the first time, or no more, is a changed rule, and
 * is judged as one.
 */
export const compareFacts = (base: PolicyWorld, next: PolicyWorld): readonly Change[] => {
  const [before, after] = [preparePolicy(base), preparePolicy(next)];
  return [...new Set([...before.tenants.keys(), ...after.tenants.keys()])].sort().flatMap((tenant) => {
    const [was, now] = [before.tenants.get(tenant), after.tenants.get(tenant)];
    if (was === undefined || now === undefined) return [];
    const [readThen, readNow] = [readBy(was), readBy(now)];
    return differing(was.facts, now.facts)
      .filter(({ name }) => readThen(name) && readNow(name))
      .map(({ name, what }): Change => ({ tenant, level: FACTS, id: name, direction: 'unclear', what }));
  });
};

interface Differing {
  readonly name: string;
  readonly what: string;
}

const differing = (before: readonly FactEntry[], after: readonly FactEntry[]): readonly Differing[] =>
  [...new Set([...before, ...after].map(({ name }) => name))].sort().flatMap((name) => {
    const [was, now] = [before, after].map((facts) => facts.find((fact) => fact.name === name));
    if (JSON.stringify(was) === JSON.stringify(now)) return [];
    const done = was === undefined ? 'added' : now === undefined ? 'removed' : 'changed';
    return [{ name, what: `fact ${done}, and policy reads it` }];
  });

/** By a rule, or by a fact that a rule reads. A rule that takes all facts reads also those that are not there. */
const readBy = ({ levels, facts }: PreparedTenant): ((fact: string) => boolean) => {
  const rules = [...levels.values()].flatMap(({ policies, limits }) => [
    ...policies,
    ...limits.map(({ policy }) => policy),
  ]);
  if (rules.some(({ readsFacts }) => readsFacts === 'all')) return () => true;
  const read = new Set(rules.flatMap(({ readsFacts }) => [...readsFacts]));
  // Each fact comes after those that it is built from.
  for (const { name, ask } of facts.toReversed())
    if (read.has(name)) for (const before of dependencies(ask?.body ?? {})) read.add(before);
  return (fact) => read.has(fact);
};
