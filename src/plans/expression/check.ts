/**
 * Says of an expression what it will come to, and what cannot be right in it, before any run has a value: names that nobody
 * knows, fields that a schema does not have, and operators on what they are not for. What nobody can know passes.
 */
import {
  type Comprehension,
  columnOf,
  type Expr,
  type Invocation,
  type Parsed,
  type Select,
  type Struct,
} from './ast.ts';
import { FUNCTIONS } from './functions.ts';
import { OPERATORS } from './operators.ts';
import { BOOL, DYN, INT, LIST, MAP, nameOf, STRING, type Type } from './type.ts';

export type Names = ReadonlyMap<string, Type>;

export interface Remark {
  readonly message: string;
  readonly column: number;
}

/** The type it comes to. Remarks are in the order of the text, as far as it has one. */
export const checked = (parsed: Parsed, names: Names): { readonly type: Type; readonly remarks: readonly Remark[] } => {
  const checker = new Checker(parsed);
  return { type: checker.typeOf(parsed.expr, names), remarks: checker.remarks };
};

class Checker {
  readonly remarks: Remark[] = [];
  readonly #parsed: Parsed;

  constructor(parsed: Parsed) {
    this.#parsed = parsed;
  }

  typeOf(expr: Expr, names: Names): Type {
    const { exprKind } = expr;
    switch (exprKind.case) {
      case 'constExpr':
        return CONSTANTS[exprKind.value.constantKind.case ?? ''] ?? DYN;
      case 'identExpr':
        return this.#ident(expr, exprKind.value.name, names);
      case 'selectExpr':
        return this.#select(expr, exprKind.value, names);
      case 'callExpr':
        return this.#call(expr, exprKind.value, names);
      case 'listExpr': {
        const [first = DYN, ...others] = exprKind.value.elements.map((one) => this.typeOf(one, names));
        return { is: 'list', of: others.every(({ is }) => is === first.is) ? first : DYN };
      }
      case 'structExpr':
        return this.#struct(expr, exprKind.value, names);
      case 'comprehensionExpr':
        return this.#loop(expr, exprKind.value, names);
      default:
        return DYN;
    }
  }

  #remark(expr: Expr, message: string): Type {
    this.remarks.push({ message, column: columnOf(this.#parsed, expr) });
    return DYN;
  }

  #ident(expr: Expr, name: string, names: Names): Type {
    const type = names.get(name);
    if (type !== undefined) return type;
    if (TYPE_NAMES.has(name)) return DYN;
    const known = [...names.keys()].filter((one) => !one.startsWith('@')).map((one) => `\`${one}\``);
    return this.#remark(expr, `\`${name}\` is unknown here; there is ${known.join(', ')}`);
  }

  #select(expr: Expr, { operand, field, testOnly }: Select, names: Names): Type {
    const of = operand === undefined ? DYN : this.typeOf(operand, names);
    if (of.is === 'dyn') return testOnly ? BOOL : DYN;
    if (of.is !== 'object') return this.#remark(expr, `\`.${field}\` asks for a field, and this is ${nameOf(of)}`);
    const type = of.fields.get(field);
    if (type === undefined && of.closed) return this.#remark(expr, missing(field, of.fields));
    return testOnly ? BOOL : (type ?? DYN);
  }

  #call(expr: Expr, { function: name, target, args }: Invocation, names: Names): Type {
    const operands = [...(target === undefined ? [] : [target]), ...args];
    const types = operands.map((one) => this.typeOf(one, names));
    const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
    if (operator !== undefined) {
      const answer = operator(types);
      return typeof answer === 'string' ? this.#remark(expr, answer) : answer;
    }
    const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (known === undefined) return this.#remark(expr, `there is no function \`${name}\``);
    const [subject] = types;
    if (known.on !== undefined && target !== undefined && !fits(subject ?? DYN, known.on))
      return this.#remark(expr, `\`${name}\` is for ${known.on.join(' and ')}, and this is ${nameOf(subject ?? DYN)}`);
    return known.answers;
  }

  #struct(expr: Expr, { messageName, entries }: Struct, names: Names): Type {
    if (messageName !== '') return this.#remark(expr, `there is no type \`${messageName}\``);
    const fields = new Map<string, Type>();
    for (const { keyKind, value } of entries) {
      const type = value === undefined ? DYN : this.typeOf(value, names);
      if (keyKind.case !== 'mapKey') continue;
      const key = keyKind.value;
      this.typeOf(key, names);
      const text = key.exprKind.case === 'constExpr' ? key.exprKind.value.constantKind : undefined;
      if (text?.case !== 'stringValue') return MAP;
      fields.set(text.value, type);
    }
    return { is: 'object', fields, closed: true };
  }

  #loop(expr: Expr, loop: Comprehension, names: Names): Type {
    const range = loop.iterRange === undefined ? DYN : this.typeOf(loop.iterRange, names);
    if (range.is !== 'list' && range.is !== 'object' && range.is !== 'dyn')
      this.#remark(expr, `goes through a list, and this is ${nameOf(range)}`);
    const inner = new Map(names);
    const accumulated = loop.accuInit === undefined ? DYN : this.typeOf(loop.accuInit, names);
    inner.set(loop.accuVar, accumulated.is === 'list' ? LIST : accumulated);
    inner.set(loop.iterVar, range.is === 'list' ? range.of : range.is === 'object' ? STRING : DYN);
    if (loop.iterVar2 !== '') inner.set(loop.iterVar2, DYN);
    const step = loop.loopStep === undefined ? DYN : this.typeOf(loop.loopStep, inner);
    const answer = loop.result === undefined ? DYN : this.typeOf(loop.result, inner);
    return answer.is === 'list' && step.is === 'list' ? step : answer;
  }
}

const CONSTANTS: Readonly<Record<string, Type>> = {
  boolValue: BOOL,
  int64Value: INT,
  doubleValue: { is: 'double' },
  stringValue: STRING,
  bytesValue: { is: 'bytes' },
  nullValue: { is: 'null' },
};

const TYPE_NAMES = new Set(['int', 'uint', 'double', 'bool', 'string', 'bytes', 'list', 'map', 'null_type', 'type']);

const missing = (field: string, fields: ReadonlyMap<string, Type>): string => {
  const names = [...fields.keys()].slice(0, 12).map((name) => `\`${name}\``);
  return `there is no \`${field}\` here; ${names.length === 0 ? 'there is nothing' : `there is ${names.join(', ')}`}`;
};

const fits = ({ is }: Type, on: readonly string[]): boolean => is === 'dyn' || on.includes(is);
