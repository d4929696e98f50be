/** One policy as three scope tests and one condition: the tests decide early whom it can concern, the condition decides. */
import { Fault, type PolicyEntry } from '../../contract/index.ts';
import { readsArguments } from '../arguments/index.ts';
import type { EntityStore } from '../entities.ts';
import type { Est, Scope } from '../est.ts';
import { type FactsRead, factsRead } from '../facts/index.ts';
import { type EntityRef, entityFromJson } from '../value.ts';
import { type CompileOptions, compileExpr } from './expression.ts';
import { asBool, type Env, textIn } from './types.ts';

/** Never throws: a scope has no way to fail. */
export type ScopeTest = (ref: EntityRef, entities: EntityStore) => boolean;

export interface CompiledPolicy {
  readonly entry: PolicyEntry;
  readonly principal: ScopeTest;
  readonly action: ScopeTest;
  readonly resource: ScopeTest;
  /** The conditions without the scope. Throws EvaluationError, and Error when `unknown` is not empty. */
  readonly holds: (env: Env) => boolean;
  /** The conditions look at `context.args`. */
  readonly readsArguments: boolean;
  /** The facts that the conditions look at. */
  readonly readsFacts: FactsRead;
  /** Operators in the conditions that this compiler does not know: another engine must decide. Mostly none. */
  readonly unknown: ReadonlySet<string>;
}

/** Throws Fault `bad_request` that names the policy, for anything that is not exactly Cedar 4.5. */
export const compileEntry = (entry: PolicyEntry, options: CompileOptions = {}): CompiledPolicy => ({
  ...compiled(entry, options),
  unknown: NONE,
});

/** The same, for whoever has another engine for it: operators in conditions that the compiler does not know are named in the result. */
export const compileOrMark = (entry: PolicyEntry, { knows }: Pick<CompileOptions, 'knows'> = {}): CompiledPolicy => {
  const unknown = new Set<string>();
  const onUnknown = (name: string) => unknown.add(name);
  return { ...compiled(entry, { onUnknown, ...(knows === undefined ? {} : { knows }) }), unknown };
};

const NONE: ReadonlySet<string> = new Set();

const compiled = (entry: PolicyEntry, options: CompileOptions): Omit<CompiledPolicy, 'unknown'> => {
  try {
    const est = entry.est as Est;
    if (est.effect !== entry.effect) throw new Fault('bad_request', 'effect of entry and tree differ');
    return {
      entry,
      principal: compileScope(est.principal),
      action: compileScope(est.action),
      resource: compileScope(est.resource),
      holds: compileConditions(est.conditions, options),
      readsArguments: readsArguments(est),
      readsFacts: factsRead(est),
    };
  } catch (thrown) {
    // A tree that is not shaped like one fails somewhere as a TypeError; the policy's name is all that helps then.
    const what = thrown instanceof Fault ? thrown.message : 'it is not a policy tree';
    throw new Fault('bad_request', `policy \`${entry.id}\` cannot be compiled: ${what}`, { cause: thrown });
  }
};

const compileScope = (scope: Scope): ScopeTest => {
  if (scope.op === 'All') return () => true;
  if (scope.op === '==') {
    const { key } = entityFromJson(scope.entity);
    return (ref) => ref.key === key;
  }
  if (scope.op === 'in') {
    const outer = ('entities' in scope ? scope.entities : [scope.entity]).map(entityFromJson);
    return (ref, entities) => outer.some((each) => entities.isIn(ref, each));
  }
  if (scope.op === 'is') {
    const type = textIn(scope.entity_type, 'the name of a type');
    const outer = scope.in === undefined ? undefined : entityFromJson(scope.in.entity);
    return (ref, entities) => ref.type === type && (outer === undefined || entities.isIn(ref, outer));
  }
  throw new Fault(
    'bad_request',
    `scope operator \`${String((scope as { op: unknown }).op)}\` is not known to this version`,
  );
};

const compileConditions = (conditions: Est['conditions'], options: CompileOptions): ((env: Env) => boolean) => {
  const tests = conditions.map(({ kind, body }) => {
    if (kind !== 'when' && kind !== 'unless')
      throw new Fault('bad_request', `condition \`${String(kind)}\` is unknown`);
    return { wanted: kind === 'when', evaluate: compileExpr(body, options) };
  });
  return (env) => tests.every(({ wanted, evaluate }) => asBool(evaluate(env)) === wanted);
};

/** Does the policy concern this request at all? A necessary condition, so leaving out the others is sound. */
export const concerns = (policy: CompiledPolicy, env: Omit<Env, 'context'>): boolean =>
  policy.action(env.action, env.entities) &&
  policy.resource(env.resource, env.entities) &&
  policy.principal(env.principal, env.entities);
