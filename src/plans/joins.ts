/** Steps that could never run, as far as it can be told from what is written. */
import type { PlanProblem, Step } from './shape.ts';

export const joinProblems = (steps: readonly Step[]): readonly PlanProblem[] => {
  const known = new Map(steps.map((step) => [step.id, step]));
  return steps.flatMap((step, at) => {
    const path = `steps[${at}]`;
    if (step.spec.join === 'any' && step.needs.length === 0)
      return [{ path: `${path}.join`, message: '`any` is for steps that need others, and this one needs none' }];
    if (isNever(step)) return [{ path: `${path}.when`, message: 'it never runs, for this is never true; take it out' }];
    const pair = step.spec.join === 'all' ? excluding(step, known) : undefined;
    if (pair === undefined) return [];
    const [a, b] = pair;
    return [
      {
        path: `${path}.needs`,
        message: `never runs: \`${a}\` and \`${b}\` exclude each other, and it needs both; with \`join: any\` one is enough`,
      },
    ];
  });
};

const isNever = ({ spec }: Step): boolean => spec.when?.trim() === 'false';

/** Two steps that it needs, one of which runs only if the other does not. */
const excluding = (step: Step, known: ReadonlyMap<string, Step>): readonly [string, string] | undefined => {
  const byCondition = new Map<string, string>();
  for (const { id, spec } of conditionsBefore(step, known)) {
    const { text, isNegated } = conditionOf(spec.when ?? '');
    const opposite = byCondition.get(`${isNegated ? '' : '!'}${text}`);
    if (opposite !== undefined) return [opposite, id];
    byCondition.set(`${isNegated ? '!' : ''}${text}`, id);
  }
  return undefined;
};

/** Those that must have run, all the way up. */
const conditionsBefore = (step: Step, known: ReadonlyMap<string, Step>): readonly Step[] => {
  const seen = new Map<string, Step>();
  const visit = ({ needs, spec }: Step): void => {
    if (spec.join !== 'all') return;
    for (const need of needs) {
      const before = known.get(need);
      if (before === undefined || seen.has(need)) continue;
      seen.set(need, before);
      visit(before);
    }
  };
  visit(step);
  return [...seen.values()].filter(({ spec }) => spec.when !== undefined);
};

/** `!x` and `!(x)` say the opposite of `x`; more is not looked for. */
const conditionOf = (when: string): { readonly text: string; readonly isNegated: boolean } => {
  const text = when.replace(/\s+/g, '');
  const inner = /^!\(([^()]*)\)$/.exec(text)?.[1] ?? /^!([\w.]+)$/.exec(text)?.[1];
  return inner === undefined ? { text, isNegated: false } : { text: inner, isNegated: true };
};
