/** What a plan is started with, held against the JSON Schema that the plan has for it: nothing wrong begins a run. */
import { z } from 'zod';

export type InputSchema = Readonly<Record<string, unknown>>;

interface Reader {
  /** Why the schema cannot be used; empty: it can. */
  readonly problem: string;
  /** What is wrong with a value, each with its place. */
  readonly wrong: (value: unknown) => readonly string[];
}

const MOST_TOLD = 10;

const readers = new WeakMap<InputSchema, Reader>();

/** Made once for each schema. */
export const inputReader = (schema: InputSchema): Reader => {
  const known = readers.get(schema);
  if (known !== undefined) return known;
  const made = readerOf(schema);
  readers.set(schema, made);
  return made;
};

const readerOf = (schema: InputSchema): Reader => {
  // Patterns are JavaScript's there, and whoever starts a plan could make one run for ever.
  if (hasPattern(schema, 0))
    return unusable('`pattern` is not checked here; let a step have `when: input.name.matches("...")` instead');
  try {
    const read = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
    return {
      problem: '',
      wrong: (value) => {
        const found = read.safeParse(value);
        if (found.success) return [];
        return found.error.issues
          .slice(0, MOST_TOLD)
          .map(({ path, message }) => (path.length === 0 ? message : `\`${path.map(String).join('.')}\`: ${message}`));
      },
    };
  } catch (thrown) {
    return unusable(thrown instanceof Error ? thrown.message : String(thrown));
  }
};

const unusable = (problem: string): Reader => ({ problem, wrong: () => [problem] });

const DEEPEST = 64;

const hasPattern = (value: unknown, depth: number): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  if (depth > DEEPEST) return true;
  return Object.entries(value).some(
    ([name, one]) =>
      (name === 'pattern' && typeof one === 'string') || name === 'patternProperties' || hasPattern(one, depth + 1),
  );
};
