/** What is known of a value before there is one: from the schema of a plan's input, or of what an operation answers. */

export type Type =
  | {
      readonly is:
        | 'dyn'
        | 'bool'
        | 'int'
        | 'double'
        /** A JSON number: an `int` without a fraction, a `double` with one. */
        | 'number'
        | 'string'
        | 'bytes'
        | 'null'
        | 'timestamp'
        | 'duration';
    }
  | { readonly is: 'list'; readonly of: Type }
  | { readonly is: 'object'; readonly fields: ReadonlyMap<string, Type>; readonly closed: boolean };

export const DYN: Type = { is: 'dyn' };
export const BOOL: Type = { is: 'bool' };
export const INT: Type = { is: 'int' };
export const STRING: Type = { is: 'string' };
export const LIST: Type = { is: 'list', of: DYN };
export const MAP: Type = { is: 'object', fields: new Map(), closed: false };

/** Deeper schemas are taken for anything. */
const DEEPEST = 12;

/** Whatever a schema does not say plainly is dynamic: a check that refuses what would have worked helps nobody. */
export const typeOfSchema = (schema: unknown, depth = 0): Type => {
  if (!isRecord(schema) || depth > DEEPEST) return DYN;
  switch (schema['type']) {
    case 'boolean':
      return BOOL;
    case 'integer':
      return INT;
    case 'number':
      return { is: 'number' };
    case 'string':
      return STRING;
    case 'null':
      return { is: 'null' };
    case 'array':
      return { is: 'list', of: typeOfSchema(schema['items'], depth + 1) };
    case 'object':
      return objectOf(schema, depth);
    default:
      return DYN;
  }
};

/** A field that a schema does not list is most often a slip, unless it says that there are others. */
const objectOf = (schema: Readonly<Record<string, unknown>>, depth: number): Type => {
  const { properties, additionalProperties, patternProperties } = schema;
  if (!isRecord(properties)) return MAP;
  const more =
    ['allOf', 'anyOf', 'oneOf', '$ref', 'if'].some((word) => word in schema) || patternProperties !== undefined;
  const fields = new Map(Object.entries(properties).map(([name, one]) => [name, typeOfSchema(one, depth + 1)]));
  return {
    is: 'object',
    fields,
    closed: !more && (additionalProperties === undefined || additionalProperties === false),
  };
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const nameOf = (type: Type): string =>
  type.is === 'list' ? 'a list' : type.is === 'object' ? 'an object' : type.is === 'int' ? 'an int' : `a ${type.is}`;
