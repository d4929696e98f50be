/**
 * A plan as runs use it: its steps in an order in which each comes after what it needs, with their expressions read. What cannot be
 * right is found here, all of it at once, before anything runs.
 */
import { confirmOf, Fault, type PlanSpec, type StepSpec } from '../contract/index.ts';
import { calleeOf, type Lookup } from './callee.ts';
import { checkExpressions } from './check-expressions.ts';
import {
  type Expression,
  ExpressionError,
  expression,
  plainTemplate,
  type Template,
  template,
} from './expression/index.ts';
import { cycleIn, ordered } from './graph.ts';
import { inputReader } from './input.ts';
import { joinProblems } from './joins.ts';
import { type Definition, inside, type PlanProblem, type Sending, type Step } from './shape.ts';

/** Throws `bad_request` with all that is wrong, in the order of the plan (facts: `problems`). */
export const compilePlan = (name: string, spec: PlanSpec, lookup: Lookup): Definition => {
  const { definition, problems } = examinePlan(name, spec, lookup);
  if (problems.length === 0) return definition;
  const lines = problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const more = lines.length === 1 ? '' : ` (and ${lines.length - 1} more)`;
  throw new Fault('bad_request', `plan \`${name}\` cannot run: ${lines[0]}${more}`, {
    facts: { problems: lines.slice(0, 100) },
  });
};

/** As it would be, with everything that speaks against it. */
export const examinePlan = (
  name: string,
  spec: PlanSpec,
  lookup: Lookup,
): { readonly definition: Definition; readonly problems: readonly PlanProblem[] } => {
  const problems: PlanProblem[] = [];
  const read = (spec.steps ?? []).map((step, at) => stepOf(step, name, `steps[${at}]`, problems));
  const output = spec.output === undefined ? null : templateOf(spec.output, 'output', problems);
  const planner = spec.planner === undefined ? null : sendingOf(askedOf(spec, spec.planner), '', problems);
  const known = new Map(read.map((step) => [step.id, step]));
  for (const [at, step] of read.entries()) namedProblems(step, `steps[${at}]`, { known, read, at }, problems);
  const cycle = cycleIn(known);
  if (cycle !== undefined)
    problems.push({ path: '', message: `steps wait for each other: ${cycle.map((id) => `\`${id}\``).join(' -> ')}` });
  const steps = cycle === undefined ? ordered(known) : known;
  const behind = behindOf(steps, cycle === undefined);
  const needed = new Set(read.flatMap(({ needs }) => needs));
  const last = read.map(({ id }) => id).filter((id) => !needed.has(id));
  const confirm = planner === null || spec.approval === undefined ? null : confirmOfPlan(name, spec);
  const definition: Definition = { name, spec, steps, behind, last, output, planner, confirm };
  const unread = spec.input === undefined ? '' : inputReader(spec.input).problem;
  if (unread !== '') problems.push({ path: 'input', message: unread });
  problems.push(...joinProblems(read), ...calleeProblems(read, planner, lookup));
  if (cycle === undefined) problems.push(...checkExpressions(definition, lookup));
  return { definition, problems };
};

/** The same plan with the steps that a planner proposed. */
export const withSteps = ({ spec }: Definition, body: Pick<PlanSpec, 'steps' | 'output'>): PlanSpec => ({
  ...spec,
  steps: body.steps,
  ...(body.output === undefined ? {} : { output: body.output }),
});

/** It only thinks: asked again, it proposes again. */
const PLANNER = { attempts: 3, backoffMs: 1_000, input: undefined, deadlineMs: undefined };

/** It is told what is wanted and what it may use; `$${` keeps a description from being read as an expression. */
const askedOf = ({ description }: PlanSpec, { call, allow, maxSteps }: NonNullable<PlanSpec['planner']>) => {
  const plain = (text: string): string => (text.startsWith('${') || text.startsWith('$${') ? `$${text}` : text);
  const asked = { description: plain(description ?? ''), input: '${input}', allow: allow.map(plain), maxSteps };
  return { ...PLANNER, call, input: asked };
};

/** What people see is what was found good, and the most that it may cost. */
const confirmOfPlan = (name: string, { description, steps, output, maxCost }: PlanSpec): Sending => {
  const shown = {
    description: description ?? '',
    steps: steps ?? [],
    output: output ?? null,
    maxCost: maxCost ?? null,
  };
  const target = { kind: 'agent', name, operation: confirmOf('') } as const;
  return { ...PLANNER, call: '', callee: { kind: 'target', target }, input: plainTemplate(shown) };
};

const stepOf = (spec: StepSpec, plan: string, path: string, problems: PlanProblem[]): Step => {
  const read = (text: string | undefined, field: string): Expression | undefined =>
    text === undefined ? undefined : expressionOf(text, `${path}.${field}`, problems);
  const until = spec.wait !== undefined && 'until' in spec.wait ? spec.wait.until : undefined;
  const when = read(spec.when, 'when');
  const forEach = read(spec.forEach, 'forEach');
  const waits = read(until, 'wait.until');
  const sending = sendingIn(spec, plan, path, problems);
  const compensate = spec.compensate === undefined ? null : sendingOf(spec.compensate, `${path}.compensate`, problems);
  const looked = [when, forEach, waits, ...(sending?.input.expressions ?? []).map((one) => one.expression)];
  const named = looked.flatMap((one) => one?.mentions ?? []).map(({ step }) => step);
  return {
    ...{ id: spec.id, spec, needs: [...new Set([...spec.needs, ...named])], when, forEach, until: waits },
    ...{ sending, compensate },
  };
};

const sendingIn = (spec: StepSpec, plan: string, path: string, problems: PlanProblem[]): Sending | null => {
  const { call, approve } = spec;
  if (call !== undefined) return sendingOf({ ...spec, call }, path, problems);
  if (approve === undefined) return null;
  const input = templateOf(approve.question, `${path}.approve.question`, problems);
  // People are asked once, and a question that was lost is asked again.
  const target = { kind: 'agent', name: plan, operation: confirmOf(spec.id) } as const;
  return { ...PLANNER, call: '', callee: { kind: 'target', target }, input };
};

const sendingOf = (
  from: Pick<StepSpec, 'input' | 'attempts' | 'backoffMs'> & {
    readonly call: string;
    readonly deadlineMs?: number | undefined;
  },
  path: string,
  problems: PlanProblem[],
): Sending => ({
  ...{ call: from.call, callee: calleeOf(from.call), attempts: from.attempts, backoffMs: from.backoffMs },
  input: templateOf(from.input === undefined ? {} : from.input, path === '' ? 'planner' : `${path}.input`, problems),
  deadlineMs: from.deadlineMs,
});

const expressionOf = (text: string, path: string, problems: PlanProblem[]): Expression | undefined => {
  try {
    return expression(text);
  } catch (thrown) {
    if (!(thrown instanceof ExpressionError)) throw thrown;
    problems.push({ path, message: `\`${text}\`, column ${thrown.column}: ${thrown.message}` });
    return undefined;
  }
};

