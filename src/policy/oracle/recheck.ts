/** Takes a decision a second time, with cedar-wasm, and says whether the two are the same. */
import type { Decision } from '../../contract/index.ts';
import { decide, type PolicyRequest } from '../decide.ts';
import { type PolicyWorld, preparePolicy } from '../prepare.ts';
import { cedarEngine } from './engine.ts';

/** Answers Cedar's decision when it differs, else undefined. Throws Error when Cedar gives no answer. */
export type Recheck = (request: PolicyRequest, decision: Decision) => Decision | undefined;

export const recheckOf = (world: PolicyWorld): Recheck => {
  const prepared = preparePolicy(world, cedarEngine());
  return (request, decision) => {
    const second = decide(prepared, request);
    return comparable(second) === comparable(decision) ? undefined : second;
  };
};

/** All of a decision but the sentences about failures, which each engine words in its own way. */
const comparable = ({ errors, constraints, ...decision }: Decision): string =>
  JSON.stringify([
    Object.entries(decision).sort(([a], [b]) => (a < b ? -1 : 1)),
    Object.entries(constraints).sort(([a], [b]) => (a < b ? -1 : 1)),
    errors.map(({ level, id }) => `${level}/${id}`),
  ]);
