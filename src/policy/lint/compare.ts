/** Two policies as a whole, rules and facts: what the second may allow that the first does not. */
import type { PolicySet } from '../../contract/index.ts';
import type { PolicyWorld } from '../prepare.ts';
import { type Change, compareLevels } from './change.ts';
import { compareFacts } from './facts.ts';
import { hierarchyOf } from './hierarchy.ts';

/** Empty when nothing changes what is allowed. `next` with the registry as it will be. Throws Fault `bad_request` like `preparePolicy`. */
export const comparePolicies = (base: PolicySet, next: PolicyWorld): readonly Change[] => [
  ...compareLevels(base.levels, next.policy.levels, hierarchyOf(next)),
  ...compareFacts({ ...next, policy: base }, next),
];

/** All but what can only allow less: what cannot be told apart from a widening is one. */
export const wideningsIn = (changes: readonly Change[]): readonly string[] =>
  changes
    .filter(({ direction }) => direction !== 'narrower')
    .map(({ level, id, what }) => `\`${id === '' ? level : `${level}/${id}`}\`: ${what}`);
