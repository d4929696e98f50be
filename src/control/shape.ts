/** One resource against its schema, with errors for people: where, which field, what was expected, what was found. */
import type { z } from 'zod';
import { KINDS, type Resource, type ResourceKind, SCHEMAS } from '../contract/index.ts';
import { didYouMean, dotted, onlyNear, quote, show } from './problems.ts';
import type { Locate } from './source.ts';
import { MAX_DEPTH } from './yaml.ts';

export interface Raw {
  readonly resources: readonly unknown[];
  /** `file:line` of each, or whatever else its author recognises. */
  readonly origins: readonly string[];
  /** Exact place of a field, where the files are at hand. */
  readonly locate?: Locate;
}

export interface Shaped {
  /** Normalised: defaults are filled in. Those with problems are missing. */
  readonly resources: readonly { readonly resource: Resource; readonly origin: string }[];
  readonly problems: readonly string[];
  /** The same, with the resource and the field that each is about. */
  readonly mistakes: readonly ShapeMistake[];
}

export interface ShapeMistake {
  /** Of the resource, in the order given. */
  readonly index: number;
  readonly path: readonly PropertyKey[];
  /** What is wrong there: the name of the field, or what it holds. */
  readonly part: 'key' | 'value';
  readonly text: string;
  /** What most likely was meant in its place. */
  readonly fix?: string;
}

type Schema = (typeof SCHEMAS)[ResourceKind];

/**
 * Checks every resource alone. `tenant` is the author's: it is the default, and any other is refused. Null where the author is
 * not known yet, on the side of the files: then every tenant is fine.
 */
export const checkShape = (raw: Raw, tenant: string | null): Shaped => {
  const resources: { resource: Resource; origin: string }[] = [];
  const problems: string[] = [];
  const mistakes: ShapeMistake[] = [];
  raw.resources.forEach((value, index) => {
    const origin = raw.origins[index] ?? `resource ${index + 1}`;
    const found = checkOne(value, tenant);
    if ('resource' in found) resources.push({ resource: found.resource, origin });
    else
      for (const { path, part = 'value', text, fix } of found.sentences) {
        problems.push(`${raw.locate?.(index, path) ?? origin}: ${text}`);
        mistakes.push({ index, path, part, text, ...(fix === undefined ? {} : { fix }) });
      }
  });
  return { resources, problems, mistakes };
};

type Checked = { readonly resource: Resource } | { readonly sentences: readonly Sentence[] };

const wrong = (path: readonly PropertyKey[], text: string, more: Partial<Sentence> = {}): Checked => ({
  sentences: [{ path, text, ...more }],
});

const checkOne = (value: unknown, tenant: string | null): Checked => {
  if (!isRecord(value))
    return wrong([], `a resource must be a map with apiVersion, kind, metadata and spec, found ${show(value)}`);
  if (isDeeperThan(value, MAX_DEPTH)) return wrong([], `is nested more than ${MAX_DEPTH} levels deep`);
  const { kind } = value;
  const schema = typeof kind === 'string' && Object.hasOwn(SCHEMAS, kind) ? SCHEMAS[kind as ResourceKind] : undefined;
  if (schema === undefined) return unknownKind(kind);
  const parsed = schema.safeParse(withTenant(value, tenant));
  const label = `${String(kind)}${nameOf(value)}`;
  if (parsed.success) return tenantProblem(parsed.data, tenant, label) ?? { resource: parsed.data };
  const found = parsed.error.issues.flatMap((issue) => sentences(issue, value, schema));
  return { sentences: found.map((sentence) => ({ ...sentence, text: `${label}: ${sentence.text}` })) };
};

/** Everything behind this walks values by recursion; a JSON body may be deeper than any stack. */
const isDeeperThan = (value: unknown, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1)));

const unknownKind = (kind: unknown): Checked => {
  const kinds = Object.keys(KINDS) as ResourceKind[];
  if (typeof kind !== 'string') return wrong(['kind'], `\`kind\` must be one of ${listOf(kinds)}, found ${show(kind)}`);
  const hint = didYouMean(kind, kinds) || `; kinds are ${listOf(kinds)}`;
  return wrong(['kind'], `there is no kind ${quote(kind)}${hint}`, fixOf(kind, kinds));
};

/** Only where one word is nearer than all others. */
const fixOf = (word: string, known: readonly string[]): Pick<Sentence, 'fix'> => {
  const fix = onlyNear(word, known);
  return fix === undefined ? {} : { fix };
};

/** Tenants come from the credential: a file that names none means the author's own. */
const withTenant = (value: Record<string, unknown>, tenant: string | null): Record<string, unknown> => {
  const { metadata } = value;
  return tenant !== null && isRecord(metadata) && metadata['tenant'] === undefined
    ? { ...value, metadata: { ...metadata, tenant } }
    : value;
};

const tenantProblem = (resource: Resource, tenant: string | null, label: string): Checked | undefined =>
  tenant === null || resource.metadata.tenant === tenant
    ? undefined
    : wrong(
        ['metadata', 'tenant'],
        `${label}: belongs to tenant \`${resource.metadata.tenant}\`, but you apply to \`${tenant}\``,
      );

const nameOf = (value: Record<string, unknown>): string => {
  const { metadata } = value;
  return isRecord(metadata) && typeof metadata['name'] === 'string' ? ` ${quote(metadata['name'])}` : '';
};

interface Sentence extends Pick<ShapeMistake, 'path' | 'text' | 'fix'> {
  /** Default `value`. */
  readonly part?: ShapeMistake['part'];
}

