/** May somebody call something, when the circumstances of the call are not known yet? The question behind every list of what there is. */
import type { Principal, Target, TargetEntry } from '../../contract/index.ts';
import { type Found, findCase, type Refusal } from '../case.ts';
import type { CompiledPolicy } from '../compile/index.ts';
import { Datetime } from '../extension/time.ts';
import type { Level, PreparedOperation, PreparedPolicy } from '../prepare.ts';
import { exprText } from '../text.ts';
import { fromJson, type Value } from '../value.ts';
import { type Ending, type Explored, explore, type OpenLevel, type Rule, type Use } from './explore.ts';
import { type OpenPolicy, openPolicy, presenceOf } from './open.ts';
import { type IsOpen, textOf } from './path.ts';
import { settledBy } from './settled.ts';
import type { Bounds, Example } from './unknowns.ts';

export type May = 'yes' | 'no' | 'maybe';

/** What is assumed about the call. */
export interface Circumstances {
  /** Attributes of the context as plain data: `{depth: 3, args: {amount: 5}}`. The rest stays unknown. */
  readonly context?: Readonly<Record<string, unknown>>;
  /** Clauses that are a yes or no of their own, by the names of `Dependence`, and what they come to. */
  readonly clauses?: ReadonlyMap<string, boolean>;
  /** Calls before this moment are over and do not count, Unix ms. Default: any time. */
  readonly fromMs?: number;
}

export interface MayAnswer {
  readonly may: May;
  /** Why there is nothing to evaluate; then the answer is no. */
  readonly refusal?: Refusal;
  /** Rules that let it through, in the ways in which it goes through. */
  readonly permitting: readonly Rule[];
  /** Rules that stop it, in the ways in which it is stopped. */
  readonly denying: readonly Rule[];
  /** Levels that permit nothing, in the ways in which it is stopped by that. */
  readonly missing: readonly string[];
  /** It goes through only after an approval, in some or all ways. */
  readonly approval: boolean;
  /** What decides between the ways. Empty unless the answer is maybe. */
  readonly depends: readonly Dependence[];
}

export interface Dependence {
  /** By which `Circumstances.clauses` answers it. */
  readonly name: string;
  /** What is not known yet, as Cedar text: `context.depth`, or a clause that is a yes or no of its own. */
  readonly on: string;
  /** Clauses that read it: `context.depth < 3`. */
  readonly clauses: readonly string[];
  /** Rules that ask for it. */
  readonly rules: readonly Rule[];
}

/**
 * Yes: whatever the circumstances. No: under none. Maybe: it depends on them, or it needs an approval.
 * Never no when a call could be allowed. Maybe without need only where rules compute with unknowns, or match them by pattern.
 */
export const mayAllow = (
  prepared: PreparedPolicy,
  principal: Principal | null,
  target: Target,
  circumstances: Circumstances = {},
): May => {
  const found = findCase(prepared, principal, target);
  if ('code' in found) return 'no';
  return verdictOf(exploreCase(found, circumstances, (effects) => effects.size > 1 || effects.has('approval')));
};

/** The same with all its reasons: for people, who have the time. Throws Fault `bad_request` for a context that is no policy data. */
export const explainMay = (
  prepared: PreparedPolicy,
  principal: Principal | null,
  target: Target,
  circumstances: Circumstances = {},
): MayAnswer => {
  const found = findCase(prepared, principal, target);
  if ('code' in found)
    return { may: 'no', refusal: found, permitting: [], denying: [], missing: [], approval: false, depends: [] };
  const explored = exploreCase(found, circumstances, () => false);
  const may = verdictOf(explored);
  return {
    may,
    ...reasonsOf(explored.endings),
    depends: may === 'maybe' ? [...explored.asked.values()].flatMap(dependence) : [],
  };
};

const dependence = (uses: readonly Use[]): Dependence[] => {
  const [first] = uses;
  if (first === undefined) return [];
  const clauses = new Set(uses.map(({ reading }) => exprText(reading.clause)));
  return [
    {
      name: first.reading.name,
      on: exprText(first.reading.expr),
      clauses: [...clauses],
      rules: unique(uses.map(({ rule }) => rule)),
    },
  ];
};

const unique = (rules: readonly Rule[]): Rule[] => [...new Map(rules.map((rule) => [rule.entry, rule])).values()];

