/** JSON Schema to the types that policies know arguments by; what has no type in Cedar gets none, and the reason is kept. */
import type { ArgumentType, RecordArgument } from '../../contract/index.ts';

/** The typed arguments of one operation, and why some or all of them have no type. */
export interface DeclaredArguments {
  readonly type: RecordArgument | null;
  /** Sentences that begin with the path: `items[].price has no type: ...`. */
  readonly untyped: readonly string[];
}

/** Beyond these nobody writes rules any more, and Cedar's parser is recursive. */
const MAX_NESTING = 8;
const MAX_FIELDS = 200;

/** They say nothing about the type, or narrow it: the target checks them, policy need not. */
const HARMLESS = new Set(
  `title description default example examples deprecated readOnly writeOnly format minLength maxLength pattern minimum maximum
  exclusiveMinimum exclusiveMaximum multipleOf minItems maxItems uniqueItems minProperties maxProperties const
  contentEncoding contentMediaType $defs definitions $schema $id $comment $anchor`.split(/\s+/),
);

/** The keywords that carry the type. */
const UNDERSTOOD = new Set(['type', 'enum', 'items', 'properties', 'required', 'additionalProperties']);

/** Never throws: a schema that cannot be mapped is an operation without typed arguments. */
export const argumentsFromSchema = (input: object | undefined): DeclaredArguments => {
  if (input === undefined) return { type: null, untyped: ['it declares no `input` schema'] };
  const reader = new Reader();
  const type = reader.read(input, '', 0);
  if (type === null) return { type: null, untyped: reader.untyped };
  if (type.is !== 'record') return { type: null, untyped: ['its `input` is no object'] };
  if (reader.fields > MAX_FIELDS) return { type: null, untyped: [`its \`input\` has more than ${MAX_FIELDS} fields`] };
  return { type, untyped: reader.untyped };
};

class Reader {
  readonly untyped: string[] = [];
  fields = 0;

  read(schema: unknown, path: string, depth: number): ArgumentType | null {
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
      return this.#untyped(path, 'its schema is no object');
    const keywords = schema as Readonly<Record<string, unknown>>;
    const unknown = Object.keys(keywords).find((name) => !isKnown(name));
    if (unknown !== undefined) return this.#untyped(path, `\`${unknown}\` has no counterpart in policies`);
    if (depth > MAX_NESTING) return this.#untyped(path, `it nests deeper than ${MAX_NESTING}`);
    return this.#typed(keywords, path, depth);
  }

  #typed(schema: Readonly<Record<string, unknown>>, path: string, depth: number): ArgumentType | null {
    switch (nameOfType(schema)) {
      case 'string':
        return 'enum' in schema && !isListOfStrings(schema['enum'])
          ? this.#untyped(path, 'its `enum` has values that are no strings')
          : { is: 'string' };
      case 'integer':
        return { is: 'long' };
      case 'number':
        return { is: 'decimal' };
      case 'boolean':
        return { is: 'boolean' };
      case 'array':
        return this.#set(schema['items'], path, depth);
      case 'object':
        return this.#record(schema, path, depth);
      default:
        return this.#untyped(path, `\`type\` must be one of string, integer, number, boolean, array, object`);
    }
  }

  #set(items: unknown, path: string, depth: number): ArgumentType | null {
    if (items === undefined) return this.#untyped(path, 'an array needs `items`');
    const of = this.read(items, `${path}[]`, depth + 1);
    return of === null ? null : { is: 'set', of };
  }

  #record(schema: Readonly<Record<string, unknown>>, path: string, depth: number): RecordArgument {
    const properties = Object.entries((schema['properties'] ?? {}) as object);
    const required = new Set(isListOfStrings(schema['required']) ? schema['required'] : []);
    this.fields += properties.length;
    return {
      is: 'record',
      fields: properties.map(([name, property]) => ({
        name,
        required: required.has(name),
        type: this.#field(name, property, path === '' ? name : `${path}.${name}`, depth),
      })),
      closed: schema['additionalProperties'] === false,
    };
  }

  #field(name: string, property: unknown, path: string, depth: number): ArgumentType | null {
    // `__entity` and `__extn` mean something else in Cedar's JSON; half a character means nothing in its text.
    if (name.startsWith('__') || !name.isWellFormed()) return this.#untyped(path, 'policies cannot say its name');
    return this.read(property, path, depth + 1);
  }

  #untyped(path: string, why: string): null {
    this.untyped.push(path === '' ? `its \`input\` has no type: ${why}` : `\`${path}\` has no type: ${why}`);
    return null;
  }
}

const isKnown = (keyword: string): boolean =>
  UNDERSTOOD.has(keyword) || HARMLESS.has(keyword) || keyword.startsWith('x-');

const isListOfStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** An enum of strings says its type without saying it. */
const nameOfType = ({ type, enum: values }: Readonly<Record<string, unknown>>): unknown =>
  type === undefined && isListOfStrings(values) ? 'string' : type;