const templateOf = (json: unknown, path: string, problems: PlanProblem[]): Template => {
  const read = template(json);
  for (const one of read.problems)
    problems.push({ path: inside(path, one.path), message: `column ${one.column}: ${one.message}` });
  return read.template;
};

interface Named {
  readonly known: ReadonlyMap<string, Step>;
  readonly read: readonly Step[];
  readonly at: number;
}

const namedProblems = (step: Step, path: string, { known, read, at }: Named, problems: PlanProblem[]): void => {
  if (read.findIndex(({ id }) => id === step.id) < at)
    problems.push({ path: `${path}.id`, message: `there is another step \`${step.id}\`; give each its own name` });
  for (const need of step.spec.needs)
    if (!known.has(need)) problems.push({ path: `${path}.needs`, message: `there is no step \`${need}\`` });
};

const behindOf = (steps: ReadonlyMap<string, Step>, isOrdered: boolean): Definition['behind'] => {
  const behind = new Map([...steps.keys()].map((id) => [id, new Set<string>()]));
  if (!isOrdered) return behind;
  for (const { id, needs } of [...steps.values()].reverse())
    for (const need of needs) for (const one of [id, ...(behind.get(id) ?? [])]) behind.get(need)?.add(one);
  return behind;
};

const calleeProblems = (read: readonly Step[], planner: Sending | null, lookup: Lookup): readonly PlanProblem[] => {
  const found: PlanProblem[] = [];
  const look = (sending: Sending | null, path: string): void => {
    if (sending === null || sending.call === '') return;
    const called = lookup(sending.callee);
    if (typeof called === 'string') found.push({ path, message: `\`${sending.call}\`: ${called}` });
  };
  look(planner, 'planner.call');
  for (const [at, { sending, compensate }] of read.entries()) {
    look(sending, `steps[${at}].call`);
    look(compensate, `steps[${at}].compensate.call`);
  }
  return found;
};
