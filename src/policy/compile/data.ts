/** Literals, variables, sets, records and text: where values come from and what can be asked of them. */
import { Fault } from '../../contract/index.ts';
import type { Expr, PatternPart } from '../est.ts';
import { CedarRecord, CedarSet, fromJson, type Value } from '../value.ts';
import { asSet, asString, type Compile, type Env, type Evaluate, type Operators, textIn } from './types.ts';

const VARIABLES: ReadonlyMap<string, Evaluate> = new Map<string, (env: Env) => Value>([
  ['principal', (env) => env.principal],
  ['action', (env) => env.action],
  ['resource', (env) => env.resource],
  ['context', (env) => env.context],
]);

const variable = (name: string): Evaluate => {
  const evaluate = VARIABLES.get(name);
  if (evaluate === undefined) throw new Fault('bad_request', `there is no variable \`${name}\``);
  return evaluate;
};

const isLiteral = (expr: Expr): boolean => Object.hasOwn(expr, 'Value');

/** A set of literals is built once, because allow-lists are what sets are mostly for. */
const setOf = (body: readonly Expr[], compile: Compile): Evaluate => {
  if (body.every(isLiteral)) {
    const whole = new CedarSet(body.map((item) => fromJson(item['Value'])));
    return () => whole;
  }
  const items = body.map(compile);
  return (env) => new CedarSet(items.map((item) => item(env)));
};

const recordOf = (body: Readonly<Record<string, Expr>>, compile: Compile): Evaluate => {
  const fields = Object.entries(body).map(([name, item]) => [name, compile(item)] as const);
  return (env) => new CedarRecord(new Map(fields.map(([name, item]) => [name, item(env)])));
};

/**
 * `like` without a regular expression: each literal is searched once, from left to right,
 * so a hostile text cannot make a pattern with many wildcards slow.
 */
export const matcher = (pattern: readonly PatternPart[]): ((text: string) => boolean) => {
  const [first = '', ...rest] = literalsBetweenWildcards(pattern);
  const last = rest.pop();
  if (last === undefined) return (text) => text === first;
  return (text) => {
    if (!text.startsWith(first)) return false;
    let at = first.length;
    for (const literal of rest) {
      const found = text.indexOf(literal, at);
      if (found < 0) return false;
      at = found + literal.length;
    }
    return text.length - last.length >= at && text.endsWith(last);
  };
};

/** `ab*c` -> `['ab', 'c']`; `*` -> `['', '']`. Cedar writes a literal one character at a time. */
const literalsBetweenWildcards = (pattern: readonly PatternPart[]): string[] => {
  const literals = [''];
  for (const part of pattern) {
    if (part === 'Wildcard') literals.push('');
    else literals.push(literals.pop() + textIn(part.Literal, 'the text of a pattern'));
  }
  return literals;
};

export const DATA: Operators<
  'Value' | 'Var' | 'Set' | 'Record' | 'like' | 'contains' | 'containsAll' | 'containsAny' | 'isEmpty'
> = {
  Value: (body) => {
    const value = fromJson(body);
    return () => value;
  },
  Var: variable,
  Set: setOf,
  Record: recordOf,
  like: (body, compile) => {
    const text = compile(body.left);
    const matches = matcher(body.pattern);
    return (env) => matches(asString(text(env)));
  },
  contains: (body, compile) => {
    const set = compile(body.left);
    const item = compile(body.right);
    return (env) => asSet(set(env)).has(item(env));
  },
  containsAll: (body, compile) => {
    const set = compile(body.left);
    const wanted = compile(body.right);
    return (env) => {
      const whole = asSet(set(env));
      return asSet(wanted(env)).items.every((item) => whole.has(item));
    };
  },
  containsAny: (body, compile) => {
    const set = compile(body.left);
    const wanted = compile(body.right);
    return (env) => {
      const whole = asSet(set(env));
      return asSet(wanted(env)).items.some((item) => whole.has(item));
    };
  },
  isEmpty: (body, compile) => {
    const set = compile(body.arg);
    return (env) => asSet(set(env)).items.length === 0;
  },
};
