/** JSON with expressions in it: a text that is `${ ... }` from end to end stands for what its expression comes to. */
import type { CelInput } from '@bufbuild/cel';
import { ExpressionError } from './ast.ts';
import { type Expression, expression } from './expression.ts';

/** Keys and positions from the outside in, as people write a path. */
export interface Placed {
  readonly path: string;
  readonly expression: Expression;
}

export interface TemplateProblem {
  readonly path: string;
  readonly message: string;
  readonly column: number;
}

export interface Template {
  readonly expressions: readonly Placed[];
  /** It is nothing but the result of one step, whose bytes go on as they are. */
  readonly whole: string | undefined;
  /** Throws with the path of the expression that comes to nothing. */
  fill(values: Readonly<Record<string, CelInput>>): unknown;
}

type Filled = (values: Readonly<Record<string, CelInput>>) => unknown;

const DEEPEST = 64;
const WHOLE = /^steps\.([a-z][a-zA-Z0-9_]*)\.result$/;

export const template = (
  json: unknown,
): { readonly template: Template; readonly problems: readonly TemplateProblem[] } => {
  const expressions: Placed[] = [];
  const problems: TemplateProblem[] = [];
  const problem = (path: string, message: string, column: number): Filled => {
    problems.push({ path, message, column });
    return () => null;
  };
  const read = (value: unknown, path: string, depth: number): Filled => {
    if (depth > DEEPEST) return problem(path, `is deeper than ${DEEPEST} levels`, 1);
    if (typeof value === 'string') return readText(value, path);
    if (Array.isArray(value)) {
      const parts = value.map((one, at) => read(one, `${path}[${at}]`, depth + 1));
      return (values) => parts.map((part) => part(values));
    }
    if (typeof value !== 'object' || value === null) return () => value;
    const fields = Object.entries(value).map(
      ([key, one]) => [key, read(one, path === '' ? key : `${path}.${key}`, depth + 1)] as const,
    );
    return (values) => Object.fromEntries(fields.map(([key, part]) => [key, part(values)]));
  };
  const readText = (text: string, path: string): Filled => {
    const inner = expressionIn(text);
    if (inner === undefined) {
      const plain = text.startsWith('$${') ? text.slice(1) : text;
      return () => plain;
    }
    try {
      const one = expression(inner);
      expressions.push({ path, expression: one });
      return (values) => evaluated(one, path, values);
    } catch (thrown) {
      if (!(thrown instanceof ExpressionError)) throw thrown;
      return problem(path, thrown.message, thrown.column + 2);
    }
  };
  const fill = read(json, '', 0);
  return { template: { expressions, whole: wholeIn(json), fill }, problems };
};

/** JSON that is itself, whatever its texts look like. */
export const plainTemplate = (json: unknown): Template => ({ expressions: [], whole: undefined, fill: () => json });

const evaluated = (one: Expression, path: string, values: Readonly<Record<string, CelInput>>): unknown => {
  try {
    return one.evaluate(values);
  } catch (thrown) {
    const where = path === '' ? '' : ` at \`${path}\``;
    throw new RangeError(`\`${one.text}\`${where} comes to nothing: ${(thrown as Error).message}`);
  }
};

/** The text between the braces; undefined for a text that is itself. */
const expressionIn = (text: string): string | undefined =>
  text.startsWith('${') && text.endsWith('}') ? text.slice(2, -1) : undefined;

const wholeIn = (json: unknown): string | undefined =>
  typeof json === 'string' ? WHOLE.exec(expressionIn(json)?.trim() ?? '')?.[1] : undefined;
