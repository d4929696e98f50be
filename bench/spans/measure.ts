/** Asks questions and notes how long each took. */
import type { Stores } from '../../src/contract/index.ts';
import type { Question } from './questions.ts';

export interface Row {
  readonly name: string;
  readonly ms: number;
}

/** Each question `times` times, one after another, so that none finds what it left behind. `first`: other names each time. */
export const askAll = async (
  stores: Stores,
  questions: readonly Question[],
  first: number,
  times: number,
): Promise<Row[]> => {
  const rows: Row[] = [];
  for (let round = 0; round < times; round++)
    for (let at = 0; at < questions.length; at++) {
      // Another one begins each round: the first pays for what all of them need.
      const { name, ask } = questions[(at + first + round) % questions.length]!;
      const startMs = performance.now();
      await ask(stores, first + round);
      rows.push({ name, ms: performance.now() - startMs });
    }
  return rows;
};
