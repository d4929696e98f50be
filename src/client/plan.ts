/** A plan, built in code: the same data that stands in a file. Nothing runs here; Airspace checks it and runs it. */
import type { z } from 'zod';
import type { PlanSpec, StepSpec } from '../contract/resources/plan.ts';

type Spec = z.input<typeof PlanSpec>;
type Step = z.input<typeof StepSpec>;

const TEXT = Symbol('expression');

/** Something that is known only when the plan runs. */
export interface Expression {
  readonly [TEXT]: string;
  /** A member of it, however deep: `find.result.at('flights', 0, 'price')`. */
  at(...path: readonly (string | number)[]): Expression;
}

/** In an input it stands for its value; what is no expression is itself. */
export type Template =
  | Expression
  | string
  | number
  | boolean
  | null
  | readonly Template[]
  | { readonly [name: string]: Template };

export interface StepRef {
  readonly result: Expression;
  /** Of a step that runs for each of a list: one for each, in order. */
  readonly results: Expression;
  /** How it ended: `ok`, `failed`, `skipped`. */
  readonly state: Expression;
  readonly error: Expression;
}

type Rest = Omit<Step, 'id' | 'call' | 'wait' | 'approve' | 'input' | 'when' | 'forEach' | 'needs' | 'compensate'>;

export interface StepOptions extends Rest {
  readonly input?: Template;
  readonly when?: Expression;
  readonly forEach?: Expression;
  readonly needs?: readonly string[];
  readonly compensate?: Omit<NonNullable<Step['compensate']>, 'input'> & { readonly input?: Template };
}

export interface PlanBuilder {
  readonly input: Expression;
  readonly item: Expression;
  readonly index: Expression;
  readonly run: Expression;
  /** `agent/orders/cancel`, `plan/refund`, `capability/query_database@^2`. */
  call(id: string, callee: string, options?: StepOptions): StepRef;
  wait(id: string, wait: NonNullable<Step['wait']>, options?: Pick<StepOptions, 'needs' | 'when' | 'join'>): StepRef;
  approve(
    id: string,
    question: Template,
    options?: Pick<StepOptions, 'needs' | 'when' | 'join'> & Omit<NonNullable<Step['approve']>, 'question'>,
  ): StepRef;
  output(template: Template): PlanBuilder;
  /** The resource, for `airspace apply` or the admin API. */
  toResource(metadata?: { readonly domain?: string; readonly labels?: Readonly<Record<string, string>> }): {
    readonly apiVersion: string;
    readonly kind: 'Plan';
    readonly metadata: {
      readonly name: string;
      readonly domain?: string;
      readonly labels?: Readonly<Record<string, string>>;
    };
    readonly spec: Spec;
  };
}

/** Expressions between expressions: expr`${find.result.price} < ${plan.input.most} && size(${find.result.seats}) > 0`. */
export const expr = (
  texts: TemplateStringsArray,
  ...parts: readonly (Expression | string | number | boolean | null)[]
): Expression => expression(texts.map((text, at) => text + (at < parts.length ? literal(parts[at]!) : '')).join(''));

export const plan = (name: string, spec: Omit<Spec, 'steps' | 'output' | 'planner'> = {}): PlanBuilder => {
  const steps: Step[] = [];
  let output: unknown;
  const add = (step: Step): StepRef => {
    steps.push(step);
    const at = (field: string): Expression => expression(`steps.${step.id}.${field}`);
    return { result: at('result'), results: at('results'), state: at('state'), error: at('error') };
  };
  const builder: PlanBuilder = {
    input: expression('input'),
    item: expression('item'),
    index: expression('index'),
    run: expression('run'),
    call: (id, call, { input, when, forEach, needs, compensate, ...rest } = {}) =>
      add({
        id,
        call,
        ...rest,
        ...given({ input: written(input), when: condition(when), forEach: condition(forEach), needs: listed(needs) }),
        ...(compensate === undefined
          ? {}
          : {
              compensate: { ...compensate, ...given({ input: written(compensate.input) }) } as NonNullable<
                Step['compensate']
              >,
            }),
      } as Step),
    wait: (id, wait, { when, needs, ...rest } = {}) =>
      add({ id, wait, ...rest, ...given({ when: condition(when), needs: listed(needs) }) } as Step),
    approve: (id, question, { when, needs, join, ...rest } = {}) =>
      add({
        id,
        approve: { question: written(question), ...rest },
        ...given({ join, when: condition(when), needs: listed(needs) }),
      } as Step),
    output: (template) => {
      output = written(template);
      return builder;
    },
    toResource: (metadata = {}) => ({
      apiVersion: 'airspace.dev/v1',
      kind: 'Plan',
      metadata: { name, ...metadata },
      spec: { ...spec, steps, ...given({ output }) } as Spec,
    }),
  };
  return builder;
};

const given = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

const listed = (needs: readonly string[] | undefined): string[] | undefined =>
  needs === undefined ? undefined : [...needs];

const WORD = /^[A-Za-z_][A-Za-z0-9_]*$/;

const expression = (text: string): Expression => ({
  [TEXT]: text,
  at: (...path) => expression(path.reduce<string>(memberOf, text)),
});

const memberOf = (text: string, name: string | number): string => {
  if (typeof name === 'number') return `${text}[${name}]`;
  return WORD.test(name) ? `${text}.${name}` : `${text}[${JSON.stringify(name)}]`;
};

const isExpression = (value: unknown): value is Expression =>
  typeof value === 'object' && value !== null && typeof (value as Expression)[TEXT] === 'string';

const condition = (value: Expression | undefined): string | undefined =>
  value === undefined ? undefined : value[TEXT];

const literal = (value: Expression | string | number | boolean | null): string =>
  isExpression(value) ? value[TEXT] : JSON.stringify(value);

/** A text that looks like an expression and is none is written so that it stays a text. */
const written = (value: Template | undefined): unknown => {
  if (isExpression(value)) return `\${${value[TEXT]}}`;
  if (typeof value === 'string') return value.startsWith('${') || value.startsWith('$${') ? `$${value}` : value;
  if (Array.isArray(value)) return value.map((one) => written(one));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, written(one as Template)]));
  return value;
};
