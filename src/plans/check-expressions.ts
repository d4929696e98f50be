/** The expressions of a plan, each held against what there is where it stands. */
import type { Lookup } from './callee.ts';
import { DYN, type Expression, INT, nameOf, STRING, type Type, typeOfSchema } from './expression/index.ts';
import { type Definition, inside, type PlanProblem, type Sending, type Step } from './shape.ts';

type Names = ReadonlyMap<string, Type>;

export const checkExpressions = (definition: Definition, lookup: Lookup): readonly PlanProblem[] => {
  const names = namesOf(definition, lookup);
  const found: PlanProblem[] = [];
  const at = new Map((definition.spec.steps ?? []).map(({ id }, nth) => [id, `steps[${nth}]`]));
  for (const step of definition.steps.values()) {
    const path = at.get(step.id) ?? '';
    const inner = innerNames(step, names);
    found.push(
      ...one(step.when, `${path}.when`, names, ({ is }) => is === 'bool' || 'a bool'),
      ...one(step.forEach, `${path}.forEach`, names, ({ is }) => is === 'list' || 'a list'),
      ...one(step.until, `${path}.wait.until`, names, ({ is }) => is === 'timestamp' || 'a timestamp'),
      ...sent(step.sending, step.spec.approve === undefined ? `${path}.input` : `${path}.approve.question`, inner),
      ...sent(step.compensate, `${path}.compensate.input`, inner),
      ...lateMentions(step, definition, path),
    );
  }
  for (const { path, expression } of definition.output?.expressions ?? [])
    found.push(...one(expression, inside('output', path), names, () => true));
  return found;
};

const sent = (sending: Sending | null, path: string, names: Names): readonly PlanProblem[] =>
  (sending?.input.expressions ?? []).flatMap((placed) =>
    one(placed.expression, inside(path, placed.path), names, () => true),
  );

/** `fits` answers what it should have been. */
const one = (
  expression: Expression | undefined,
  path: string,
  names: Names,
  fits: (type: Type) => true | string,
): readonly PlanProblem[] => {
  if (expression === undefined) return [];
  const { type, remarks } = expression.check(names);
  const where = (column: number): string => `\`${expression.text}\`, column ${column}`;
  const found = remarks.map(({ message, column }) => ({ path, message: `${where(column)}: ${message}` }));
  const wrong = type.is === 'dyn' || remarks.length > 0 ? true : fits(type);
  if (wrong !== true) found.push({ path, message: `${where(1)}: must come to ${wrong}, and comes to ${nameOf(type)}` });
  if (expression.names.has('steps'))
    found.push({ path, message: `${where(1)}: name the step, as in \`steps.find.result\`` });
  return found;
};

const namesOf = (definition: Definition, lookup: Lookup): Names => {
  const steps = new Map([...definition.steps.values()].map((step) => [step.id, typeOfStep(step, lookup)]));
  return new Map<string, Type>([
    ['input', typeOfSchema(definition.spec.input)],
    ['steps', { is: 'object', fields: steps, closed: true }],
    [
      'run',
      {
        is: 'object',
        closed: true,
        fields: new Map<string, Type>([
          ['id', STRING],
          ['startedAt', { is: 'timestamp' }],
        ]),
      },
    ],
  ]);
};

const typeOfStep = ({ sending, forEach }: Step, lookup: Lookup): Type => {
  const called = sending === null || sending.call === '' ? undefined : lookup(sending.callee);
  const result = called === undefined || typeof called === 'string' ? DYN : typeOfSchema(called.output);
  const own: readonly (readonly [string, Type])[] =
    forEach === undefined ? [['result', result]] : [['results', { is: 'list', of: result }]];
  return { is: 'object', closed: true, fields: new Map<string, Type>([...own, ['state', STRING], ['error', DYN]]) };
};

/** A fan-out sees what it goes through. What takes one of its steps back sees the result of that one. */
const innerNames = ({ id, forEach }: Step, names: Names): Names => {
  if (forEach === undefined) return names;
  const list = forEach.check(names).type;
  const steps = names.get('steps');
  const fields = new Map(steps?.is === 'object' ? steps.fields : []);
  const own = fields.get(id);
  const results = own?.is === 'object' ? own.fields.get('results') : undefined;
  if (own?.is === 'object')
    fields.set(id, {
      ...own,
      fields: new Map<string, Type>([...own.fields, ['result', results?.is === 'list' ? results.of : DYN]]),
    });
  return new Map<string, Type>([
    ...names,
    ['steps', { is: 'object', fields, closed: true }],
    ['item', list.is === 'list' ? list.of : DYN],
    ['index', INT],
  ]);
};

/** What takes a step back may look at the step and at what came before it: nothing else is sure to be over. */
const lateMentions = (step: Step, { steps, behind }: Definition, path: string): readonly PlanProblem[] => {
  const expressions = step.compensate?.input.expressions ?? [];
  return expressions.flatMap(({ path: inner, expression }) =>
    expression.mentions
      .filter((mention) => mention.step !== step.id && steps.has(mention.step))
      .filter((mention) => behind.get(mention.step)?.has(step.id) !== true)
      .map((mention) => ({
        path: inside(`${path}.compensate.input`, inner),
        message: `looks at \`${mention.step}\`, which need not be over when \`${step.id}\` is taken back; add it to \`needs\``,
      })),
  );
};
