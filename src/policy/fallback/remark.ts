/** Which sets of rules cedar-wasm decides, and what that costs: for whoever applies them, and for the status of a node. */
import type { PolicyEntry, Snapshot } from '../../contract/index.ts';
import { type CompileOptions, compileOrMark } from '../compile/index.ts';

export interface FallbackSet {
  readonly tenant: string;
  readonly level: string;
  readonly rules: 'policies' | 'limits';
  readonly operators: readonly string[];
}

/** Mostly none. Throws like `preparePolicy`. */
export const fallbackSets = (
  { levels }: Pick<Snapshot['policy'], 'levels'>,
  options: Pick<CompileOptions, 'knows'> = {},
): readonly FallbackSet[] => {
  const operatorsIn = (entries: readonly PolicyEntry[]) => [
    ...new Set(entries.flatMap((entry) => [...compileOrMark(entry, options).unknown])),
  ];
  return levels.flatMap(({ tenant, level, policies, limits }) =>
    [
      { tenant, level, rules: 'policies' as const, operators: operatorsIn(policies) },
      { tenant, level, rules: 'limits' as const, operators: operatorsIn(limits) },
    ].filter(({ operators }) => operators.length > 0),
  );
};

/** One sentence for each set, as a warning of `apply`. */
export const fallbackRemark = ({ level, rules, operators }: FallbackSet): string => {
  const names = operators.map((name) => `\`${name}\``).join(', ');
  const [what, verb] = operators.length === 1 ? ['operator', 'is'] : ['operators', 'are'];
  const which = rules === 'limits' ? 'the limits of this bundle are' : 'this bundle is';
  return `${level}: ${what} ${names} ${verb} unknown to the fast engine; ${which} decided by cedar-wasm, about 1 ms per decision`;
};
