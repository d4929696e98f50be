/** Schemas of the description: those of our resources as they judge, and problems as they are written. */
import { z } from 'zod';
import { FAULT_CODES, KINDS, type ResourceKind, SCHEMAS } from '../../contract/index.ts';
import { PROBLEM_TYPE_PREFIX } from '../native/index.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** What comes in: defaults are optional, and checks that JSON Schema has no word for are left out. */
export const schemaOf = (schema: z.ZodType): JsonSchema => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
};

export const resourceSchemas = (): Readonly<Record<string, JsonSchema>> =>
  Object.fromEntries((Object.keys(KINDS) as ResourceKind[]).flatMap((kind) => lifted(kind, schemaOf(SCHEMAS[kind]))));

/** Schemas that hold themselves have names of their own, which count from the root of the whole description. */
const lifted = (name: string, { $defs = {}, ...schema }: JsonSchema): readonly (readonly [string, JsonSchema])[] =>
  Object.entries({ ...($defs as object), '': schema }).map(([own, one]) => [
    own === '' ? name : `${name}.${own}`,
    JSON.parse(JSON.stringify(one).replaceAll('"#/$defs/', `"#/components/schemas/${name}.`)) as JsonSchema,
  ]);

const TEXT = { type: 'string' } as const;

/** RFC 9457, with our codes. */
export const problemSchema = (): JsonSchema => ({
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'executed'],
  properties: {
    type: { ...TEXT, format: 'uri', description: `\`${PROBLEM_TYPE_PREFIX}\` and the code` },
    title: TEXT,
    status: { type: 'integer' },
    detail: TEXT,
    code: { ...TEXT, enum: Object.keys(FAULT_CODES) },
    callId: TEXT,
    traceId: TEXT,
    executed: { ...TEXT, description: 'did the target run? `yes`, `no`, or `unknown`' },
    facts: { type: 'object', additionalProperties: true },
  },
});
