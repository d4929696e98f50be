/** Are two declarations of a fact the same question, with the same answer? Else what one was told says nothing about the other. */
import type { FactEntry } from '../../contract/index.ts';

/** How long an answer is kept, and which calls it serves, changes no answer. */
export const askAlike = (one: FactEntry | undefined, other: FactEntry): boolean =>
  one !== undefined && questionOf(one) === questionOf(other);

/** `type` too: of an answer only the declared fields are kept. */
const questionOf = ({ ask, value, take, type }: FactEntry): string => JSON.stringify([ask, value, take, type]);
