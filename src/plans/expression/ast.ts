/** What an expression is made of, as far as checks and bounds need to know, and how big it may be. */
import { parse } from '@bufbuild/cel';

export type Parsed = ReturnType<typeof parse>;
export type Expr = Parsed['expr'];
type Kind = Expr['exprKind'];
export type Comprehension = Extract<Kind, { case: 'comprehensionExpr' }>['value'];
export type Select = Extract<Kind, { case: 'selectExpr' }>['value'];
export type Invocation = Extract<Kind, { case: 'callExpr' }>['value'];
export type Struct = Extract<Kind, { case: 'structExpr' }>['value'];

/** Longer ones are programs, and belong into an agent. */
export const MOST_TEXT = 4_000;
const MOST_NODES = 1_000;
const MOST_NESTING = 2;

export class ExpressionError extends Error {
  /** Counted from 1. */
  readonly column: number;

  constructor(message: string, column: number) {
    super(message);
    this.column = column;
  }
}

export const childrenOf = ({ exprKind: { case: kind, value } }: Expr): readonly Expr[] => {
  switch (kind) {
    case 'selectExpr':
      return present(value.operand);
    case 'callExpr':
      return [...present(value.target), ...value.args];
    case 'listExpr':
      return value.elements;
    case 'structExpr':
      return value.entries.flatMap((entry) => [
        ...(entry.keyKind.case === 'mapKey' ? [entry.keyKind.value] : []),
        ...present(entry.value),
      ]);
    case 'comprehensionExpr':
      return [value.iterRange, value.accuInit, value.loopCondition, value.loopStep, value.result].flatMap(present);
    default:
      return [];
  }
};

const present = (expr: Expr | undefined): readonly Expr[] => (expr === undefined ? [] : [expr]);

/** Throws ExpressionError: not the language, or more of it than anybody has to bear. */
export const parsed = (text: string): Parsed => {
  if (text.length > MOST_TEXT)
    throw new ExpressionError(`is ${text.length} characters long; ${MOST_TEXT} are the most`, 1);
  const tree = parsedOrNot(text);
  const size = sizeOf(tree.expr);
  if (size.nodes > MOST_NODES) throw new ExpressionError(`has ${size.nodes} parts; ${MOST_NODES} are the most`, 1);
  if (size.nesting > MOST_NESTING)
    throw new ExpressionError(`has loops in loops in loops; ${MOST_NESTING} inside each other are the most`, 1);
  return tree;
};

const parsedOrNot = (text: string): Parsed => {
  try {
    return parse(text);
  } catch (thrown) {
    const { rawMessage, location } = thrown as {
      readonly rawMessage?: string;
      readonly location?: { readonly start?: { readonly offset?: number } };
    };
    // A stack that overflows in the parser is one more way to be too deep.
    const why = rawMessage ?? (thrown instanceof RangeError ? 'too deep' : 'not understood');
    throw new ExpressionError(`is no expression: ${why.slice(0, 200)}`, (location?.start?.offset ?? 0) + 1);
  }
};

const sizeOf = (expr: Expr): { readonly nodes: number; readonly nesting: number } => {
  let nodes = 1;
  let nesting = 0;
  for (const child of childrenOf(expr)) {
    const size = sizeOf(child);
    nodes += size.nodes;
    nesting = Math.max(nesting, size.nesting);
  }
  return { nodes, nesting: nesting + (expr.exprKind.case === 'comprehensionExpr' ? 1 : 0) };
};

/** Where a part stands in the text, counted from 1. */
export const columnOf = ({ sourceInfo }: Parsed, { id }: Expr): number => (sourceInfo?.positions[String(id)] ?? 0) + 1;