const sentences = (issue: z.core.$ZodIssue, value: unknown, schema: Schema): readonly Sentence[] => {
  const { path } = issue;
  const field = quote(dotted(path));
  const found = valueAt(value, path);
  const say = (text: string): readonly Sentence[] => [{ path, text }];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...path, key],
        part: 'key' as const,
        text: unknownField(path, key, schema),
        ...fixOf(key, fieldsAt(schema, path)),
      }));
    case 'invalid_type':
      if (found === undefined) return say(`${field} is missing; it must be ${TYPES[issue.expected] ?? issue.expected}`);
      return say(`${field} must be ${TYPES[issue.expected] ?? issue.expected}, found ${show(found)}`);
    case 'invalid_value':
      return [
        {
          path,
          text: oneOf(field, issue.values.map(String), found),
          ...(typeof found === 'string' ? fixOf(found, issue.values.map(String)) : {}),
        },
      ];
    case 'invalid_key':
      return say(`${field}: the key ${issue.issues[0]?.message ?? 'is not allowed'}`);
    case 'invalid_union':
      return say(`${field} ${ownText(issue) ?? unionText(issue.errors)}, found ${show(found)}`);
    case 'too_small':
      return say(`${field} must ${size(issue.origin, 'at least', Number(issue.minimum))}, found ${amount(found)}`);
    case 'too_big':
      return say(`${field} must ${size(issue.origin, 'at most', Number(issue.maximum))}, found ${amount(found)}`);
    case 'invalid_format':
      return say(`${field} ${formatText(issue)}, found ${show(found)}`);
    default:
      return say(`${field} ${issue.message}, found ${show(found)}`);
  }
};

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: '`true` or `false`',
  object: 'a map',
  record: 'a map',
  array: 'a list',
};

const oneOf = (field: string, values: readonly string[], found: unknown): string => {
  const missing = found === undefined;
  const expected = values.length === 1 ? `\`${values[0]}\`` : `one of ${listOf(values)}`;
  if (missing) return `${field} is missing; it must be ${expected}`;
  const hint = typeof found === 'string' && values.length > 1 ? didYouMean(found, values) : '';
  return `${field} must be ${expected}, found ${show(found)}${hint}`;
};

const unknownField = (path: readonly PropertyKey[], key: string, schema: Schema): string => {
  const fields = fieldsAt(schema, path);
  const inside = path.length === 0 ? 'a resource' : quote(dotted(path));
  return `${inside} has no field ${quote(key)}${didYouMean(key, fields) || `; its fields are ${listOf(fields)}`}`;
};

/** The alternative that comes closest is the one with a rule, such as a name; a literal is only the other choice. */
/** What the schema itself says about its alternatives; undefined where it says nothing of its own. */
const ownText = ({ message }: z.core.$ZodIssueInvalidUnion): string | undefined =>
  message === 'Invalid input' ? undefined : message;

const unionText = (alternatives: readonly (readonly z.core.$ZodIssue[])[]): string => {
  const issues = alternatives.flat();
  const rule =
    issues.find((issue) => issue.code === 'invalid_format') ?? issues.find((issue) => issue.code === 'invalid_type');
  if (rule?.code === 'invalid_type') return `must be ${TYPES[rule.expected] ?? rule.expected}`;
  return rule?.message ?? 'is not one of the forms that are allowed here';
};

const size = (origin: string, bound: string, limit: number): string => {
  if (origin === 'array') return `have ${bound} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
  if (origin === 'string') return `have ${bound} ${limit} ${limit === 1 ? 'character' : 'characters'}`;
  return `be ${bound} ${limit}`;
};

const amount = (found: unknown): string => {
  if (Array.isArray(found)) return String(found.length);
  return typeof found === 'string' ? String(found.length) : show(found);
};

const formatText = (issue: z.core.$ZodIssueInvalidStringFormat): string => {
  if (issue.format === 'datetime') return 'must be a date and time such as `2026-01-31T00:00:00Z`';
  if (issue.format === 'starts_with' && 'prefix' in issue) return `must begin with \`${String(issue.prefix)}\``;
  return issue.message;
};

/** Names of the fields that the schema has at a path, through defaults, options and lists. */
const fieldsAt = (schema: z.core.$ZodType, path: readonly PropertyKey[]): readonly string[] => {
  let at: z.core.$ZodType | undefined = schema;
  for (const part of path) {
    at = unwrapped(at);
    const { def } = at._zod as z.core.$ZodTypes['_zod'];
    if (def.type === 'object') at = def.shape[String(part)];
    else if (def.type === 'array') at = def.element;
    else return [];
    if (at === undefined) return [];
  }
  const { def } = unwrapped(at)._zod as z.core.$ZodTypes['_zod'];
  return def.type === 'object' ? Object.keys(def.shape) : [];
};

const unwrapped = (schema: z.core.$ZodType): z.core.$ZodType => {
  const { def } = schema._zod as z.core.$ZodTypes['_zod'];
  // Of several forms only a map has fields.
  if (def.type === 'union')
    return def.options.find((one) => (one._zod as z.core.$ZodTypes['_zod']).def.type === 'object') ?? schema;
  return def.type === 'optional' || def.type === 'default' || def.type === 'nullable'
    ? unwrapped(def.innerType)
    : schema;
};

const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (at, part) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, part) ? Reflect.get(at, part) : undefined,
    value,
  );

const listOf = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(', ');

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
