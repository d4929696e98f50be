/** What is known of the data of a plan before it runs: labels of what may go into each step, and payloads that depend on the input only. */
import {
  celOf,
  type Definition,
  type Expression,
  type Lookup,
  type Sending,
  type Step,
  unionOf,
} from '../../plans/index.ts';

/** Labels of what may go into each step, as if every step before it ran. */
export const labelsInto = (
  { steps }: Definition,
  lookup: Lookup,
): ((step: Step, sending: Sending) => readonly string[]) => {
  const from = new Map<string, readonly string[]>();
  const into = (step: Step, { input }: Sending): readonly string[] => {
    const read = input.expressions.map(({ expression }) => expression);
    const isOfList = read.some(({ names }) => names.has('item') || names.has('index'));
    const all = isOfList && step.forEach !== undefined ? [...read, step.forEach] : read;
    return unionOf(...all.flatMap(({ mentions }) => mentions.map((one) => from.get(one.step) ?? [])));
  };
  for (const step of steps.values()) {
    if (step.sending === null) continue;
    const called = lookup(step.sending.callee);
    const own = typeof called === 'string' ? [] : [`${called.target.kind}/${called.target.name}`, ...called.marks];
    from.set(step.id, unionOf(into(step, step.sending), own));
  }
  return into;
};

/** Undefined: it depends on more than the input, or nobody said with which input. */
export const payloadOf = ({ input }: Sending, given: unknown): { readonly json: unknown } | undefined => {
  if (
    !isKnown(
      input.expressions.map(({ expression }) => expression),
      given,
    )
  )
    return undefined;
  return tried(() => input.fill({ input: celOf(given ?? null) }));
};

/** How often a fan-out runs; null: nobody knows before. */
export const itemsOf = ({ forEach }: Pick<Step, 'forEach'>, given: unknown): number | null => {
  if (forEach === undefined) return 1;
  if (!isKnown([forEach], given)) return null;
  const list = tried(() => forEach.evaluate({ input: celOf(given ?? null) }))?.json;
  return Array.isArray(list) ? list.length : null;
};

const isKnown = (expressions: readonly Expression[], given: unknown): boolean =>
  expressions.every(
    ({ mentions, names }) =>
      mentions.length === 0 &&
      [...names].every((name) => name === 'input') &&
      (given !== undefined || names.size === 0),
  );

/** What comes to nothing with this input fails when it runs, and is known no better before. */
const tried = (work: () => unknown): { readonly json: unknown } | undefined => {
  try {
    return { json: work() };
  } catch {
    return undefined;
  }
};