const verdictOf = ({ endings, complete }: Explored): May => {
  const effects = new Set(endings.map(({ effect }) => effect));
  if (effects.size !== 1 || effects.has('approval') || !complete) return 'maybe';
  return effects.has('allow') ? 'yes' : 'no';
};

const reasonsOf = (endings: readonly Ending[]): Omit<MayAnswer, 'may' | 'depends'> => ({
  permitting: unique(endings.flatMap(({ permitting }) => permitting)),
  denying: unique(endings.flatMap(({ denying }) => denying)),
  missing: [...new Set(endings.flatMap(({ missing }) => missing))],
  approval: endings.some(({ effect }) => effect === 'approval'),
});

/** What the registry says about a call before there is one. Every other attribute of the context comes with the call. */
const REGISTERED: ReadonlySet<string | undefined> = new Set(['operation', 'effect', 'tenant']);
export const isCircumstance: IsOpen = (variable, attribute) => variable === 'context' && !REGISTERED.has(attribute);

const exploreCase = (
  { operation, case: { env, levels } }: Found,
  { context = {}, clauses = NONE, fromMs = -Number.MAX_SAFE_INTEGER }: Circumstances,
  enough: Parameters<typeof explore>[1],
): Explored =>
  explore(
    {
      levels: levels.map((level) => openLevel(level, operation.target)),
      env,
      known: new Map([...knownOf(operation), ...assumed({ variable: 'context', attributes: [] }, context), ...clauses]),
      boundsOf: (unknown) => (unknown === 'context.now' ? [fromMs, MOST] : boundsOf(unknown)),
      settled: settledBy(operation.arguments),
    },
    enough,
  );

const NONE: ReadonlyMap<string, boolean> = new Map();

/** What the context of every call of an operation holds. */
export const knownOf = ({ operation, target }: PreparedOperation): ReadonlyMap<string, Example> =>
  new Map([
    ['operation', operation.name],
    ['effect', operation.effect],
    ['tenant', target.tenant],
  ]);

const MOST = Number.MAX_SAFE_INTEGER;
const BOUNDS: ReadonlyMap<string, Bounds> = new Map([
  ['context.depth', [0, MOST]],
  ['context.priority', [1, 3]],
  ['context.hourUtc', [0, 23]],
]);

/** Values that an unknown can have in this world. */
export const boundsOf = (unknown: string): Bounds | undefined => BOUNDS.get(unknown);

const openLevel = ({ name, policies, limits }: Level, target: TargetEntry): OpenLevel => {
  const opened = policies.map(opening);
  return {
    name,
    permits: opened.filter(({ policy }) => policy.entry.effect === 'permit'),
    forbids: opened.filter(({ policy }) => policy.entry.effect === 'forbid'),
    limits: limits.map(({ policy, constraints: { models } }) => ({
      open: opening(policy),
      excludes: target.kind === 'model' && models !== undefined && !models.includes(target.name),
    })),
  };
};

/** A memo of a pure function: as long as somebody holds the policy, so does it. */
const OPENED = new WeakMap<CompiledPolicy, OpenPolicy>();

const opening = (policy: CompiledPolicy): OpenPolicy => {
  const known = OPENED.get(policy);
  if (known !== undefined) return known;
  const made = openPolicy(policy, isCircumstance);
  OPENED.set(policy, made);
  return made;
};

/** Names of unknowns for what was assumed: an attribute that has a value is there, and so is the record that it is in. */
const assumed = (
  owner: { readonly variable: string; readonly attributes: readonly string[] },
  fields: Readonly<Record<string, unknown>>,
): [string, Value][] =>
  Object.entries(fields).flatMap(([name, data]): [string, Value][] => {
    const path = { ...owner, attributes: [...owner.attributes, name] };
    const text = textOf(path);
    const inner = isPlainRecord(data) ? assumed(path, data) : [];
    return [[presenceOf(text), true], [text, valueAt(text, data)], ...inner];
  });

const isPlainRecord = (data: unknown): data is Readonly<Record<string, unknown>> =>
  typeof data === 'object' && data !== null && !Array.isArray(data) && !('__entity' in data) && !('__extn' in data);

/** A moment may be given as a number of Unix milliseconds. */
const valueAt = (text: string, data: unknown): Value =>
  text === 'context.now' && typeof data === 'number' ? new Datetime(data) : fromJson(data);
