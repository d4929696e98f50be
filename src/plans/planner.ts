/** What a planner proposed, held against what it may propose: it is a payload like any other until it has passed. */
import { Fault, PlanBody } from '../contract/index.ts';
import { calleeOf, isAllowed, type Lookup } from './callee.ts';
import { examinePlan, withSteps } from './definition.ts';
import type { Definition } from './shape.ts';

const MOST_BYTES = 262_144;
/** Of what is wrong, so much is told. */
const MOST_TOLD = 5;

/** Answers the steps as JSON text, or everything that is wrong with them. */
export const proposalOf = (
  definition: Definition,
  json: unknown,
  lookup: Lookup,
): { readonly definition: string } | { readonly problem: string } => {
  const { planner } = definition.spec;
  if (planner === undefined) return { problem: 'this plan has no planner' };
  const bytes = Buffer.byteLength(JSON.stringify(json) ?? '');
  if (bytes > MOST_BYTES) return { problem: `it has ${bytes} bytes; ${MOST_BYTES} are the most` };
  const shape = shapeProblem(json, planner.maxSteps);
  if (shape !== undefined) return { problem: shape };
  const parsed = PlanBody.safeParse(json);
  if (!parsed.success)
    return told(parsed.error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'it'} ${message}`));
  const body = parsed.data;
  const calls = body.steps
    .flatMap(({ call, compensate }) => [call, compensate?.call])
    .filter((call) => call !== undefined);
  const foreign = calls.filter((call) => !isAllowed(call, planner.allow));
  if (foreign.length > 0) return told(foreign.map((call) => `it calls \`${call}\`, which \`allow\` does not name`));
  if (calls.some((call) => isItself(call, definition.name)))
    return { problem: `it calls plan \`${definition.name}\` itself, and would be planned again without end` };
  const asks = body.steps.find(({ approve }) => approve !== undefined);
  if (asks !== undefined)
    return {
      problem: `step \`${asks.id}\` asks people; only plans that people wrote may: use \`approval\` of the plan`,
    };
  const { problems } = examinePlan(definition.name, withSteps(definition, body), lookup);
  if (problems.length > 0) return told(problems.map(({ path, message }) => `${path} ${message}`.trim()));
  return { definition: JSON.stringify(body) };
};

/** What a model says instead of a plan, in words that somebody can do something with. */
const shapeProblem = (json: unknown, maxSteps: number): string | undefined => {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return `it is ${Array.isArray(json) ? 'a list' : json === null ? 'null' : `a ${typeof json}`}, and must be an object with \`steps\``;
  const steps: unknown = Reflect.get(json, 'steps');
  if (!Array.isArray(steps)) return 'it has no list `steps`';
  return steps.length > maxSteps ? `it has ${steps.length} steps; ${maxSteps} are the most` : undefined;
};

const isItself = (call: string, plan: string): boolean => {
  const callee = calleeOf(call);
  return callee.kind === 'target' && callee.target.kind === 'agent' && callee.target.name === plan;
};

const told = (all: readonly string[]): { readonly problem: string } => {
  const more = all.length > MOST_TOLD ? ` (and ${all.length - MOST_TOLD} more)` : '';
  return { problem: `${all.slice(0, MOST_TOLD).join('; ').slice(0, 1_500)}${more}` };
};

/** Of a history: what passed once is not asked again whether there is still somebody of that name. */
export const reread = (definition: Definition, proposed: string): Definition => {
  const body = PlanBody.safeParse(JSON.parse(proposed));
  if (!body.success) throw new Fault('internal', 'the steps of this run cannot be read any more');
  return examinePlan(definition.name, withSteps(definition, body.data), () => '').definition;
};
