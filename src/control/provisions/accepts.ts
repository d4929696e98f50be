/**
 * Does a newer schema take everything that an older one took? Yes is proven word by word, no has a payload that shows it, and everything
 * else is said to be unknown: a guess would refuse what is right, or let through what breaks its callers.
 */
import { samplesOf } from './samples.ts';
import {
  areSchemas,
  canonical,
  isAnnotation,
  isOpen,
  isRecord,
  isSame,
  isSchema,
  isValid,
  type Schema,
  typesOf,
} from './schema.ts';

export type Acceptance =
  | { readonly answer: 'yes' }
  | { readonly answer: 'unknown' }
  /** The older one takes the example, and the newer one does not. */
  | { readonly answer: 'no'; readonly example: unknown };

/** Steps of one proof: far more than a schema that people wrote needs, and soon over for one that was written against us. */
const MAX_STEPS = 2_000;

/** Characters of both together; what is longer is compared as a whole and not word by word. */
const MAX_LENGTH = 100_000;

export const accepts = (newer: Schema, older: Schema): Acceptance => {
  const texts = [canonical(newer), canonical(older)];
  if (texts[0] === texts[1]) return { answer: 'yes' };
  if (texts.join('').length > MAX_LENGTH) return { answer: 'unknown' };
  if (isWithin(older, newer, { steps: 0 })) return { answer: 'yes' };
  for (const example of samplesOf(older, newer))
    if (isValid(older, example) === true && isValid(newer, example) === false) return { answer: 'no', example };
  return { answer: 'unknown' };
};

interface Proof {
  steps: number;
}

/** INVARIANT: true only if every value of `old` is one of `now`. Words of `old` that are not understood only make it smaller. */
const isWithin = (old: Schema, now: Schema, proof: Proof): boolean => {
  if (++proof.steps > MAX_STEPS) return false;
  if (isOpen(now) || old === false) return true;
  if (!isRecord(now)) return false;
  if (!hasReference(now) && isSame(withoutAnnotations(old), withoutAnnotations(now))) return true;
  const fields = isRecord(old) ? old : {};
  const listed = valuesOf(fields);
  if (listed !== undefined)
    return listed.every((value) => isValid(old, value) === false || isValid(now, value) === true);
  const step: Step = { old: fields, now, proof, types: typesOf(old) };
  if (Object.entries(now).every(([word, said]) => isAnnotation(word) || isImplied(word, said, step))) return true;
  const { anyOf, oneOf, allOf } = fields;
  for (const branches of [anyOf, oneOf])
    if (areSchemas(branches) && branches.length > 0 && branches.every((one) => isWithin(one, now, proof))) return true;
  return areSchemas(allOf) && allOf.some((one) => isWithin(one, now, proof));
};

/** All values, where they are few. */
const valuesOf = (schema: Readonly<Record<string, unknown>>): readonly unknown[] | undefined => {
  if (Object.hasOwn(schema, 'const')) return [schema['const']];
  if (Array.isArray(schema['enum'])) return schema['enum'];
  const types = typesOf(schema);
  if ([...types].some((type) => type !== 'boolean' && type !== 'null')) return undefined;
  return [...(types.has('boolean') ? [true, false] : []), ...(types.has('null') ? [null] : [])];
};

/** What a reference means depends on the document around it. */
const hasReference = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.some(hasReference);
  if (!isRecord(value)) return false;
  return Object.entries(value).some(
    ([word, inner]) => /^\$(ref|dynamicRef|recursiveRef)$/.test(word) || hasReference(inner),
  );
};

/** Of this schema alone: what a field is called may be what an annotation is called. */
const withoutAnnotations = (schema: Schema): Schema =>
  isRecord(schema) ? Object.fromEntries(Object.entries(schema).filter(([word]) => !isAnnotation(word))) : schema;

interface Step {
  readonly old: Readonly<Record<string, unknown>>;
  readonly now: Readonly<Record<string, unknown>>;
  readonly proof: Proof;
  readonly types: ReadonlySet<string>;
}

type Implied = (said: unknown, step: Step) => boolean;

const isImplied = (word: string, said: unknown, step: Step): boolean => {
  const about = ABOUT[word];
  // A word about texts says nothing of what is never a text.
  if (about !== undefined && !about.some((type) => step.types.has(type))) return true;
  return IMPLIED[word]?.(said, step) ?? false;
};

const NUMBERS = ['number', 'integer'];
const ABOUT: Readonly<Record<string, readonly string[]>> = {
  ...{ minimum: NUMBERS, maximum: NUMBERS, exclusiveMinimum: NUMBERS, exclusiveMaximum: NUMBERS, multipleOf: NUMBERS },
  ...{ minLength: ['string'], maxLength: ['string'], pattern: ['string'], format: ['string'] },
  ...{ minItems: ['array'], maxItems: ['array'], uniqueItems: ['array'], items: ['array'] },
  ...{ required: ['object'], properties: ['object'], additionalProperties: ['object'], patternProperties: ['object'] },
  ...{ minProperties: ['object'], maxProperties: ['object'], propertyNames: ['object'] },
};

