/** One expression: read once, checked when a plan is applied, and evaluated with what a run knows, within bounds of time and size. */
import { createContext, Script } from 'node:vm';
import { type CelInput, celEnv, isCelError, plan } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { childrenOf, type Expr, type Parsed, parsed } from './ast.ts';
import { checked, type Names, type Remark } from './check.ts';
import { FUNCTIONS } from './functions.ts';
import { instantOf, jsonOf } from './json.ts';
import type { Type } from './type.ts';

/** Nobody waits longer for one: everything else on the node does. */
export const MOST_MS = 250;

/** What it looks at: `steps.find.result` is `{ step: 'find', field: 'result' }`. */
export interface StepMention {
  readonly step: string;
  /** Undefined: the step as a whole. */
  readonly field: string | undefined;
}

export interface Expression {
  readonly text: string;
  /** Steps that it names. */
  readonly mentions: readonly StepMention[];
  /** Other variables: `input`, `item`, `index`, `run`. */
  readonly names: ReadonlySet<string>;
  check(names: Names): { readonly type: Type; readonly remarks: readonly Remark[] };
  /** JSON of what it comes to. Throws RangeError or Error with a message that says why it comes to nothing. */
  evaluate(values: Readonly<Record<string, CelInput>>): unknown;
  /** Unix ms of a timestamp. */
  evaluateInstant(values: Readonly<Record<string, CelInput>>): number;
}

const env = celEnv({ funcs: [...strings] });

/** Throws ExpressionError. */
export const expression = (text: string): Expression => {
  const tree = parsed(text);
  const found = lookedAt(tree.expr);
  const run = planned(tree);
  return {
    text,
    ...found,
    check: (names) => checked(tree, names),
    evaluate: (values) => jsonOf(run(values)),
    evaluateInstant: (values) => {
      const atMs = instantOf(run(values));
      if (atMs === undefined) throw new RangeError('it is no timestamp');
      return atMs;
    },
  };
};

type Run = (values: Readonly<Record<string, CelInput>>) => ReturnType<typeof soundOf>;

/** Planned when it is first needed: most expressions of a configuration are only checked on this node. */
const planned = (tree: Parsed): Run => {
  const isHeavy = mayTakeLong(tree.expr);
  let evaluate: ((values: Readonly<Record<string, CelInput>>) => unknown) | undefined;
  return (values) => {
    evaluate ??= plan(env, tree) as NonNullable<typeof evaluate>;
    const ready = evaluate;
    return soundOf(isHeavy ? timed(() => ready(values)) : ready(values));
  };
};

const soundOf = (result: unknown) => {
  if (isCelError(result)) throw new RangeError(result.message);
  return result as Parameters<typeof jsonOf>[0];
};

/** Without loops, and functions that walk through texts, time is bounded by the length of what is written. */
const mayTakeLong = (expr: Expr): boolean => {
  const { case: kind, value } = expr.exprKind;
  if (kind === 'comprehensionExpr') return true;
  if (kind === 'callExpr' && Object.hasOwn(FUNCTIONS, value.function)) return true;
  return childrenOf(expr).some(mayTakeLong);
};

const context = createContext({ work: undefined });
const script = new Script('work()');

/** What runs in the context of another one can be stopped from outside, however long its loop is. */
const timed = (work: () => unknown): unknown => {
  context['work'] = work;
  try {
    return script.runInContext(context, { timeout: MOST_MS });
  } catch (thrown) {
    if ((thrown as { readonly code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw thrown;
    throw new RangeError(`it takes longer than ${MOST_MS} ms`);
  } finally {
    context['work'] = undefined;
  }
};

const lookedAt = (root: Expr): Pick<Expression, 'mentions' | 'names'> => {
  const mentions: StepMention[] = [];
  const names = new Set<string>();
  const visit = (expr: Expr, bound: ReadonlySet<string>): void => {
    const mention = mentionIn(expr);
    if (mention !== undefined && !bound.has('steps')) {
      mentions.push(mention);
      return;
    }
    const { exprKind } = expr;
    if (exprKind.case === 'identExpr' && !bound.has(exprKind.value.name)) names.add(exprKind.value.name);
    const inner =
      exprKind.case === 'comprehensionExpr'
        ? new Set([...bound, exprKind.value.iterVar, exprKind.value.iterVar2, exprKind.value.accuVar])
        : bound;
    for (const child of childrenOf(expr)) visit(child, inner);
  };
  visit(root, new Set());
  return { mentions, names };
};

/** `steps.find.result`, or `steps.find`, with nothing in front. */
const mentionIn = (expr: Expr): StepMention | undefined => {
  if (expr.exprKind.case !== 'selectExpr') return undefined;
  const { field, operand } = expr.exprKind.value;
  if (isSteps(operand)) return { step: field, field: undefined };
  const inner = operand?.exprKind;
  if (inner?.case !== 'selectExpr' || !isSteps(inner.value.operand)) return undefined;
  return { step: inner.value.field, field };
};

const isSteps = (expr: Expr | undefined): boolean =>
  expr?.exprKind.case === 'identExpr' && expr.exprKind.value.name === 'steps';
