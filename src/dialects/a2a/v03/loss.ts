/** What one version says and the other has no words for: named, and refused where somebody asks for it to be done. */
import { Fault } from '../../../contract/index.ts';

export interface Translated<T> {
  readonly value: T;
  /** Paths of what is not said any more. */
  readonly lost: readonly string[];
}

/** Collects what is lost on the way. */
export type Lose = (path: string) => void;

const MOST_NAMED = 20;

export const translating = <T>(work: (lose: Lose) => T): Translated<T> => {
  const lost = new Set<string>();
  const value = work((path) => {
    if (lost.size < MOST_NAMED) lost.add(path);
  });
  return { value, lost: [...lost] };
};

/** A request is translated whole or not at all. Throws `bad_request`. */
export const whole = <T>({ value, lost }: Translated<T>, from: string, to: string): T => {
  if (lost.length === 0) return value;
  throw new Fault(
    'bad_request',
    `what A2A ${from} says here cannot be said in A2A ${to}: ${lost.map((path) => `\`${path}\``).join(', ')}; leave it out, or call an agent that speaks ${from}`,
    { facts: { from, to, lost } },
  );
};