const low =
  (word: string): Implied =>
  (said, { old }) =>
    typeof said === 'number' && (said <= 0 || numberAt(old, word, Number.NEGATIVE_INFINITY) >= said);
const high =
  (word: string): Implied =>
  (said, { old }) =>
    typeof said === 'number' && numberAt(old, word, Number.POSITIVE_INFINITY) <= said;

const numberAt = (old: Step['old'], word: string, absent: number): number => {
  const said = old[word];
  return typeof said === 'number' ? said : absent;
};

const same =
  (word: string): Implied =>
  (said, { old }) =>
    typeof said === 'string' && old[word] === said;

const IMPLIED: Readonly<Record<string, Implied>> = {
  type: (_, { types, now }) => {
    const allowed = typesOf(now);
    return [...types].every((type) => allowed.has(type) || (type === 'integer' && allowed.has('number')));
  },
  minLength: low('minLength'),
  minItems: low('minItems'),
  minProperties: low('minProperties'),
  maxLength: high('maxLength'),
  maxItems: high('maxItems'),
  maxProperties: high('maxProperties'),
  minimum: (said, { old }) =>
    typeof said === 'number' && (lowest(old, 'minimum') >= said || lowest(old, 'exclusiveMinimum') >= said),
  exclusiveMinimum: (said, { old }) =>
    typeof said === 'number' && (lowest(old, 'exclusiveMinimum') >= said || lowest(old, 'minimum') > said),
  maximum: (said, { old }) =>
    typeof said === 'number' && (highest(old, 'maximum') <= said || highest(old, 'exclusiveMaximum') <= said),
  exclusiveMaximum: (said, { old }) =>
    typeof said === 'number' && (highest(old, 'exclusiveMaximum') <= said || highest(old, 'maximum') < said),
  multipleOf: (said, { old, types }) => {
    if (!Number.isSafeInteger(said) || (said as number) <= 0) return false;
    if (said === 1 && !types.has('number')) return true;
    const before = old['multipleOf'];
    return Number.isSafeInteger(before) && (before as number) % (said as number) === 0;
  },
  pattern: same('pattern'),
  format: same('format'),
  uniqueItems: (said, { old }) => said === false || old['uniqueItems'] === true,
  required: (said, { old }) => {
    const before = Array.isArray(old['required']) ? old['required'] : [];
    return Array.isArray(said) && said.every((name) => before.includes(name));
  },
  properties: (said, { old, proof }) =>
    isRecord(said) &&
    Object.entries(said).every(([name, now]) => {
      const before = propertyOf(old, name);
      return isSchema(now) && (isOpen(now) || (before !== undefined && isWithin(before, now, proof)));
    }),
  additionalProperties: (said, { old, now, proof }) => {
    if (!isSchema(said)) return false;
    const named = recordAt(now, 'properties');
    const before = Object.entries(recordAt(old, 'properties')).filter(([name]) => !Object.hasOwn(named, name));
    const others = [
      ...before.map(([, one]) => one),
      ...Object.values(recordAt(old, 'patternProperties')),
      old['additionalProperties'] ?? true,
    ];
    return others.every((one) => isSchema(one) && isWithin(one, said, proof));
  },
  patternProperties: (said, { old, proof }) => {
    const before = recordAt(old, 'patternProperties');
    return (
      isRecord(said) &&
      Object.entries(said).every(([pattern, now]) => {
        const one = before[pattern];
        return (
          isSchema(now) &&
          (isOpen(now) || (Object.hasOwn(before, pattern) && isSchema(one) && isWithin(one, now, proof)))
        );
      })
    );
  },
  propertyNames: (said, { old }) => !hasReference(said) && canonical(old['propertyNames']) === canonical(said),
  items: (said, { old, now, proof }) => {
    const { items = true, prefixItems } = old;
    return (
      isSchema(said) &&
      prefixItems === undefined &&
      now['prefixItems'] === undefined &&
      isSchema(items) &&
      isWithin(items, said, proof)
    );
  },
  allOf: (said, { old, proof }) => areSchemas(said) && said.every((one) => isWithin(old, one, proof)),
  anyOf: (said, { old, proof }) => areSchemas(said) && said.some((one) => isWithin(old, one, proof)),
};

const lowest = (old: Step['old'], word: string): number => numberAt(old, word, Number.NEGATIVE_INFINITY);
const highest = (old: Step['old'], word: string): number => numberAt(old, word, Number.POSITIVE_INFINITY);

const recordAt = (schema: Step['old'], word: string): Readonly<Record<string, unknown>> => {
  const said = schema[word];
  return isRecord(said) ? said : {};
};

/** What a property of this name must be; undefined where a pattern may have a say in it. */
const propertyOf = (old: Step['old'], name: string): Schema | undefined => {
  const named = recordAt(old, 'properties');
  if (Object.hasOwn(named, name)) return isSchema(named[name]) ? named[name] : undefined;
  if (old['patternProperties'] !== undefined) return undefined;
  const others = old['additionalProperties'] ?? true;
  return isSchema(others) ? others : undefined;
};
