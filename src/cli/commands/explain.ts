/** `airspace explain`: what a field means, straight from the schema that will judge it. */
import { z } from 'zod';
import { KINDS, SCHEMAS } from '../../contract/index.ts';
import type { Context } from '../context.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { kindOf } from '../kinds.ts';

/** The part of JSON Schema that our schemas produce. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

export const explain = async ({ out }: Context, path: string | undefined): Promise<number> => {
  if (path === undefined) {
    out.print(
      Object.entries(KINDS)
        .map(([kind, { plural, short }]) => `${kind.padEnd(13)} ${plural}, ${short}`)
        .join('\n'),
    );
    return EXIT.ok;
  }
  const [word = '', ...fields] = path.split('.');
  const kind = kindOf(word);
  if (kind === undefined) throw usage(`there is no kind \`${word}\``, `one of ${Object.keys(KINDS).join(', ')}`);
  const found = find(z.toJSONSchema(SCHEMAS[kind], { io: 'input', unrepresentable: 'any' }) as Schema, kind, fields);
  await out.one(found.schema, () => explanation(found));
  return EXIT.ok;
};

interface Found {
  readonly path: string;
  readonly schema: Schema;
  readonly required: boolean;
}

/** `agent.endpoints` is short for `agent.spec.endpoints`: nobody remembers where `spec` goes. */
const find = (schema: Schema, kind: string, fields: readonly string[]): Found => {
  let found: Found = { path: kind, schema, required: true };
  for (const [at, field] of fields.entries()) {
    const own = inside(found.schema);
    const viaSpec = at === 0 && own[field] === undefined ? inside(own['spec'] ?? {})[field] : undefined;
    const next = own[field] ?? viaSpec;
    if (next === undefined) {
      const known = Object.keys(at === 0 ? { ...own, ...inside(own['spec'] ?? {}) } : own);
      throw new Failure(EXIT.notFound, `\`${found.path}\` has no field \`${field}\``, {
        ...(known.length === 0 ? {} : { because: `it has ${known.join(', ')}` }),
        try: `airspace explain ${found.path}`,
        code: 'not_found',
      });
    }
    const parent = viaSpec === undefined ? found.schema : own['spec']!;
    found = {
      path: `${found.path}${viaSpec === undefined ? '' : '.spec'}.${field}`,
      schema: next,
      required: (unwrapped(parent).required ?? []).includes(field),
    };
  }
  return found;
};

/** What a person means by a field of a list is a field of its elements. */
const unwrapped = (schema: Schema): Schema => (schema.items === undefined ? schema : unwrapped(schema.items));

const inside = (schema: Schema): Readonly<Record<string, Schema>> => {
  const one = unwrapped(schema);
  return Object.assign(Object.create(null), ...(one.anyOf ?? []).map(inside), one.properties ?? {});
};

const explanation = ({ path, schema, required }: Found): string => {
  const fields = inside(schema);
  const must = unwrapped(schema).required ?? [];
  return [
    `${path}  <${typeOf(schema)}>${required ? '' : '  optional'}`,
    ...(schema.description === undefined ? [] : [`  ${schema.description}`]),
    ...(schema.default === undefined ? [] : [`  default: ${JSON.stringify(schema.default)}`]),
    ...rangeOf(schema),
    ...Object.entries(fields).map(
      ([name, field]) =>
        `  ${`${name}${must.includes(name) ? '*' : ''}`.padEnd(16)} <${typeOf(field)}>${field.default === undefined ? '' : ` = ${JSON.stringify(field.default)}`}${field.description === undefined ? '' : `  ${field.description}`}`,
    ),
  ].join('\n');
};

const rangeOf = ({ minimum, maximum, pattern }: Schema): readonly string[] => [
  ...(minimum === undefined && maximum === undefined ? [] : [`  from ${minimum ?? 'any'} to ${maximum ?? 'any'}`]),
  ...(pattern === undefined ? [] : [`  must match ${pattern}`]),
];

const typeOf = (schema: Schema): string => {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map(String).join(' | ');
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(typeOf))].join(' | ');
  if (schema.items !== undefined) return `list of ${typeOf(schema.items)}`;
  if (schema.type === 'object') return schema.properties === undefined ? 'map' : 'object';
  return schema.type ?? 'any';
};
